/// Reads attribute values as XML means them: references resolved, white space normalized (XML 1.0 section 3.3.3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace meerkat {

/// A value as it stands in the bytes.
struct RawValue {
  std::string_view text;
  /// Nothing has to be done to it.
  bool is_plain = true;
};

/// Gives the bytes of a validated value one after another, without memory of its own.
class ValueReader {
 public:
  explicit ValueReader(RawValue value) noexcept : value_(value) {}
  /// The next byte, or -1 at the end.
  [[nodiscard]] int Next() noexcept;

 private:
  int Reference() noexcept;

  RawValue value_;
  size_t at_ = 0;
  uint8_t pending_[3] = {};
  uint8_t pending_count_ = 0;
};

[[nodiscard]] bool SameOddValue(RawValue left, RawValue right) noexcept;
[[nodiscard]] inline bool SameValue(RawValue left, RawValue right) noexcept {
  return left.is_plain && right.is_plain ? left.text == right.text : SameOddValue(left, right);
}
[[nodiscard]] inline bool SameValue(RawValue left, std::string_view right) noexcept { return SameValue(left, RawValue{right}); }

/// The value in `room`; empty and `fits` false when it is longer.
[[nodiscard]] std::string_view ReadValue(RawValue value, char* room, size_t size, bool& fits) noexcept;
[[nodiscard]] std::string ReadValue(RawValue value);

}  // namespace meerkat
