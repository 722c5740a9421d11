/// The reactor's input: read into the arena, framed there, and what is unfinished kept with the connection.
#include <algorithm>
#include <cstring>

#include "core/net/reactor.h"

namespace meerkat {

namespace {

/// In lockstep whatever is read ahead has to be kept, so little is.
constexpr size_t kLockstepChunk = 4096;
/// Of a compressed stream: enough to tell a bomb by its growth before its contents are looked at.
constexpr size_t kCompressedLockstepChunk = 16384;
constexpr size_t kStreamChunk = 65536;
/// Chunks of one connection in a row, while others wait.
constexpr int kChunksPerRound = 2;
/// The same of frames, which are small.
constexpr int kFramesPerRound = 64;
/// An unfinished element over this size is completed where it lies; below it is copied in front of the next bytes.
constexpr size_t kLongTail = 16384;

}  // namespace

/// Puts the envelopes of one connection into the batch.
class Reactor::Sink final : public StreamFramer::Sink {
 public:
  Sink(Reactor& reactor, Connection& connection, const uint8_t* base, bool is_in_arena) noexcept
      : reactor_(reactor), batch_(reactor.batch_), connection_(connection), base_(base), is_in_arena_(is_in_arena) {}

  bool OnEnvelope(const Envelope& envelope) noexcept override {
    const auto kind = static_cast<EventKind>(envelope.words[word::kKind] & 0xff);
    uint32_t* const words = batch_.Add(kind, connection_.slot, connection_.generation);
    std::memcpy(words, envelope.words, sizeof envelope.words);
    words[word::kSlot] = connection_.slot;
    words[word::kGeneration] = connection_.generation;
    const uint32_t start = envelope.words[word::kStart];
    const uint32_t size = envelope.words[word::kEnd] - start;
    if (is_in_arena_) {
      words[word::kStart] = static_cast<uint32_t>(batch_.used()) + start;
    } else {
      words[word::kStart] = static_cast<uint32_t>(batch_.used());
      std::memcpy(batch_.tail(), base_ + start, size);
      batch_.Use(size);
    }
    words[word::kEnd] = words[word::kStart] + size;
    if (kind == EventKind::kElement) reactor_.NumberAddresses(words);
    told_ = true;
    return !batch_.is_full();
  }

  [[nodiscard]] bool told() const noexcept { return told_; }

 private:
  Reactor& reactor_;        // not owned
  Batch& batch_;            // not owned
  Connection& connection_;  // not owned
  const uint8_t* const base_;
  const bool is_in_arena_;
  bool told_ = false;
};

void Reactor::ScheduleInput(Connection& connection) {
  if (connection.is_ready) return;
  connection.is_ready = true;
  ready_.push_back(&connection);
}

void Reactor::HandleInput(Connection& connection) {
  // Notices come first, lest elements overtake the CONNECTED that still waits for room.
  if (batch_.is_full() || !notices_.empty()) return ScheduleInput(connection);
  if (connection.is_awaiting_header && !ReadHeader(connection)) return;
  if (connection.is_handshaking) {
    if (handshakes_left_ == 0) return ScheduleInput(connection);
    if (!Handshake(connection)) return;
  }
  for (int chunk = 0; connection.may_scan();) {
    if (batch_.is_full() || !notices_.empty()) return ScheduleInput(connection);
    if (connection.tail_is_fresh) {
      if (!ScanTail(connection)) return ScheduleInput(connection);
    } else if (connection.is_frame_over()) {
      if (!EndFrame(connection)) return;
    } else if (connection.has_read_all()) {
      return OnEnd(connection);
    } else {
      if (chunk++ == (connection.frames ? kFramesPerRound : kChunksPerRound)) return ScheduleInput(connection);
      if (!ReadChunk(connection)) return;
    }
  }
}

/// False when there is nothing to go on with for now.
bool Reactor::ReadChunk(Connection& connection) {
  const size_t limit = ReadLimit(connection);
  if (limit == 0) return false;
  InputTail& tail = connection.tail;
  const bool is_long = tail.size() > kLongTail;
  if (!is_long && !EnsureArena(tail.size() + limit)) {
    ScheduleInput(connection);
    return false;
  }
  uint8_t* const to = is_long ? tail.Room(limit) : batch_.tail() + tail.size();
  const size_t size = Receive(connection, to, limit);
  if (size == 0) return connection.has_read_all() || connection.is_frame_over();
  if (connection.shaping) connection.shaping->shaper.Take(size);
  if (is_long) {
    tail.Grow(size);
    connection.tail_is_fresh = true;
    return true;
  }
  if (!tail.empty()) std::memcpy(batch_.tail(), tail.data(), tail.size());
  Scan(connection, batch_.tail(), tail.size() + size, true);
  return true;
}

size_t Reactor::ReadLimit(Connection& connection) {
  if (connection.tls && connection.tls->wire().bytes() >= TlsSession::kMostWire) return 0;
  const size_t lockstep = connection.compression ? kCompressedLockstepChunk : kLockstepChunk;
  const size_t chunk = connection.is_lockstep ? lockstep : kStreamChunk;
  if (!connection.shaping) return chunk;
  const size_t allowance = connection.shaping->shaper.Allowance(uv_now(loop_));
  // The next tick comes within a second, when the bucket has filled again.
  if (allowance == 0) SetTimer(connection.shaping->timer, 1);
  return std::min(chunk, allowance);
}

/// Bytes of the stream; 0 when there are none for now, when the peer has ended, or when the connection broke.
size_t Reactor::Receive(Connection& connection, uint8_t* to, size_t room) {
  return connection.compression ? ReceiveCompressed(connection, to, room) : ReceiveWire(connection, to, room);
}

/// The same, as the socket or TLS gives them.
size_t Reactor::ReceiveWire(Connection& connection, uint8_t* to, size_t room) {
  if (connection.frames) return ReceiveFrames(connection, to, room);
  if (connection.tls) return ReceiveTls(connection, to, room);
  if (!connection.socket.readable()) return 0;
  const ssize_t size = connection.socket.Receive(to, room);
  if (size > 0) return static_cast<size_t>(size);
  if (size == Socket::kEnd) connection.has_ended = true;
  if (size == Socket::kBroken) Break(connection, CloseReason::kReset);
  return 0;
}

size_t Reactor::ReceiveTls(Connection& connection, uint8_t* to, size_t room) {
  TlsSession& tls = *connection.tls;
  size_t total = 0;
  TlsSession::Result result = TlsSession::Result::kDone;
  // Once in any case: a read in vain lets OpenSSL free the buffer of the handshake.
  do {
    size_t size = 0;
    result = tls.Read(to + total, room - total, size);
    total += size;
  } while (total < room && result == TlsSession::Result::kDone && (connection.socket.readable() || tls.has_pending()));
  if (!tls.wire().empty()) ScheduleOutput(connection);
  if (result == TlsSession::Result::kBlocked && tls.was_stopped()) ScheduleInput(connection);
  // What came before a failure is handled first; the failure is met again.
  if (result == TlsSession::Result::kEnded) {
    connection.has_ended = true;
  } else if (total == 0 && result == TlsSession::Result::kReset) {
    Break(connection, CloseReason::kReset);
  } else if (total == 0 && result == TlsSession::Result::kFailed) {
    Break(connection, CloseReason::kTlsFailed);
  }
  return total;
}

bool Reactor::ScanTail(Connection& connection) {
  InputTail& tail = connection.tail;
  if (!EnsureArena(tail.size())) return false;
  connection.tail_is_fresh = false;
  if (tail.size() > kLongTail) {
    Scan(connection, tail.data(), tail.size(), false);
  } else {
    std::memcpy(batch_.tail(), tail.data(), tail.size());
    Scan(connection, batch_.tail(), tail.size(), true);
  }
  return true;
}

void Reactor::Scan(Connection& connection, uint8_t* base, size_t size, bool is_in_arena) {
  Sink sink(*this, connection, base, is_in_arena);
  const StreamFramer::Result result = connection.framer.Feed({base, size}, scan_context_, sink);
  if (sink.told()) {
    connection.batch = batch_number_;
    if (is_in_arena) batch_.Use(result.consumed);
  }
  connection.is_held = result.status == StreamFramer::Status::kHeld;
  if (result.status == StreamFramer::Status::kFailed) {
    return FailStream(connection, result.failure);
  }
  connection.tail.Assign(base + result.consumed, size - result.consumed);
  connection.tail_is_fresh = !connection.tail.empty() && result.status != StreamFramer::Status::kNeedMore;
}

/// Of the addresses of a stanza whose bytes are in the arena.
void Reactor::NumberAddresses(uint32_t* words) {
  const auto* const element = reinterpret_cast<const char*>(batch_.arena()) + words[word::kStart];
  const auto number = [&](uint32_t span) {
    return span == 0 ? 0 : addresses_.Number({element + (span >> 16), span & 0xffff});
  };
  words[word::kToNumber] = number(words[word::kTo]);
  words[word::kFromNumber] = number(words[word::kFrom]);
}

void Reactor::FailStream(Connection& connection, StreamFailure failure) {
  connection.has_failed = true;
  connection.tail.Clear();
  if (connection.frames) connection.frames->inbox.Clear();
  if (const Compression* const compression = connection.compression.get()) {
    const ConnectionPolicy& policy = *connection.policy;
    const bool is_over = failure == StreamFailure::kStanzaTooLarge &&
                         policy.compressed_limits.max_stanza_bytes < policy.limits.max_stanza_bytes;
    // What a bomb consists of is no news beside what it is.
    if (is_over || compression->inflate.is_bloated()) failure = StreamFailure::kTooMuchDecompressed;
  }
  if (failure == StreamFailure::kTooMuchDecompressed) decompressions_refused_++;
  Tell(EventKind::kStreamFailed, connection, static_cast<uint32_t>(failure));
}

void Reactor::OnEnd(Connection& connection) {
  // Its last elements are still on their way to JavaScript, whose answers should go out before.
  if (connection.batch == batch_number_ && !batch_.is_empty()) return ScheduleInput(connection);
  WriteOutput(connection);
  Break(connection, CloseReason::kPeer);
}

/// Room for so many bytes in one piece; false when the batch has to be delivered first.
bool Reactor::EnsureArena(size_t bytes) {
  if (bytes > Batch::kArenaBytes) large_needed_ms_ = uv_now(loop_);
  if (batch_.room() >= bytes) return true;
  if (!batch_.is_empty()) return false;
  host_.EnlargeArena(bytes);
  return batch_.room() >= bytes;
}

bool Reactor::BeginTls(Connection& connection, std::shared_ptr<const TlsContext> context, const std::string& name) {
  auto tls = TlsSession::Create(std::move(context), connection.socket, {blocks_, ciphers_}, name);
  if (!tls) return false;
  // What was queued in clear leaves before the first byte of TLS.
  tls->wire().TakeOver(connection.output);
  connection.tls = std::move(tls);
  connection.is_handshaking = true;
  ScheduleInput(connection);
  return true;
}

bool Reactor::StartTls(Connection& connection, std::shared_ptr<const TlsContext> context, const std::string& name) {
  if (!connection.is_open() || connection.tls || connection.frames || connection.compression || !connection.is_held) return false;
  if (!connection.tail.is_white_space()) return false;
  WriteOutput(connection);
  if (!connection.is_open() || !BeginTls(connection, std::move(context), name)) return false;
  connection.tail.Clear();
  connection.tail_is_fresh = false;
  connection.is_held = false;
  connection.framer.Proceed(Proceed::kRestart);
  ScheduleOutput(connection);
  return true;
}

/// True when the handshake is complete.
bool Reactor::Handshake(Connection& connection) {
  if (!connection.is_open()) return false;
  handshakes_left_--;
  const TlsSession::Result result = connection.tls->Handshake();
  if (!connection.tls->wire().empty()) ScheduleOutput(connection);
  switch (result) {
    case TlsSession::Result::kDone:
      connection.is_handshaking = false;
      Tell(EventKind::kSecured, connection, 0);
      ScheduleOutput(connection);
      return true;
    case TlsSession::Result::kBlocked:
      if (connection.tls->was_stopped()) ScheduleInput(connection);
      return false;
    case TlsSession::Result::kEnded:
      Break(connection, CloseReason::kPeer);
      return false;
    case TlsSession::Result::kReset:
      Break(connection, CloseReason::kReset);
      return false;
    case TlsSession::Result::kFailed:
      Break(connection, CloseReason::kTlsFailed);
      return false;
  }
  return false;
}

void Reactor::Continue(Connection& connection, enum Proceed how) {
  if (!connection.is_open() || connection.is_handshaking || connection.has_failed) return;
  if (how == Proceed::kRestart && connection.framer.is_inside()) return;
  connection.framer.Proceed(how);
  connection.is_lockstep = how != Proceed::kStream;
  connection.is_held = false;
  ScheduleInput(connection);
}

void Reactor::Resume(Connection& connection) {
  if (!connection.is_paused) return;
  connection.is_paused = false;
  ScheduleInput(connection);
}

void Reactor::Shape(Connection& connection, uint64_t bytes_per_second) {
  if (!connection.is_open()) return;
  if (connection.shaping) wheel_.Clear(connection.shaping->timer);
  connection.shaping.reset();
  if (bytes_per_second != 0) {
    connection.shaping = std::make_unique<Connection::Shaping>(connection, bytes_per_second, uv_now(loop_));
  }
  ScheduleInput(connection);
}

void Reactor::Authenticated(Connection& connection) {
  if (!connection.is_open()) return;
  connection.framer.Authenticated();
  wheel_.Clear(connection.deadline);
}

void Reactor::SetDeadline(Connection& connection, uint64_t ms) {
  if (!connection.is_open()) return;
  if (ms == 0) {
    wheel_.Clear(connection.deadline);
  } else {
    SetTimer(connection.deadline, ms);
  }
}

}  // namespace meerkat
