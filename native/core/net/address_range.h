/// Networks in CIDR notation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/net/socket_address.h"

namespace meerkat {

class AddressRange {
 public:
  /// `10.0.0.0/8`, or one address alone; nothing for any other text.
  [[nodiscard]] static std::optional<AddressRange> Parse(const std::string& text);

  [[nodiscard]] bool Contains(const SocketAddress& address) const noexcept;

 private:
  AddressRange(const SocketAddress& first, uint32_t bits) noexcept : first_(first), bits_(bits) {}

  SocketAddress first_;
  uint32_t bits_;  // that count
};

}  // namespace meerkat
