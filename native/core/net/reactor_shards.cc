/// What the reactor says to other shards, and what they say to it.
#include <sys/epoll.h>

#include <algorithm>
#include <cstring>

#include "core/net/reactor.h"

namespace meerkat {

namespace {

/// What another shard sends was measured when it came in. Depth is bounded in any case, for trees are walked recursively.
constexpr Limits kAnySize{.max_stanza_bytes = kMostStanzaBytes,
                          .max_depth = 1024,
                          .max_attributes = kMostAttributes,
                          .max_tag_bytes = kMostTagBytes,
                          .max_children = UINT32_MAX,
                          // Six times what a stream may send, for characters become references.
                          .max_namespace_bytes = 6144,
                          .max_bytes_before_authentication = 0};

}  // namespace

bool Reactor::OpenMail() {
  mailbox_ = std::make_shared<Mailbox>([](void* async) { uv_async_send(static_cast<uv_async_t*>(async)); }, &async_);
  mailbox_->Hide(settings_.is_hidden);
  return ShardRegistry::OfProcess().Add(settings_.group, settings_.shard, mailbox_);
}

/// A shard that was started anew has a new mailbox; what was meant for the old one is lost with it.
Reactor::Neighbour& Reactor::NeighbourOf(uint32_t shard) {
  Neighbour& neighbour = neighbours_[shard];
  if (neighbour.mailbox && neighbour.mailbox->is_open()) return neighbour;
  if (!neighbour.parcel.empty()) outgoing_.push_back({neighbour.mailbox, std::move(neighbour.parcel), last_move_});
  neighbour.parcel = Parcel(settings_.shard);
  neighbour.mailbox = ShardRegistry::OfProcess().Find(settings_.group, shard);
  return neighbour;
}

/// The way to a shard, with room for so many bytes set aside; null when it does not run or is flooded.
Reactor::Neighbour* Reactor::Reach(uint32_t shard, size_t bytes) {
  if (!is_running_) return nullptr;
  if (shard >= neighbours_.size()) return nullptr;
  Neighbour& neighbour = NeighbourOf(shard);
  if (!neighbour.mailbox || !neighbour.mailbox->Reserve(bytes)) return nullptr;
  return &neighbour;
}

bool Reactor::Post(uint32_t shard, MessageKind kind, std::string_view bytes) {
  Neighbour* const neighbour = Reach(shard, bytes.size());
  if (!neighbour) return false;
  neighbour->parcel.Add(kind, bytes);
  has_parcels_ = true;
  return true;
}

bool Reactor::Forward(uint32_t shard, uint32_t envelope) {
  std::string_view pieces[kElementPieces];
  const size_t count = GatherElement(envelope, pieces);
  if (count == 0) return false;
  size_t size = 0;
  for (size_t i = 0; i < count; i++) size += pieces[i].size();
  Neighbour* const neighbour = Reach(shard, size);
  if (!neighbour) return false;
  neighbour->parcel.Add(MessageKind::kRouted, pieces, count);
  has_parcels_ = true;
  return true;
}

bool Reactor::Move(Connection& connection, uint32_t shard, std::string_view state) {
  if (!connection.is_open() || connection.is_handshaking) return false;
  // What is on its way to a connection that moved once more would not find it.
  if (connection.frames && connection.frames->away.is_far()) return false;
  Neighbour* const neighbour = Reach(shard, state.size());
  if (!neighbour) return false;
  auto moved = std::make_unique<MovedConnection>();
  if (connection.deadline.is_set()) moved->deadline_left_ms = TimerWheel::Left(connection.deadline, uv_now(loop_));
  if (connection.frames) LeaveCarrier(connection, {neighbour->mailbox, shard});
  else epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.socket.descriptor(), nullptr);
  Forget(connection);
  Depart(connection, CloseReason::kMoved, Connection::State::kMoved);
  last_move_ = notices_queued_;
  moved->connection.reset(&connection);
  neighbour->parcel.AddTraveller(std::move(moved), state);
  has_parcels_ = true;
  return true;
}

void Reactor::PostParcels() {
  if (has_parcels_) {
    has_parcels_ = false;
    for (Neighbour& neighbour : neighbours_) {
      if (neighbour.parcel.empty()) continue;
      outgoing_.push_back({neighbour.mailbox, std::move(neighbour.parcel), last_move_});
      neighbour.parcel = Parcel(settings_.shard);
    }
  }
  for (; !outgoing_.empty() && outgoing_.front().notices <= notices_written_; outgoing_.pop_front()) {
    // One whose shard has ended is destroyed with what it holds.
    (void)outgoing_.front().mailbox->Post(std::move(outgoing_.front().parcel));
  }
}

void Reactor::TakeMail() {
  if (!is_active()) return;
  for (Parcel& parcel : mailbox_->Take()) mail_.push_back(std::move(parcel));
  while (!mail_.empty()) {
    Parcel& parcel = mail_.front();
    for (Parcel::Message message; parcel.Peek(message); parcel.Skip()) {
      const size_t needed = message.kind > MessageKind::kMoved && message.kind != MessageKind::kFrame ? 0 : message.bytes.size();
      if (batch_.is_full() || !notices_.empty() || !EnsureArena(needed)) return;
      mailbox_->Release(message.bytes.size());
      TakeMessage(parcel, message);
    }
    mail_.pop_front();
  }
}

void Reactor::TakeMessage(Parcel& parcel, const Parcel::Message& message) {
  if (message.kind == MessageKind::kRouted) return TakeStanza(message.bytes);
  if (message.kind > MessageKind::kMoved) return TakeRelayed(parcel.source(), message.kind, message.bytes);
  const Connection* arrived = nullptr;
  if (message.kind == MessageKind::kMoved) {
    arrived = TakeConnection(parcel.TakeTraveller(), parcel.source());
    if (!arrived) return;
  }
  uint32_t* const words = arrived ? batch_.Add(EventKind::kArrived, arrived->slot, arrived->generation)
                                  : batch_.Add(EventKind::kCalled, 0, 0);
  words[word::kStart] = static_cast<uint32_t>(batch_.used());
  words[word::kEnd] = static_cast<uint32_t>(batch_.used() + message.bytes.size());
  words[word::kDetail] = parcel.source();
  if (!message.bytes.empty()) std::memcpy(batch_.tail(), message.bytes.data(), message.bytes.size());
  batch_.Use(message.bytes.size());
}

void Reactor::TakeStanza(std::string_view stanza) {
  std::memcpy(batch_.tail(), stanza.data(), stanza.size());
  const ElementResult scanned =
      ScanElement({batch_.tail(), stanza.size()}, OuterScope::Fragment(), kAnySize, scan_context_);
  // The sending side has looked at it: nothing else gets here.
  if (scanned.failure != StreamFailure::kNone) return;
  const uint32_t* const found = scanned.envelope.words;
  uint32_t* const words = batch_.Add(EventKind::kRouted, 0, 0);
  std::memcpy(words, found, sizeof scanned.envelope.words);
  words[word::kKind] = (found[word::kKind] & ~0xffu) | static_cast<uint32_t>(EventKind::kRouted);
  words[word::kStart] += static_cast<uint32_t>(batch_.used());
  words[word::kEnd] += static_cast<uint32_t>(batch_.used());
  NumberAddresses(words);
  batch_.Use(stanza.size());
}

Connection* Reactor::TakeConnection(std::unique_ptr<Traveller> traveller, uint32_t source) {
  auto& moved = static_cast<MovedConnection&>(*traveller);
  Connection& connection = *moved.connection;
  connection.state = Connection::State::kOpen;
  connection.is_lockstep = connection.is_held = true;
  connection.is_paused = false;
  if (connection.tls) connection.tls->UseShard({blocks_, ciphers_});
  if (!Adopt(std::move(moved.connection))) return nullptr;
  connection.batch = batch_number_;
  if (connection.frames && connection.frames->has_carrier) TakeIn(connection, source);
  if (moved.deadline_left_ms != 0) SetTimer(connection.deadline, moved.deadline_left_ms);
  ScheduleOutput(connection);
  return &connection;
}

std::string_view Reactor::FindElement(std::string_view xml) noexcept {
  const std::span bytes(reinterpret_cast<const uint8_t*>(xml.data()), xml.size());
  const ElementResult scanned = ScanElement(bytes, OuterScope::Fragment(), kAnySize, scan_context_);
  if (scanned.failure != StreamFailure::kNone) return {};
  const uint32_t start = scanned.envelope.words[word::kStart];
  return xml.substr(start, scanned.envelope.words[word::kEnd] - start);
}

const uint32_t* Reactor::Words(uint32_t envelope) noexcept {
  return in_batch_ && envelope < batch_.count() ? batch_.At(envelope) : nullptr;
}

std::string_view Reactor::Span(const uint32_t* words) noexcept {
  return {reinterpret_cast<const char*>(batch_.arena()) + words[word::kStart], words[word::kEnd] - words[word::kStart]};
}

Connection* Reactor::SenderOf(const uint32_t* words) noexcept {
  const uint32_t slot = words[word::kSlot];
  if ((words[word::kKind] & 0xff) == static_cast<uint32_t>(EventKind::kRouted) || slot >= slots_.size()) return nullptr;
  return slots_[slot].generation == words[word::kGeneration] ? slots_[slot].connection : nullptr;
}

}  // namespace meerkat
