#include "core/net/listener.h"

#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace meerkat {

namespace {

const char* ErrorName(int error) {
  const char* const name = strerrorname_np(error);
  return name ? name : "EUNKNOWN";
}

std::unique_ptr<Listener> Refuse(Failure& failure, const ListenSettings& settings, int error) {
  const std::string where = settings.address + " port " + std::to_string(settings.port);
  failure = {ErrorName(error), "Cannot listen on " + where + ": " + strerror(error) + "."};
  return nullptr;
}

bool SetOptions(int descriptor, const ListenSettings& settings, bool is_v6) {
  const int on = 1;
  const int v6_only = settings.ipv6_only ? 1 : 0;
  const auto set = [&](int level, int name, const int& value) {
    return setsockopt(descriptor, level, name, &value, sizeof value) == 0;
  };
  // Accepted sockets take TCP_NODELAY over: output is gathered here, so the kernel need not wait for more.
  return set(SOL_SOCKET, SO_REUSEADDR, on) && (!settings.reuse_port || set(SOL_SOCKET, SO_REUSEPORT, on)) &&
         (!is_v6 || set(IPPROTO_IPV6, IPV6_V6ONLY, v6_only)) && set(IPPROTO_TCP, TCP_NODELAY, on);
}

}  // namespace

std::unique_ptr<Listener> Listener::Open(const ListenSettings& settings, std::shared_ptr<const ConnectionPolicy> policy,
                                         Failure& failure) {
  const auto address = SocketAddress::Parse(settings.address, settings.port);
  if (!address) {
    failure = {"EINVAL", "Cannot listen on '" + settings.address + "': not a numeric IPv4 or IPv6 address."};
    return nullptr;
  }
  const bool is_v6 = address->ss_family == AF_INET6;
  const int descriptor = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return Refuse(failure, settings, errno);
  std::unique_ptr<Listener> listener(new Listener(descriptor, settings, std::move(policy)));
  const socklen_t size = is_v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  sockaddr_storage bound{};
  socklen_t bound_size = sizeof bound;
  if (!SetOptions(descriptor, settings, is_v6) ||
      bind(descriptor, reinterpret_cast<const sockaddr*>(&*address), size) != 0 ||
      listen(descriptor, settings.backlog) != 0 ||
      getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &bound_size) != 0) {
    return Refuse(failure, settings, errno);
  }
  listener->port_ = SocketAddress(bound).port();
  return listener;
}

Listener::~Listener() { close(descriptor_); }

int Listener::Accept(SocketAddress& remote) noexcept {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  const int descriptor =
      accept4(descriptor_, reinterpret_cast<sockaddr*>(&storage), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor >= 0) remote = SocketAddress(storage);
  return descriptor;
}

}  // namespace meerkat
