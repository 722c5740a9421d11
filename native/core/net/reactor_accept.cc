/// The reactor's listeners, and how a connection gets its place.
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/net/reactor.h"

namespace meerkat {

namespace {

constexpr int kAcceptsPerEvent = 128;

}  // namespace

Listener* Reactor::Listen(const ListenSettings& settings, std::shared_ptr<const ConnectionPolicy> policy,
                          Failure& failure) {
  std::unique_ptr<Listener> listener = Listener::Open(settings, std::move(policy), failure);
  if (!listener) return nullptr;
  listener->id = static_cast<uint32_t>(listeners_.size());
  epoll_event watched{.events = EPOLLIN, .data = {.ptr = static_cast<Pollable*>(listener.get())}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, listener->descriptor(), &watched) != 0) {
    failure = {strerrorname_np(errno), std::string("Cannot watch a listening socket: ") + strerror(errno) + "."};
    return nullptr;
  }
  listeners_.push_back(std::move(listener));
  UpdateHandles();
  return listeners_.back().get();
}

void Reactor::Unlisten(uint32_t listener) {
  if (listener < frame_policies_.size()) frame_policies_[listener].reset();
  if (listener >= listeners_.size() || !listeners_[listener]) return;
  std::erase(resting_, listeners_[listener].get());
  listeners_[listener].reset();
  UpdateHandles();
}

bool Reactor::SetDirectTls(uint32_t listener, std::shared_ptr<const TlsContext> context) {
  if (listener >= listeners_.size() || !listeners_[listener]) return true;
  if (!listeners_[listener]->direct_tls()) return false;
  listeners_[listener]->set_direct_tls(std::move(context));
  return true;
}

void Reactor::WatchListener(Listener& listener, bool is_watched) {
  epoll_event watched{.events = is_watched ? EPOLLIN : 0u, .data = {.ptr = static_cast<Pollable*>(&listener)}};
  epoll_ctl(epoll_, EPOLL_CTL_MOD, listener.descriptor(), &watched);
}

void Reactor::Accept(Listener& listener) {
  for (int i = 0; i < kAcceptsPerEvent; i++) {
    SocketAddress remote;
    const int descriptor = listener.Accept(remote);
    if (descriptor < 0) {
      if (errno == EAGAIN) return;
      if (errno == EMFILE || errno == ENFILE) return ShedConnection(listener);
      // The peer gave up before we came; anything else would be reported again at once.
      if (errno == ECONNABORTED || errno == EPROTO || errno == EINTR) continue;
      return RestListener(listener);
    }
    if (listener.is_full()) {
      Socket(descriptor).Reset();
      continue;
    }
    accepted_++;
    const ProxyRules* const proxy = listener.policy()->proxy.get();
    if (proxy && !proxy->Trusts(remote)) {
      Socket(descriptor).Close();
      NoteRefusal(listener.id, Refusal::kUntrusted, remote);
      continue;
    }
    auto accepted = std::make_unique<Connection>(descriptor, listener.policy(), remote);
    Connection& connection = *accepted;
    if (!Adopt(std::move(accepted))) continue;
    if (proxy) {
      AwaitHeader(connection, listener);
    } else {
      Begin(connection, listener.id, listener.direct_tls());
    }
  }
}

/// Everything about the client's address is known by now.
void Reactor::Begin(Connection& connection, uint32_t listener, const std::shared_ptr<const TlsContext>& direct_tls) {
  Tell(EventKind::kConnected, connection, listener);
  if (const uint64_t ms = connection.policy->authentication_deadline_ms) SetTimer(connection.deadline, ms);
  if (direct_tls && !BeginTls(connection, direct_tls, {})) Break(connection, CloseReason::kTlsFailed);
}

/// Out of descriptors, the kernel would report the waiting connection for ever: one kept in reserve takes it off.
void Reactor::ShedConnection(Listener& listener) {
  bool is_done = false;
  if (reserve_ >= 0) {
    close(reserve_);
    SocketAddress remote;
    const int descriptor = listener.Accept(remote);
    // Nobody waits: the kernel complains about descriptors before it looks.
    is_done = descriptor >= 0 || errno == EAGAIN;
    if (descriptor >= 0) Socket(descriptor).Reset();
  }
  reserve_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (!is_done) RestListener(listener);
}

void Reactor::RestListener(Listener& listener) {
  WatchListener(listener, false);
  resting_.push_back(&listener);
  StartTicking();
}

bool Reactor::Adopt(std::unique_ptr<Connection> connection) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.push_back({nullptr, 1});
  }
  // Edge-triggered and for everything: one system call for the life of the connection, whatever is waited for.
  epoll_event watched{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                      .data = {.ptr = static_cast<Pollable*>(connection.get())}};
  if (!connection->frames && epoll_ctl(epoll_, EPOLL_CTL_ADD, connection->socket.descriptor(), &watched) != 0) return false;
  const uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  connection->slot = slot;
  connection->generation = slots_[slot].generation;
  slots_[slot].connection = connection.release();
  connections_++;
  return true;
}

Connection* Reactor::Find(uint32_t slot, uint32_t generation) noexcept {
  if (!is_running_ || slot >= slots_.size() || slots_[slot].generation != generation) return nullptr;
  Connection* const connection = slots_[slot].connection;
  if (!connection || !(connection->is_open() || connection->state == Connection::State::kClosing)) return nullptr;
  return connection;
}

}  // namespace meerkat
