/// Numeric addresses of sockets, IPv4 and IPv6.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace meerkat {

/// An address and port in 20 bytes, as each connection record keeps it.
class SocketAddress {
 public:
  SocketAddress() noexcept = default;
  explicit SocketAddress(const sockaddr_storage& storage) noexcept;
  /// From 4 or 16 bytes in network order.
  SocketAddress(std::span<const uint8_t> bytes, uint16_t port) noexcept;

  /// Nothing unless `text` is a numeric IPv4 or IPv6 address, the latter perhaps with a `%scope`.
  [[nodiscard]] static std::optional<sockaddr_storage> Parse(const std::string& text, uint16_t port);

  /// An IPv4 address that came in over a dual-stack socket reads as IPv4. Empty for no address.
  [[nodiscard]] std::string Text() const;
  [[nodiscard]] uint16_t port() const noexcept { return port_; }
  /// 4 or 16 bytes in network order; none for no address.
  [[nodiscard]] std::span<const uint8_t> bytes() const noexcept { return {bytes_, size_}; }

 private:
  uint8_t bytes_[16] = {};
  uint16_t port_ = 0;
  uint8_t size_ = 0;
};

}  // namespace meerkat
