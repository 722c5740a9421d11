/// The reactor's output: queued within a turn, limited as it is queued, written at the end of the turn.
#include <algorithm>
#include <cstring>

#include "core/net/reactor.h"
#include "core/xml/frame_text.h"

namespace meerkat {

namespace {

constexpr int kPieces = 64;
/// RFC 8446 section 5.1: the clear text of one record.
constexpr size_t kRecordBytes = 16384;
/// Frames that one turn may give rise to beyond the limit of their connection.
constexpr size_t kMostDeferred = 4u << 20;
/// Blocks of output count in 32 bits.
constexpr size_t kMostSentAtOnce = 1u << 30;

}  // namespace

bool Reactor::FinishWrite(Connection& connection, bool wants_drained) {
  connection.output.Finish();
  ScheduleOutput(connection);
  if (!connection.is_output_over(2)) return true;
  // What the kernel takes at once does not count: a turn may well produce more than the peer may leave unread.
  if (!connection.frames) WriteOutput(connection);
  if (!connection.may_write()) return false;
  // Frames are handed over at the end of the turn, and judged when their owner has had them.
  const bool is_full = connection.frames ? connection.queued_bytes() > connection.policy->max_output_bytes + kMostDeferred
                                         : connection.is_output_over(1);
  if (is_full) {
    Break(connection, CloseReason::kQueueFull);
    return false;
  }
  if (!connection.is_output_over(2)) return true;
  connection.wants_drained |= wants_drained;
  return false;
}

bool Reactor::Send(Connection& connection, std::string_view bytes) {
  if (!connection.is_open()) return false;
  if (bytes.size() > kMostSentAtOnce) {
    Break(connection, CloseReason::kQueueFull);
    return false;
  }
  if (connection.frames) {
    size_t at = 0;
    const std::string_view declaration = MissingDeclaration(bytes, at);
    const std::string_view pieces[] = {bytes.substr(0, at), declaration, bytes.substr(at)};
    QueueFrame(connection, pieces, std::size(pieces));
  } else {
    connection.output.Append(blocks_, bytes.data(), bytes.size());
  }
  return FinishWrite(connection, true);
}

bool Reactor::Deliver(Connection& connection, uint32_t envelope) {
  if (!connection.is_open()) return false;
  std::string_view pieces[kElementPieces];
  const size_t count = GatherElement(envelope, pieces);
  if (count == 0) return false;
  if (connection.frames) {
    QueueElementFrame(connection, Words(envelope), pieces, count);
    FinishWrite(connection, false);
    return connection.may_write();
  }
  size_t size = 0;
  for (size_t i = 0; i < count; i++) size += pieces[i].size();
  uint8_t* to = connection.output.Reserve(blocks_, size);
  for (size_t i = 0; i < count; i++) {
    std::memcpy(to, pieces[i].data(), pieces[i].size());
    to += pieces[i].size();
  }
  connection.output.Commit(size);
  FinishWrite(connection, false);
  return connection.may_write();
}

size_t Reactor::GatherElement(uint32_t envelope, std::string_view (&pieces)[kElementPieces]) noexcept {
  const uint32_t* const words = Words(envelope);
  if (!words || (words[word::kKind] & envelope_flag::kForeignScope)) return 0;
  const std::string_view element = Span(words);
  const auto kind = static_cast<EventKind>(words[word::kKind] & 0xff);
  if (kind == EventKind::kRouted) {
    pieces[0] = element;  // its own shard has stamped it
    return 1;
  }
  if (kind != EventKind::kElement) return 0;
  const Connection* const sender = SenderOf(words);
  // An address that nobody vouched for must not leave (RFC 6120 section 8.1.2.1).
  if (!sender || sender->stamp().empty()) return 0;
  const size_t name_end = words[word::kHead] & 0xffff;
  const size_t cut = words[word::kFromCut] ? words[word::kFromCut] >> 16 : name_end;
  const size_t cut_size = words[word::kFromCut] & 0xffff;
  pieces[0] = element.substr(0, name_end);
  pieces[1] = sender->stamp();
  pieces[2] = element.substr(name_end, cut - name_end);
  pieces[3] = element.substr(cut + cut_size);
  return kElementPieces;
}

void Reactor::Stamp(Connection& connection, std::string_view from) {
  std::string stamp = " from='";
  for (const char c : from) {
    switch (c) {
      case '&':
        stamp += "&amp;";
        break;
      case '<':
        stamp += "&lt;";
        break;
      case '>':
        stamp += "&gt;";
        break;
      case '\'':
        stamp += "&apos;";
        break;
      case '"':
        stamp += "&quot;";
        break;
      default:
        stamp += c;
    }
  }
  stamp += '\'';
  connection.stamp_bytes = std::make_unique_for_overwrite<char[]>(stamp.size());
  std::memcpy(connection.stamp_bytes.get(), stamp.data(), stamp.size());
  connection.stamp_size = static_cast<uint32_t>(stamp.size());
}

void Reactor::ScheduleOutput(Connection& connection) {
  if (connection.is_dirty) return;
  connection.is_dirty = true;
  dirty_.push_back(&connection);
}

void Reactor::FlushOutputs() {
  // What a write leads to (a close, an event) may make another one dirty; that one waits for its turn in the list.
  for (size_t i = 0; i < dirty_.size(); i++) {
    Connection& connection = *dirty_[i];
    connection.is_dirty = false;
    WriteOutput(connection);
  }
  dirty_.clear();
}

void Reactor::WriteOutput(Connection& connection) {
  if (!connection.may_write()) return;
  const bool is_written = WriteQueued(connection);
  if (!connection.may_write()) return;
  if (connection.wants_drained && !connection.is_output_over(2)) {
    connection.wants_drained = false;
    Tell(EventKind::kDrained, connection, 0);
  }
  if (!is_written) return;
  if (connection.state == Connection::State::kClosing) CompleteClose(connection);
}

/// True once nothing is left to write.
bool Reactor::WriteQueued(Connection& connection) {
  if (connection.frames) return HandOverFrames(connection);
  for (;;) {
    if (!CompressOutput(connection)) return false;
    if (!(connection.tls ? WriteTls(connection) : WritePlain(connection))) return false;
    if (!connection.compression || connection.output.empty()) return true;
  }
}

bool Reactor::WritePlain(Connection& connection) {
  OutputQueue& queue = connection.outgoing();
  while (!queue.empty()) {
    if (!connection.socket.writable()) return false;
    iovec pieces[kPieces];
    const ssize_t sent = connection.socket.Send(pieces, queue.Gather(pieces, kPieces));
    if (sent == Socket::kBlocked) return false;
    if (sent == Socket::kBroken) {
      Break(connection, CloseReason::kReset);
      return false;
    }
    queue.Consume(blocks_, static_cast<size_t>(sent));
  }
  return true;
}

bool Reactor::WriteTls(Connection& connection) {
  TlsSession& tls = *connection.tls;
  const bool was_backlogged = !tls.wire().empty();
  for (;;) {
    const TlsSession::Result flushed = tls.Flush();
    if (flushed == TlsSession::Result::kBlocked) return false;
    if (flushed != TlsSession::Result::kDone) {
      Break(connection, CloseReason::kReset);
      return false;
    }
    if (connection.is_handshaking) {
      if (was_backlogged) ScheduleInput(connection);
      return connection.outgoing().empty();
    }
    if (connection.outgoing().empty()) break;
    if (!WriteRecord(connection)) return false;
  }
  // Reading rests while what it provokes (key updates, alerts) cannot leave.
  if (was_backlogged) ScheduleInput(connection);
  return true;
}

/// Encrypts as much as fits into one record. False when the connection broke.
bool Reactor::WriteRecord(Connection& connection) {
  OutputQueue& queue = connection.outgoing();
  iovec pieces[kPieces];
  const int count = queue.Gather(pieces, kPieces);
  const uint8_t* clear = static_cast<const uint8_t*>(pieces[0].iov_base);
  size_t size = std::min(pieces[0].iov_len, kRecordBytes);
  if (count > 1 && size < kRecordBytes) {
    if (!record_) record_ = std::make_unique_for_overwrite<uint8_t[]>(kRecordBytes);
    size = 0;
    for (int i = 0; i < count && size < kRecordBytes; i++) {
      const size_t taken = std::min(pieces[i].iov_len, kRecordBytes - size);
      std::memcpy(record_.get() + size, pieces[i].iov_base, taken);
      size += taken;
    }
    clear = record_.get();
  }
  const TlsSession::Result result = connection.tls->Write(clear, size);
  if (result != TlsSession::Result::kDone) {
    Break(connection, result == TlsSession::Result::kReset ? CloseReason::kReset : CloseReason::kTlsFailed);
    return false;
  }
  queue.Consume(blocks_, size);
  return true;
}

}  // namespace meerkat
