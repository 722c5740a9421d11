/// Compresses what goes to one peer (RFC 1950), each time up to a point that the peer can read.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/net/output_queue.h"
#include "core/zlib/counted_memory.h"

namespace meerkat {

/// The working memory of a compression, some 260 KiB: one for all streams of a thread, as each needs it for one call only.
class Deflater {
 public:
  Deflater() noexcept = default;
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  /// Ready for a stream of its own; null when there is no memory.
  [[nodiscard]] z_stream* Begin();
  [[nodiscard]] size_t bytes() const noexcept { return memory_.bytes(); }

 private:
  CountedMemory memory_;
  z_stream stream_{};
  bool is_made_ = false;
};

class DeflateStream {
 public:
  /// What was said before and later bytes may refer to: enough for the stanzas of a conversation to look alike.
  static constexpr size_t kHistory = 4096;

  /// Moves up to `most` bytes from `clear` into `out`, flushed (Z_SYNC_FLUSH) behind the last. False when there is no memory.
  [[nodiscard]] bool Write(Deflater& deflater, BlockPool& pool, OutputQueue& clear, size_t most, OutputQueue& out);

  [[nodiscard]] size_t heap_bytes() const noexcept { return history_ ? kHistory : 0; }

 private:
  void Remember(const uint8_t* bytes, size_t size);

  std::unique_ptr<uint8_t[]> history_;  // null before the first byte
  uint32_t history_size_ = 0;
};

}  // namespace meerkat
