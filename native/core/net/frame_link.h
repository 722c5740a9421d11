/// What a connection has in place of a socket: frames, whose socket somebody else on this loop owns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "core/net/carrier.h"
#include "core/net/input_tail.h"
#include "core/net/listener.h"
#include "core/xml/stream_framer.h"

namespace meerkat {

/// Pieces of frames that were fed and are not read yet, with the ends of frames; holds no memory while there are none.
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

struct FrameLink {
  Framing framing = Framing::kStream;
  /// Everything was read up to the end of a frame, which the framer has not been told.
  bool is_frame_over = false;
  /// The owner has not let go.
  bool has_carrier = true;
  CarrierName carrier;
  /// Where the carrier is.
  FarEnd away;
  /// Of the shard of the socket, while we move away from it.
  std::shared_ptr<Mailbox> origin;
  FrameInbox inbox;
  /// Read from the inbox, and not told to a carrier that is far.
  size_t taken = 0;
  /// Of frames that the owner has, and that its socket has not taken.
  size_t under_way = 0;
  uint32_t writes_under_way = 0;
  /// When more was under way than may be, to a carrier that is far; 0 when there is not.
  uint64_t over_since_ms = 0;
  /// The last batch that frames were put into: until it was delivered, the owner cannot know of them.
  uint32_t last_batch = 0;
  /// What the owner told of the transport; only TypeScript reads it.
  std::string facts;

  /// More is under way than the limits allow.
  [[nodiscard]] bool is_over(const ConnectionPolicy& policy) const noexcept {
    return under_way > policy.max_output_bytes || (policy.max_output_writes != 0 && writes_under_way > policy.max_output_writes);
  }
  [[nodiscard]] size_t memory() const noexcept { return sizeof *this + inbox.memory() + facts.capacity(); }
};

}  // namespace meerkat
