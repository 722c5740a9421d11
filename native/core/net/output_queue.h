/// Bytes on their way to the kernel: gathered in blocks from a pool, so that a connection without output holds none.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

namespace meerkat {

struct OutputBlock {
  OutputBlock* next;
  uint32_t begin;
  uint32_t end;
  uint32_t capacity;
  /// Calls of `Finish` whose last byte lies here.
  uint32_t writes;

  [[nodiscard]] uint8_t* bytes() noexcept { return reinterpret_cast<uint8_t*>(this + 1); }
};

/// Recycles blocks of one size; larger ones go straight back to the allocator. One thread only.
class BlockPool {
 public:
  static constexpr uint32_t kCapacity = 2048 - sizeof(OutputBlock);
  static constexpr size_t kMostIdle = 1024;

  BlockPool() noexcept = default;
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  [[nodiscard]] OutputBlock* Take(size_t room);
  void Give(OutputBlock* block) noexcept;
  /// Bytes in blocks that nobody uses.
  [[nodiscard]] size_t idle_bytes() const noexcept { return idle_count_ * (kCapacity + sizeof(OutputBlock)); }

 private:
  OutputBlock* idle_ = nullptr;  // owned
  size_t idle_count_ = 0;
};

/// The pool is passed to each call, because a queue moves between threads and a pool does not.
class OutputQueue {
 public:
  OutputQueue() noexcept = default;
  ~OutputQueue();
  OutputQueue(const OutputQueue&) = delete;
  OutputQueue& operator=(const OutputQueue&) = delete;

  /// Room for `size` bytes in one piece, valid until the next call. `Commit` says how many were written.
  [[nodiscard]] uint8_t* Reserve(BlockPool& pool, size_t size);
  void Commit(size_t size) noexcept;
  void Append(BlockPool& pool, const void* data, size_t size);
  /// Ends one write: what `writes()` counts until its last byte is consumed.
  void Finish() noexcept;

  /// Room at the end of the last block, which may be none.
  [[nodiscard]] size_t room() const noexcept { return last_ ? last_->capacity - last_->end : 0; }

  /// Fills at most `most` entries; returns how many.
  [[nodiscard]] int Gather(iovec* entries, int most) const noexcept;
  void Consume(BlockPool& pool, size_t size) noexcept;
  /// Copies the first bytes, of which there are at least as many, and leaves them.
  void Peek(void* to, size_t size) const noexcept;
  void Clear(BlockPool& pool) noexcept { Consume(pool, bytes_); }
  /// Takes over everything that `other` holds, behind our own.
  void TakeOver(OutputQueue& other) noexcept;

  [[nodiscard]] size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] uint32_t writes() const noexcept { return writes_; }
  [[nodiscard]] bool empty() const noexcept { return bytes_ == 0; }

 private:
  OutputBlock* first_ = nullptr;  // owned
  OutputBlock* last_ = nullptr;   // in the list of first_
  size_t bytes_ = 0;
  uint32_t writes_ = 0;
};

}  // namespace meerkat
