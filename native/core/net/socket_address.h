/// Numeric addresses of sockets, IPv4 and IPv6.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

namespace meerkat {

/// An address and port in 20 bytes, as each connection record keeps it.
class SocketAddress {
 public:
  SocketAddress() noexcept = default;
  explicit SocketAddress(const sockaddr_storage& storage) noexcept;

  /// Nothing unless `text` is a numeric IPv4 or IPv6 address, the latter perhaps with a `%scope`.
  [[nodiscard]] static std::optional<sockaddr_storage> Parse(const std::string& text, uint16_t port);

  /// An IPv4 address that came in over a dual-stack socket reads as IPv4.
  [[nodiscard]] std::string Text() const;
  [[nodiscard]] uint16_t port() const noexcept { return port_; }

 private:
  uint8_t bytes_[16] = {};
  uint16_t port_ = 0;
  bool is_v4_ = false;
};

}  // namespace meerkat
