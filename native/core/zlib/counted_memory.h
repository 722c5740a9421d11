/// Memory that zlib asks for, counted.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdlib>

namespace meerkat {

/// Lives where its z_stream does, and is not moved.
class CountedMemory {
 public:
  CountedMemory() noexcept = default;
  CountedMemory(const CountedMemory&) = delete;
  CountedMemory& operator=(const CountedMemory&) = delete;

  void Serve(z_stream& stream) noexcept {
    stream.zalloc = Allocate;
    stream.zfree = Free;
    stream.opaque = this;
  }
  [[nodiscard]] size_t bytes() const noexcept { return bytes_; }

 private:
  static constexpr size_t kHead = alignof(std::max_align_t);

  static voidpf Allocate(voidpf self, uInt items, uInt size) {
    const size_t bytes = size_t{items} * size;
    auto* const head = static_cast<char*>(std::malloc(kHead + bytes));
    if (!head) return nullptr;
    *reinterpret_cast<size_t*>(head) = bytes;
    static_cast<CountedMemory*>(self)->bytes_ += bytes;
    return head + kHead;
  }
  static void Free(voidpf self, voidpf address) {
    char* const head = static_cast<char*>(address) - kHead;
    static_cast<CountedMemory*>(self)->bytes_ -= *reinterpret_cast<size_t*>(head);
    std::free(head);
  }

  size_t bytes_ = 0;
};

}  // namespace meerkat
