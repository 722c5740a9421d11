/// Decompresses what one peer sends (RFC 1950), in pieces of bounded size, and holds little while nothing comes.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/zlib/counted_memory.h"
#include "core/zlib/inflate_guard.h"

namespace meerkat {

/// The working memory of a decompression: about 40 KiB.
class Inflater {
 public:
  /// Null when there is no memory.
  [[nodiscard]] static std::unique_ptr<Inflater> Create();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  [[nodiscard]] z_stream& stream() noexcept { return stream_; }
  [[nodiscard]] size_t bytes() const noexcept { return sizeof *this + memory_.bytes(); }

 private:
  Inflater() noexcept = default;

  CountedMemory memory_;
  z_stream stream_{};
};

/// Recycles the working memories of one thread: between two blocks of deflate a stream needs none.
class InflaterPool {
 public:
  static constexpr size_t kMostIdle = 2;

  [[nodiscard]] std::unique_ptr<Inflater> Take();
  void Give(std::unique_ptr<Inflater> inflater);
  [[nodiscard]] size_t idle_bytes() const noexcept;

 private:
  std::vector<std::unique_ptr<Inflater>> idle_;  // owned
};

/// The pool is passed to each call, because a stream moves between threads and a pool does not.
class InflateStream {
 public:
  enum class Result : uint8_t {
    kMore,     // everything was taken, and has come out
    kFull,     // the room is used up; call again, with what was not taken, be it nothing
    kFailed,   // this is no zlib stream, or goes on behind its end
    kTooMuch,  // it grows beyond measure
  };

  InflateStream() noexcept = default;
  InflateStream(const InflateStream&) = delete;
  InflateStream& operator=(const InflateStream&) = delete;

  /// Moves `bytes` past what was taken. With a failure, which is final, `size` is 0 and `to` holds nothing of worth.
  [[nodiscard]] Result Read(InflaterPool& pool, std::span<const uint8_t>& bytes, uint8_t* to, size_t room, size_t& size);

  /// The last call ended for want of room.
  [[nodiscard]] bool has_more() const noexcept { return has_more_; }
  [[nodiscard]] bool has_failed() const noexcept { return failure_ != Result::kMore; }
  [[nodiscard]] bool is_bloated() const noexcept { return guard_.is_bloated(); }
  /// Memory beside this object.
  [[nodiscard]] size_t heap_bytes() const noexcept { return history_size_ + (inflater_ ? inflater_->bytes() : 0); }

 private:
  static constexpr size_t kHeaderBytes = 2;

  [[nodiscard]] bool ReadHeader(std::span<const uint8_t>& bytes) noexcept;
  [[nodiscard]] Result ReadTrailer(std::span<const uint8_t>& bytes) noexcept;
  [[nodiscard]] bool Wake(InflaterPool& pool);
  void Rest(InflaterPool& pool);
  Result Fail(Result result) noexcept;

  std::unique_ptr<Inflater> inflater_;   // owned; null between two blocks
  std::unique_ptr<uint8_t[]> history_;   // what later bytes may refer to, while there is no inflater
  InflateGuard guard_;
  uint32_t history_size_ = 0;
  uint8_t header_[kHeaderBytes] = {};
  uint8_t header_size_ = 0;
  uint8_t trailer_left_ = 4;
  uint8_t last_bits_ = 0;        // of the last byte, not read yet
  uint8_t last_bit_count_ = 0;
  bool has_more_ = false;
  bool has_ended_ = false;
  Result failure_ = Result::kMore;  // kMore for none
};

}  // namespace meerkat
