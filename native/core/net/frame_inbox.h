/// Pieces of frames of one connection that were fed and are not read yet, with the ends of frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/net/input_tail.h"

namespace meerkat {

/// Holds no memory while there are none.
class FrameInbox {
 public:
  /// What a piece takes beside its bytes.
  static constexpr size_t kHeadBytes = 8;

  void Add(const uint8_t* bytes, size_t size, bool is_last) {
    const Head head{static_cast<uint32_t>(size), is_last};
    // What was read makes room at times, for a sender that is never quite caught up with.
    if (read_ > held_.size() / 2) {
      held_.Assign(held_.data() + read_, held_.size() - read_);
      read_ = 0;
    }
    uint8_t* const to = held_.Room(sizeof head + size);
    std::memcpy(to, &head, sizeof head);
    if (size > 0) std::memcpy(to + sizeof head, bytes, size);
    held_.Grow(sizeof head + size);
  }

  /// Bytes of the next piece, at most `room`. `is_end` when the frame ends with them.
  [[nodiscard]] size_t Read(uint8_t* to, size_t room, bool& is_end) noexcept {
    is_end = false;
    if (empty()) return 0;
    Head head;
    std::memcpy(&head, held_.data() + read_, sizeof head);
    const size_t left = head.size - in_piece_;
    const size_t size = left < room ? left : room;
    if (size > 0) std::memcpy(to, held_.data() + read_ + sizeof head + in_piece_, size);
    in_piece_ += static_cast<uint32_t>(size);
    if (in_piece_ < head.size) return size;
    is_end = head.is_last != 0;
    read_ += sizeof head + head.size;
    in_piece_ = 0;
    if (read_ == held_.size()) Clear();
    return size;
  }

  void Clear() noexcept {
    held_.Clear();
    read_ = 0;
    in_piece_ = 0;
  }

  [[nodiscard]] bool empty() const noexcept { return held_.empty(); }
  /// What is left to read, with what marks the ends.
  [[nodiscard]] size_t bytes() const noexcept { return held_.size() - read_ - in_piece_; }
  [[nodiscard]] size_t memory() const noexcept { return held_.capacity(); }

 private:
  struct Head {
    uint32_t size;
    uint32_t is_last;
  };

  static_assert(sizeof(Head) == kHeadBytes);

  InputTail held_;
  size_t read_ = 0;  // in held_, always at a head
  uint32_t in_piece_ = 0;
};

}  // namespace meerkat
