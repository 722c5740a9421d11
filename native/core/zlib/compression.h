/// What a compressed connection (XEP-0138) holds: it sits between TLS, or the socket, and the framer.
#pragma once

#include <cstddef>

#include "core/net/input_tail.h"
#include "core/net/output_queue.h"
#include "core/zlib/deflate_stream.h"
#include "core/zlib/inflate_stream.h"

namespace meerkat {

struct Compression {
  /// There is something to tell without anything new on the socket.
  [[nodiscard]] bool has_input() const noexcept { return !waiting.empty() || inflate.has_more() || inflate.has_failed(); }
  /// Without the output, which is counted as such.
  [[nodiscard]] size_t memory() const noexcept {
    return sizeof *this + inflate.heap_bytes() + deflate.heap_bytes() + waiting.capacity();
  }

  InflateStream inflate;
  DeflateStream deflate;
  InputTail waiting;   // compressed, read and not decompressed yet
  OutputQueue output;  // compressed, or what has to leave in clear before it
};

/// The working memories that all compressed connections of a shard share.
struct CompressionTools {
  [[nodiscard]] size_t memory() const noexcept { return inflaters.idle_bytes() + deflater.bytes(); }

  InflaterPool inflaters;
  Deflater deflater;
};

}  // namespace meerkat
