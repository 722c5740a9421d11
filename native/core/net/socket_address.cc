#include "core/net/socket_address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <cstring>

namespace meerkat {

namespace {

/// RFC 4291 section 2.5.5.2.
constexpr uint8_t kMappedIpv4[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

SocketAddress::SocketAddress(const sockaddr_storage& storage) noexcept {
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    *this = SocketAddress({reinterpret_cast<const uint8_t*>(&v4.sin_addr), 4}, ntohs(v4.sin_port));
  } else if (storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    *this = SocketAddress({v6.sin6_addr.s6_addr, 16}, ntohs(v6.sin6_port));
  }
}

SocketAddress::SocketAddress(std::span<const uint8_t> bytes, uint16_t port) noexcept : port_(port) {
  if (bytes.size() == 16 && std::memcmp(bytes.data(), kMappedIpv4, sizeof kMappedIpv4) == 0) bytes = bytes.subspan(12);
  std::memcpy(bytes_, bytes.data(), bytes.size());
  size_ = static_cast<uint8_t>(bytes.size());
}

std::optional<sockaddr_storage> SocketAddress::Parse(const std::string& text, uint16_t port) {
  sockaddr_storage storage{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return storage;
  }
  const size_t percent = text.find('%');
  if (inet_pton(AF_INET6, text.substr(0, percent).c_str(), &v6.sin6_addr) != 1) return std::nullopt;
  if (percent != std::string::npos) {
    v6.sin6_scope_id = if_nametoindex(text.c_str() + percent + 1);
    if (v6.sin6_scope_id == 0) return std::nullopt;
  }
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  return storage;
}

std::string SocketAddress::Text() const {
  if (size_ == 0) return {};
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(size_ == 4 ? AF_INET : AF_INET6, bytes_, text, sizeof text);
  return text;
}

}  // namespace meerkat
