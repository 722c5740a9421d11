/// What an event of the kernel can be about.
#pragma once

#include <cstdint>

namespace meerkat {

/// The kernel hands back a pointer to this; the kind says what it is.
class Pollable {
 public:
  enum class Kind : uint8_t { kListener, kConnection };

  [[nodiscard]] Kind kind() const noexcept { return kind_; }

 protected:
  explicit Pollable(Kind kind) noexcept : kind_(kind) {}
  ~Pollable() = default;

 private:
  const Kind kind_;
};

}  // namespace meerkat
