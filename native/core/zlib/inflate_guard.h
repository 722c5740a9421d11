/// Tells traffic that compresses well from a bomb, by what came in and what came out of it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace meerkat {

/// A stream may grow to a hundred times its bytes for ever, and for a while to more. src/engine/portable/inflate-guard.ts has the
/// same numbers.
class InflateGuard {
 public:
  /// What XML that people write never reaches; deflate itself ends at 1032.
  static constexpr int64_t kRatio = 100;
  /// Bytes above the ratio, in all: one stanza of the usual limits may consist of a single letter.
  static constexpr int64_t kAllowance = 256 * 1024;
  /// What a stream that stayed below the ratio has in hand: a bomb must not live on the good behaviour of hours.
  static constexpr int64_t kCredit = 64 * 1024;
  /// Bytes in a row that say nothing: empty blocks cost as much to read as others.
  static constexpr size_t kMostSilent = 64 * 1024;
  /// From here on a piece counts as bloated.
  static constexpr int64_t kNoticeable = 1024;

  /// `in` bytes became `out`. False once it is too much.
  [[nodiscard]] bool Take(size_t in, size_t out) noexcept {
    const int64_t growth = static_cast<int64_t>(out) - kRatio * static_cast<int64_t>(in);
    is_bloated_ = growth > kNoticeable;
    excess_ = std::max(excess_ + growth, -kCredit);
    silent_ = out > 0 ? 0 : silent_ + in;
    return excess_ <= kAllowance && silent_ <= kMostSilent;
  }

  /// The last piece grew more than text does. If nothing else is wrong with it than its contents, they are not worth a name.
  [[nodiscard]] bool is_bloated() const noexcept { return is_bloated_; }

 private:
  int64_t excess_ = 0;
  size_t silent_ = 0;
  bool is_bloated_ = false;
};

}  // namespace meerkat
