/// The reactor's compressed streams (XEP-0138): between TLS, or the socket, and the framer.
#include "core/net/reactor.h"
#include "core/zlib/host_zlib.h"

namespace meerkat {

namespace {

/// Compressed bytes read at once: what is not decompressed at once has to be kept.
constexpr size_t kPacket = 16384;
/// Packets that may say nothing, such as empty blocks, while other connections wait.
constexpr int kPacketsPerCall = 4;
/// Clear bytes compressed at once; nothing more is compressed while those before wait for the peer.
constexpr size_t kMostAtOnce = 65536;

}  // namespace

bool Reactor::StartCompression(Connection& connection, std::string_view confirmation) {
  if (!connection.is_open() || connection.frames || connection.compression || !connection.is_held || !HostHasZlib()) return false;
  if (!connection.tail.is_white_space()) return false;
  auto compression = std::make_unique<Compression>();
  connection.output.Append(blocks_, confirmation.data(), confirmation.size());
  compression->output.TakeOver(connection.output);
  connection.compression = std::move(compression);
  connection.tail.Clear();
  connection.tail_is_fresh = false;
  connection.is_held = false;
  connection.framer.Limit(connection.policy->compressed_limits);
  connection.framer.Proceed(Proceed::kRestart);
  ScheduleInput(connection);
  ScheduleOutput(connection);
  return true;
}

/// Decompressed bytes; 0 as `Receive` says, or when there is nothing but a failure to tell.
size_t Reactor::ReceiveCompressed(Connection& connection, uint8_t* to, size_t room) {
  if (!packet_) packet_ = std::make_unique_for_overwrite<uint8_t[]>(kPacket);
  Compression& compression = *connection.compression;
  size_t total = 0;
  size_t read = 0;
  int packets = 0;
  while (total < room) {
    std::span<const uint8_t> bytes(compression.waiting.data(), compression.waiting.size());
    if (!compression.has_input()) {
      // Reading on may find the end of the connection, which has to be told behind what is here.
      if (connection.has_ended || total > 0) break;
      if (packets++ == kPacketsPerCall) {
        ScheduleInput(connection);
        break;
      }
      const size_t size = ReceiveWire(connection, packet_.get(), kPacket);
      if (size == 0) break;
      read += size;
      bytes = {packet_.get(), size};
    }
    size_t size = 0;
    const InflateStream::Result result =
        compression.inflate.Read(compression_.inflaters, bytes, to + total, room - total, size);
    if (compression.inflate.has_failed()) {
      compression.waiting.Clear();
      // What came before is handled first; the failure is met again.
      if (total > 0) break;
      const bool is_bomb = result == InflateStream::Result::kTooMuch;
      FailStream(connection, is_bomb ? StreamFailure::kTooMuchDecompressed : StreamFailure::kBadCompression);
      return 0;
    }
    total += size;
    compression.waiting.Assign(bytes.data(), bytes.size());
  }
  // What says nothing is paid for all the same.
  if (connection.shaping && read > total) connection.shaping->shaper.Take(read - total);
  return total;
}

/// Turns what is queued in clear into what leaves, unless what left before still waits. False when the connection broke.
bool Reactor::CompressOutput(Connection& connection) {
  if (!connection.compression) return true;
  Compression& compression = *connection.compression;
  if (!compression.output.empty() || connection.output.empty()) return true;
  if (compression.deflate.Write(compression_.deflater, blocks_, connection.output, kMostAtOnce, compression.output)) {
    return true;
  }
  Break(connection, CloseReason::kReset);
  return false;
}

}  // namespace meerkat
