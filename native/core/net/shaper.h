/// Holds a connection to a number of bytes a second, in bursts of one second.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace meerkat {

/// A token bucket. Nothing is lost: the reader stops while the bucket is empty, and TCP holds the sender back.
class Shaper {
 public:
  Shaper(uint64_t bytes_per_second, uint64_t now_ms) noexcept
      : rate_(bytes_per_second), tokens_(bytes_per_second), filled_ms_(now_ms) {}

  /// How many bytes may be read now.
  [[nodiscard]] size_t Allowance(uint64_t now_ms) noexcept {
    Fill(now_ms);
    return static_cast<size_t>(tokens_);
  }

  void Take(size_t bytes) noexcept { tokens_ -= std::min<uint64_t>(tokens_, bytes); }

  [[nodiscard]] uint64_t rate() const noexcept { return rate_; }

 private:
  void Fill(uint64_t now_ms) noexcept {
    const uint64_t elapsed = now_ms - filled_ms_;
    if (elapsed >= 1000) {
      tokens_ = rate_;
      filled_ms_ = now_ms;
      return;
    }
    const uint64_t earned = rate_ * elapsed / 1000;
    // Time that has earned less than a byte is kept for the next call.
    if (earned == 0) return;
    tokens_ = std::min(rate_, tokens_ + earned);
    filled_ms_ = now_ms;
  }

  uint64_t rate_;
  uint64_t tokens_;
  uint64_t filled_ms_;
};

}  // namespace meerkat
