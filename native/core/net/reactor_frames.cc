/// The reactor's connections whose bytes are frames: fed by the owner of a socket, who is told of frames to send.
#include <algorithm>
#include <cstring>

#include "core/net/reactor.h"
#include "core/xml/frame_text.h"

namespace meerkat {

namespace {

/// Frames lie in the queue with their length in front.
using FrameSize = uint32_t;
/// What has been read, or has left, is told to another shard when it comes to this part of the limit.
constexpr size_t kPartsTold = 8;
/// How long the owner of a socket on another shard may take to say that frames have left.
constexpr uint64_t kMostRelayMs = 2000;

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
  auto link = std::make_unique<FrameLink>();
  link->framing = policy->frames.framing;
  link->facts = std::move(facts);
  carrier = link->carrier = {free_carriers_.back(), carriers_[free_carriers_.back()].name.generation};
  auto made = std::make_unique<Connection>(std::move(link), policy);
  Connection& connection = *made;
  if (!Adopt(std::move(made))) return false;
  free_carriers_.pop_back();
  Carrier taken;
  taken.name = carrier;
  taken.is_taken = true;
  taken.slot = connection.slot;
  taken.generation = connection.generation;
  taken.max_input_bytes = policy->frames.max_input_bytes;
  taken.telling_bytes = policy->max_output_bytes / kPartsTold;
  taken.telling_frames = policy->max_output_writes / kPartsTold;
  carriers_[carrier.slot] = std::move(taken);
  accepted_++;
  Begin(connection, listener, nullptr);
  return true;
}

Carrier* Reactor::FindCarrier(CarrierName name) noexcept {
  if (!is_running_ || name.slot >= carriers_.size()) return nullptr;
  Carrier& found = carriers_[name.slot];
  return found.is_taken && found.name.generation == name.generation ? &found : nullptr;
}

/// Null once the connection is gone, and where it is far.
Connection* Reactor::CarriedBy(const Carrier& carrier) noexcept {
  return carrier.away.is_far() ? nullptr : Find(carrier.slot, carrier.generation);
}

bool Reactor::Feed(CarrierName name, std::string_view bytes, bool is_last) {
  Carrier* const carrier = FindCarrier(name);
  if (!carrier || carrier->is_released || carrier->has_failed) return true;
  Connection* const connection = CarriedBy(*carrier);
  if (!carrier->away.is_far() && (!connection || !connection->is_open() || connection->has_failed)) return true;
  carrier->waiting += bytes.size() + FrameInbox::kHeadBytes;
  if (carrier->waiting > carrier->max_input_bytes) {
    carrier->has_failed = true;
    if (connection) FailStream(*connection, StreamFailure::kTooMuchUnread);
    else Relay(carrier->away, MessageKind::kOverfed, {name}, {});
    return true;
  }
  if (connection) Input(*connection, bytes, is_last);
  else Relay(carrier->away, MessageKind::kFed, {name, is_last}, bytes);
  carrier->owes_read_on = carrier->waiting > carrier->max_input_bytes / 2;
  return !carrier->owes_read_on;
}

void Reactor::Input(Connection& connection, std::string_view bytes, bool is_last) {
  if (!connection.is_open() || connection.has_failed) return;
  connection.socket.bytes_in += bytes.size();
  connection.frames->inbox.Add(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), is_last);
  ScheduleInput(connection);
}

void Reactor::Sent(CarrierName name, size_t bytes) {
  Carrier* const carrier = FindCarrier(name);
  if (!carrier || carrier->is_released) return;
  const uint32_t frames = carrier->sizes.Take(bytes);
  if (Connection* const connection = CarriedBy(*carrier)) return Left(*connection, bytes, frames);
  if (!carrier->away.is_far()) return;
  carrier->sent_bytes += bytes;
  carrier->sent_frames += frames;
  const bool is_much = carrier->sent_bytes > carrier->telling_bytes ||
                       (carrier->telling_frames != 0 && carrier->sent_frames > carrier->telling_frames);
  if (is_much) return ReportLeft(*carrier);
  // A message for each would wake the other shard for next to nothing.
  if (carrier->is_reporting) return;
  carrier->is_reporting = true;
  reporting_.push_back(name);
}

void Reactor::Left(Connection& connection, size_t bytes, uint32_t frames) {
  FrameLink& link = *connection.frames;
  link.under_way -= std::min(bytes, link.under_way);
  link.writes_under_way -= std::min(frames, link.writes_under_way);
  if (!connection.is_open() || !connection.wants_drained || connection.is_output_over(2)) return;
  connection.wants_drained = false;
  Tell(EventKind::kDrained, connection, 0);
}

/// Frames of the batch that left while it was delivered.
void Reactor::CountLeft() {
  for (uint32_t i = 0; frames_in_batch_ > 0 && i < batch_.count(); i++) {
    const uint32_t* const words = batch_.At(i);
    if (static_cast<EventKind>(words[word::kKind] & 0xff) != EventKind::kFrame) continue;
    frames_in_batch_--;
    if (words[word::kLeft] != 0) Sent({words[word::kSlot], words[word::kGeneration]}, words[word::kEnd] - words[word::kStart]);
  }
  frames_in_batch_ = 0;
}

void Reactor::Detach(CarrierName name, bool is_orderly) {
  Carrier* const carrier = FindCarrier(name);
  if (!carrier) return;
  Connection* const connection = carrier->is_released ? nullptr : CarriedBy(*carrier);
  if (carrier->away.is_far()) Relay(carrier->away, MessageKind::kDetached, {name, is_orderly}, {});
  Carrier free;
  free.name = {name.slot, name.generation + 1};
  *carrier = std::move(free);
  free_carriers_.push_back(name.slot);
  if (connection) LoseCarrier(*connection, is_orderly);
}

/// The owner has let go.
void Reactor::LoseCarrier(Connection& connection, bool is_orderly) {
  connection.frames->has_carrier = false;
  if (!is_orderly || connection.state == Connection::State::kClosing) {
    return Break(connection, connection.is_open() ? CloseReason::kReset : CloseReason::kLocal);
  }
  connection.has_ended = true;
  ScheduleInput(connection);
}

void Reactor::TellCarrier(EventKind kind, CarrierName carrier, uint32_t detail) {
  Note({kind, carrier.slot, carrier.generation, detail});
}

size_t Reactor::ReceiveFrames(Connection& connection, uint8_t* to, size_t room) {
  FrameLink& link = *connection.frames;
  const size_t before = link.inbox.bytes();
  const size_t size = link.inbox.Read(to, room, link.is_frame_over);
  const size_t taken = before - link.inbox.bytes();
  if (!link.away.is_far()) {
    Carrier* const carrier = link.has_carrier ? FindCarrier(link.carrier) : nullptr;
    if (carrier) Taken(*carrier, taken);
    return size;
  }
  link.taken += taken;
  if (link.taken > connection.policy->frames.max_input_bytes / kPartsTold) {
    Relay(link.away, MessageKind::kTaken, {link.carrier, static_cast<uint32_t>(link.taken)}, {});
    link.taken = 0;
  }
  return size;
}

/// So many bytes of input were read.
void Reactor::Taken(Carrier& carrier, size_t bytes) {
  carrier.waiting -= std::min(bytes, carrier.waiting);
  if (!carrier.owes_read_on || carrier.waiting > carrier.max_input_bytes / 2) return;
  carrier.owes_read_on = false;
  TellCarrier(EventKind::kReadOn, carrier.name, 0);
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

/// Puts frames into the batch, or on their way to the carrier. True once there are none left.
bool Reactor::HandOverFrames(Connection& connection) {
  FrameLink& link = *connection.frames;
  OutputQueue& queue = connection.output;
  if (!link.has_carrier) {
    queue.Clear(blocks_);
    return true;
  }
  if (IsStuck(connection)) {
    Break(connection, CloseReason::kQueueFull);
    return false;
  }
  while (!queue.empty()) {
    FrameSize size;
    queue.Peek(&size, sizeof size);
    // In one piece, as it was reserved.
    iovec piece;
    (void)queue.Gather(&piece, 1);
    const std::string_view frame(static_cast<const char*>(piece.iov_base) + sizeof size, size);
    if (link.away.is_far()) {
      Relay(link.away, MessageKind::kFrame, {link.carrier}, frame);
    } else if (in_batch_ || batch_.is_full() || !notices_.empty() || !EnsureArena(size)) {
      Stall(connection);
      return false;
    } else {
      carriers_[link.carrier.slot].sizes.Add(size);
      WriteFrame(link.carrier, frame);
      link.last_batch = batch_number_;
    }
    queue.Consume(blocks_, sizeof size + size);
    link.under_way += size;
    link.writes_under_way++;
    connection.socket.bytes_out += size;
  }
  return true;
}

/// The socket has left more than the limits allow, and its owner has had the time to say otherwise.
bool Reactor::IsStuck(Connection& connection) {
  FrameLink& link = *connection.frames;
  const bool is_over = link.is_over(*connection.policy);
  if (!link.away.is_far()) return is_over && link.last_batch != batch_number_;
  if (!is_over) link.over_since_ms = 0;
  else if (link.over_since_ms == 0) link.over_since_ms = uv_now(loop_);
  return is_over && uv_now(loop_) - link.over_since_ms > kMostRelayMs;
}

/// There is room in the batch.
void Reactor::WriteFrame(CarrierName carrier, std::string_view frame) {
  uint32_t* const words = batch_.Add(EventKind::kFrame, carrier.slot, carrier.generation);
  frames_in_batch_++;
  words[word::kStart] = static_cast<uint32_t>(batch_.used());
  words[word::kEnd] = words[word::kStart] + static_cast<uint32_t>(frame.size());
  if (!frame.empty()) std::memcpy(batch_.tail(), frame.data(), frame.size());
  batch_.Use(frame.size());
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
  if (!link.has_carrier) return;
  link.has_carrier = false;
  if (link.away.is_far()) return Relay(link.away, MessageKind::kReleased, {link.carrier, static_cast<uint32_t>(how)}, {});
  if (Carrier* const carrier = FindCarrier(link.carrier)) TellReleased(*carrier, how);
}

void Reactor::TellReleased(Carrier& carrier, enum Release how) {
  if (carrier.is_released) return;
  carrier.is_released = true;
  carrier.away = {};
  TellCarrier(EventKind::kReleased, carrier.name, static_cast<uint32_t>(how));
}

}  // namespace meerkat
