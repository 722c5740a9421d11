/// Connections that the reactor begins itself, as a client or as another server.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "core/net/reactor.h"

namespace meerkat {

namespace {

/// Of the CONNECTED that no listener has brought.
constexpr uint32_t kNoListener = UINT32_MAX;

socklen_t SizeOf(const sockaddr_storage& address) {
  return address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

std::string Where(const ConnectSettings& settings) {
  return settings.address + " port " + std::to_string(settings.port);
}

Connection* Fail(Failure& failure, const ConnectSettings& settings, int error) {
  const char* const name = strerrorname_np(error);
  failure = {name ? name : "EUNKNOWN", "Cannot connect to " + Where(settings) + ": " + strerror(error) + "."};
  return nullptr;
}

Connection* RefuseAddress(Failure& failure, const std::string& what, const std::string& text) {
  failure = {"EINVAL", "Cannot connect " + what + " '" + text + "': not a numeric IPv4 or IPv6 address."};
  return nullptr;
}

/// The port is chosen when the other end is known: one local port serves many of them.
bool BindTo(int descriptor, const sockaddr_storage& local) {
  const int on = 1;
  return setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) == 0 &&
         bind(descriptor, reinterpret_cast<const sockaddr*>(&local), SizeOf(local)) == 0;
}

}  // namespace

Connection* Reactor::Connect(const ConnectSettings& settings, std::shared_ptr<const ConnectionPolicy> policy,
                             Failure& failure) {
  const auto remote = SocketAddress::Parse(settings.address, settings.port);
  if (!remote) return RefuseAddress(failure, "to", settings.address);
  std::optional<sockaddr_storage> local;
  if (!settings.local_address.empty()) {
    local = SocketAddress::Parse(settings.local_address, 0);
    if (!local) return RefuseAddress(failure, "from", settings.local_address);
  }
  const int descriptor = socket(remote->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return Fail(failure, settings, errno);
  auto made = std::make_unique<Connection>(descriptor, std::move(policy), SocketAddress(*remote));
  Connection& connection = *made;
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (local && !BindTo(descriptor, *local)) return Fail(failure, settings, errno);
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&*remote), SizeOf(*remote)) != 0 && errno != EINPROGRESS) {
    return Fail(failure, settings, errno);
  }
  // Also one that stands already is told of by the first event.
  connection.is_connecting = true;
  connection.socket.AwaitWritable();
  if (!Adopt(std::move(made))) return Fail(failure, settings, errno);
  if (settings.deadline_ms != 0) SetTimer(connection.deadline, settings.deadline_ms);
  connection.output.Append(blocks_, settings.preamble.data(), settings.preamble.size());
  if (settings.direct_tls && !BeginTls(connection, settings.direct_tls, settings.server_name)) {
    Break(connection, CloseReason::kTlsFailed);
  }
  UpdateHandles();
  return &connection;
}

/// True once the connection stands.
bool Reactor::FinishConnecting(Connection& connection, uint32_t events) {
  if (events & (EPOLLERR | EPOLLHUP)) {
    Break(connection, CloseReason::kUnreachable);
    return false;
  }
  if (!(events & EPOLLOUT)) return false;
  connection.is_connecting = false;
  if (connection.is_open()) Tell(EventKind::kConnected, connection, kNoListener);
  return true;
}

}  // namespace meerkat
