#include "core/net/socket_address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <cstring>

namespace meerkat {

SocketAddress::SocketAddress(const sockaddr_storage& storage) noexcept {
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    std::memcpy(bytes_, &v4.sin_addr, 4);
    port_ = ntohs(v4.sin_port);
    is_v4_ = true;
  } else if (storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    port_ = ntohs(v6.sin6_port);
    is_v4_ = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
    if (is_v4_) {
      std::memcpy(bytes_, v6.sin6_addr.s6_addr + 12, 4);
    } else {
      std::memcpy(bytes_, &v6.sin6_addr, 16);
    }
  }
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
  if (port_ == 0 && !is_v4_) return {};
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(is_v4_ ? AF_INET : AF_INET6, bytes_, text, sizeof text);
  return text;
}

}  // namespace meerkat
