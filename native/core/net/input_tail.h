/// Bytes of one connection that could not be handled yet; holds no memory while there are none.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace meerkat {

class InputTail {
 public:
  InputTail() noexcept = default;
  ~InputTail() { std::free(bytes_); }
  InputTail(const InputTail&) = delete;
  InputTail& operator=(const InputTail&) = delete;

  [[nodiscard]] uint8_t* data() noexcept { return bytes_; }
  [[nodiscard]] size_t size() const noexcept { return size_; }
  [[nodiscard]] size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// Between elements it means nothing, whatever the stream turns into.
  [[nodiscard]] bool is_white_space() const noexcept {
    return std::all_of(bytes_, bytes_ + size_, [](uint8_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
  }

  /// Replaces everything; `data` may lie in this tail.
  void Assign(const uint8_t* data, size_t size) {
    if (size == 0) return Clear();
    if (size > capacity_ || (capacity_ > 4096 && size < capacity_ / 4)) {
      // A fitting block: most tails are the end of one stanza, and are gone with the next packet.
      auto* const bytes = static_cast<uint8_t*>(Allocate(nullptr, size));
      std::memcpy(bytes, data, size);
      std::free(bytes_);
      bytes_ = bytes;
      capacity_ = static_cast<uint32_t>(size);
    } else {
      std::memmove(bytes_, data, size);
    }
    size_ = static_cast<uint32_t>(size);
  }

  /// Room for `more` bytes behind the last one; grows by half, so that a long element is not copied for each packet.
  [[nodiscard]] uint8_t* Room(size_t more) {
    if (size_ + more > capacity_) {
      const size_t wanted = std::max<size_t>(size_ + more, capacity_ + capacity_ / 2);
      bytes_ = static_cast<uint8_t*>(Allocate(bytes_, wanted));
      capacity_ = static_cast<uint32_t>(wanted);
    }
    return bytes_ + size_;
  }
  void Grow(size_t size) noexcept { size_ += static_cast<uint32_t>(size); }

  void Clear() noexcept {
    std::free(bytes_);
    bytes_ = nullptr;
    size_ = capacity_ = 0;
  }

 private:
  [[nodiscard]] static void* Allocate(void* old, size_t size) {
    void* const bytes = std::realloc(old, size);
    // Out of memory ends the process, as `new` does in code without exceptions.
    if (!bytes) ::operator delete(::operator new(SIZE_MAX / 2));
    return bytes;
  }

  uint8_t* bytes_ = nullptr;  // owned
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
};

}  // namespace meerkat
