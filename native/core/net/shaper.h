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
      : rate_(std::min(bytes_per_second, kMostRate)), credit_(rate_ * 1000), filled_ms_(now_ms) {}

  /// How many bytes may be read now.
  [[nodiscard]] size_t Allowance(uint64_t now_ms) noexcept {
    // The clock of another loop, whence the connection came, may be a little ahead.
    const uint64_t elapsed = now_ms > filled_ms_ ? std::min<uint64_t>(now_ms - filled_ms_, 1000) : 0;
    credit_ = std::min(rate_ * 1000, credit_ + rate_ * elapsed);
    filled_ms_ = now_ms;
    return static_cast<size_t>(credit_ / 1000);
  }

  void Take(size_t bytes) noexcept { credit_ -= std::min<uint64_t>(credit_, uint64_t{bytes} * 1000); }

 private:
  /// Far beyond any network; keeps the product below in range.
  static constexpr uint64_t kMostRate = uint64_t{1} << 40;

  uint64_t rate_;       // bytes a second
  uint64_t credit_;     // thousandths of bytes
  uint64_t filled_ms_;
};

}  // namespace meerkat
