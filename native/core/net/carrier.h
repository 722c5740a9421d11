/// The end of a connection that the owner of its socket holds, and the way to the other end where a shard lies between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/shard/mailbox.h"

namespace meerkat {

/// What both ends call the carrier: its place on the shard of the socket.
struct CarrierName {
  uint32_t slot = 0;
  uint32_t generation = 0;
};

/// The shard with the other end; nowhere when that is here.
struct FarEnd {
  std::shared_ptr<Mailbox> mailbox;  // shared with its owner; null for here
  uint32_t shard = 0;

  [[nodiscard]] bool is_far() const noexcept { return mailbox != nullptr; }
  /// That shard has ended; one that was started anew in its place knows nothing of us.
  [[nodiscard]] bool is_lost() const noexcept { return mailbox && !mailbox->is_open(); }
};

/// What one end tells the other. `kind` of the message says what the numbers mean.
struct RelayHead {
  CarrierName carrier;
  uint32_t first = 0;
  uint32_t second = 0;
};

/// Sizes of frames that have not left, in order.
class FrameSizes {
 public:
  void Add(uint32_t size) { sizes_.push_back(size); }
  /// So many bytes have left; returns how many frames have, with their last byte.
  [[nodiscard]] uint32_t Take(size_t bytes) {
    uint32_t frames = 0;
    for (taken_ += bytes; next_ < sizes_.size() && taken_ >= sizes_[next_]; next_++, frames++) taken_ -= sizes_[next_];
    if (next_ == sizes_.size()) {
      sizes_.clear();
      if (sizes_.capacity() > kMostIdle) sizes_.shrink_to_fit();
      next_ = taken_ = 0;
    } else if (next_ > kMostIdle && next_ > sizes_.size() / 2) {
      sizes_.erase(sizes_.begin(), sizes_.begin() + static_cast<ptrdiff_t>(next_));
      next_ = 0;
    }
    return frames;
  }
  [[nodiscard]] size_t memory() const noexcept { return sizes_.capacity() * sizeof(uint32_t); }

 private:
  static constexpr size_t kMostIdle = 16;

  std::vector<uint32_t> sizes_;
  size_t next_ = 0;
  size_t taken_ = 0;  // of the next one
};

struct Carrier {
  CarrierName name;
  /// From `Attach` to `Detach`.
  bool is_taken = false;
  /// The connection is gone, and the owner is told so.
  bool is_released = false;
  /// The owner was told to stop, and waits for kReadOn.
  bool owes_read_on = false;
  /// The owner fed more than may wait.
  bool has_failed = false;
  /// In the reactor's list of those with something to report.
  bool is_reporting = false;
  /// The connection, where it is here.
  uint32_t slot = 0;
  uint32_t generation = 0;
  FarEnd away;
  size_t max_input_bytes = 0;
  /// Fed, and not read yet as far as we know.
  size_t waiting = 0;
  /// What the connection, which is far, has not been told of: bytes and frames that have left.
  size_t sent_bytes = 0;
  uint32_t sent_frames = 0;
  /// From so many of either on it is told at once.
  size_t telling_bytes = 0;
  uint32_t telling_frames = 0;
  FrameSizes sizes;
};

}  // namespace meerkat
