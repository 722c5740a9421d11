/// The reactor's connections whose bytes are frames: fed by the owner of a socket, who is told of frames to send.
#include <algorithm>
#include <cstring>

#include "core/net/reactor.h"
#include "core/xml/frame_text.h"

namespace meerkat {

namespace {

/// Frames lie in the queue with their length in front.
using FrameSize = uint32_t;

}  // namespace

uint32_t Reactor::ListenFrames(std::shared_ptr<const ConnectionPolicy> policy) {
  const auto listener = static_cast<uint32_t>(listeners_.size());
  listeners_.push_back(nullptr);
  frame_policies_.resize(listeners_.size());
  frame_policies_[listener] = std::move(policy);
  return listener;
}

bool Reactor::Attach(uint32_t listener, std::string facts, CarrierName& carrier) {
  if (!is_running_ || listener >= frame_policies_.size() || !frame_policies_[listener]) return false;
  const std::shared_ptr<const ConnectionPolicy>& policy = frame_policies_[listener];
  if (policy->is_full()) return false;
  if (free_carriers_.empty()) {
    free_carriers_.push_back(static_cast<uint32_t>(carriers_.size()));
    carriers_.emplace_back();
  }
  carrier.slot = free_carriers_.back();
  Carrier& taken = carriers_[carrier.slot];
  carrier.generation = taken.generation;
  auto link = std::make_unique<FrameLink>();
  link->framing = policy->frames.framing;
  link->max_input_bytes = policy->frames.max_input_bytes;
  link->facts = std::move(facts);
  link->carrier = carrier;
  auto made = std::make_unique<Connection>(std::move(link), policy);
  Connection& connection = *made;
  if (!Adopt(std::move(made))) return false;
  free_carriers_.pop_back();
  taken = {taken.generation, true, connection.slot, connection.generation};
  accepted_++;
  Begin(connection, listener, nullptr);
  return true;
}

Reactor::Carrier* Reactor::FindCarrier(CarrierName carrier) noexcept {
  if (!is_running_ || carrier.slot >= carriers_.size()) return nullptr;
  Carrier& found = carriers_[carrier.slot];
  return found.is_taken && found.generation == carrier.generation ? &found : nullptr;
}

/// Null once the connection is gone.
Connection* Reactor::CarriedBy(CarrierName carrier) noexcept {
  const Carrier* const found = FindCarrier(carrier);
  return found ? Find(found->slot, found->connection_generation) : nullptr;
}

bool Reactor::Feed(CarrierName carrier, std::string_view bytes, bool is_last) {
  Connection* const connection = CarriedBy(carrier);
  if (!connection || !connection->is_open() || connection->has_failed) return true;
  FrameLink& link = *connection->frames;
  connection->socket.bytes_in += bytes.size();
  if (link.inbox.bytes() + bytes.size() > link.max_input_bytes) {
    FailStream(*connection, StreamFailure::kTooMuchUnread);
    return true;
  }
  link.inbox.Add(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), is_last);
  ScheduleInput(*connection);
  if (link.inbox.bytes() <= link.max_input_bytes / 2) return true;
  link.owes_read_on = true;
  return false;
}

void Reactor::Sent(CarrierName carrier, size_t bytes) {
  Connection* const connection = CarriedBy(carrier);
  if (!connection) return;
  FrameLink& link = *connection->frames;
  link.under_way -= std::min(bytes, link.under_way);
  if (link.under_way == 0) link.writes_under_way = 0;
  if (!connection->wants_drained || connection->is_output_over(2)) return;
  connection->wants_drained = false;
  Tell(EventKind::kDrained, *connection, 0);
}

void Reactor::Detach(CarrierName carrier, bool is_orderly) {
  Carrier* const found = FindCarrier(carrier);
  if (!found) return;
  Connection* const connection = CarriedBy(carrier);
  found->is_taken = false;
  found->generation++;
  free_carriers_.push_back(carrier.slot);
  if (!connection) return;
  connection->frames->has_carrier = false;
  if (!is_orderly || connection->state == Connection::State::kClosing) {
    return Break(*connection, connection->is_open() ? CloseReason::kReset : CloseReason::kLocal);
  }
  connection->has_ended = true;
  ScheduleInput(*connection);
}

void Reactor::TellCarrier(EventKind kind, CarrierName carrier, uint32_t detail) {
  Note({kind, carrier.slot, carrier.generation, detail});
}

size_t Reactor::ReceiveFrames(Connection& connection, uint8_t* to, size_t room) {
  FrameLink& link = *connection.frames;
  const size_t size = link.inbox.Read(to, room, link.is_frame_over);
  if (link.owes_read_on && link.inbox.bytes() <= link.max_input_bytes / 2) {
    link.owes_read_on = false;
    if (link.has_carrier) TellCarrier(EventKind::kReadOn, link.carrier, 0);
  }
  return size;
}

/// False when the frame was none, and the stream has failed.
bool Reactor::EndFrame(Connection& connection) {
  connection.frames->is_frame_over = false;
  const StreamFailure failure = connection.framer.EndFrame(!connection.tail.empty());
  if (failure == StreamFailure::kNone) return true;
  FailStream(connection, failure);
  return false;
}

void Reactor::QueueFrame(Connection& connection, const std::string_view* pieces, size_t count) {
  FrameSize size = 0;
  for (size_t i = 0; i < count; i++) size += static_cast<FrameSize>(pieces[i].size());
  uint8_t* to = connection.output.Reserve(blocks_, sizeof size + size);
  std::memcpy(to, &size, sizeof size);
  to += sizeof size;
  for (size_t i = 0; i < count; i++) {
    if (pieces[i].empty()) continue;
    std::memcpy(to, pieces[i].data(), pieces[i].size());
    to += pieces[i].size();
  }
  connection.output.Commit(sizeof size + size);
}

/// The element that the words are about, which has come in pieces, the name of its tag in the first.
void Reactor::QueueElementFrame(Connection& connection, const uint32_t* words, const std::string_view* pieces, size_t count) {
  if (words[word::kKind] & envelope_flag::kOwnNamespace) return QueueFrame(connection, pieces, count);
  const size_t name_end = words[word::kHead] & 0xffff;
  std::string_view all[kElementPieces + 2] = {pieces[0].substr(0, name_end), kClientDeclaration, pieces[0].substr(name_end)};
  std::copy(pieces + 1, pieces + count, all + 3);
  QueueFrame(connection, all, count + 2);
}

/// Puts frames into the batch. True once there are none left.
bool Reactor::HandOverFrames(Connection& connection) {
  FrameLink& link = *connection.frames;
  OutputQueue& queue = connection.output;
  if (!link.has_carrier) {
    queue.Clear(blocks_);
    return true;
  }
  if (link.last_batch != batch_number_ && link.is_stuck(*connection.policy)) {
    Break(connection, CloseReason::kQueueFull);
    return false;
  }
  while (!queue.empty()) {
    FrameSize size;
    queue.Peek(&size, sizeof size);
    if (in_batch_ || batch_.is_full() || !notices_.empty() || !EnsureArena(size)) {
      Stall(connection);
      return false;
    }
    queue.Consume(blocks_, sizeof size);
    queue.Peek(batch_.tail(), size);
    queue.Consume(blocks_, size);
    uint32_t* const words = batch_.Add(EventKind::kFrame, link.carrier.slot, link.carrier.generation);
    words[word::kStart] = static_cast<uint32_t>(batch_.used());
    words[word::kEnd] = words[word::kStart] + size;
    batch_.Use(size);
    link.last_batch = batch_number_;
    link.under_way += size;
    link.writes_under_way++;
    connection.socket.bytes_out += size;
  }
  return true;
}

/// Its frames wait for the next batch.
void Reactor::Stall(Connection& connection) {
  if (connection.is_stalled) return;
  connection.is_stalled = true;
  stalled_.push_back(&connection);
}

void Reactor::Release(Connection& connection, enum Release how) {
  FrameLink& link = *connection.frames;
  link.inbox.Clear();
  if (link.has_carrier) TellCarrier(EventKind::kReleased, link.carrier, static_cast<uint32_t>(how));
  link.has_carrier = false;
}

}  // namespace meerkat
