/// The reactor's connections from load balancers, before their header is read: nobody hears of them until it is.
#include <algorithm>
#include <cstring>

#include "core/net/proxy_protocol.h"
#include "core/net/reactor.h"

namespace meerkat {

namespace {

Refusal RefusalFor(ProxyStatus status) {
  switch (status) {
    case ProxyStatus::kMissing: return Refusal::kMissing;
    case ProxyStatus::kTooLong: return Refusal::kTooLong;
    case ProxyStatus::kBadChecksum: return Refusal::kBadChecksum;
    default: return Refusal::kBroken;
  }
}

}  // namespace

void Reactor::AwaitHeader(Connection& connection, const Listener& listener) {
  connection.is_awaiting_header = true;
  connection.proxied = std::make_unique<Proxied>(connection.remote, listener.id);
  connection.proxied->direct_tls = listener.direct_tls();
  if (const uint64_t ms = connection.policy->proxy->deadline_ms) SetTimer(connection.deadline, ms);
}

/// True once the header is read and the connection is announced.
bool Reactor::ReadHeader(Connection& connection) {
  Socket& socket = connection.socket;
  if (!connection.is_open() || !socket.readable()) return false;
  // The bytes stay with the kernel until the header is whole: waiting for it costs no memory, and what follows it is not touched.
  uint8_t bytes[kMostProxyHeader];
  const size_t limit = connection.policy->proxy->max_header_bytes;
  const ssize_t size = socket.Peek(bytes, limit);
  if (size == Socket::kBlocked) return false;
  if (size == Socket::kEnd || size == Socket::kBroken) {
    Dismiss(connection);
    return false;
  }
  connection.proxied->has_begun = true;
  const ProxyResult result = ReadProxyHeader({bytes, static_cast<size_t>(size)}, limit);
  if (result.status == ProxyStatus::kNeedMore && !socket.finished()) {
    socket.AwaitMore();
    return false;
  }
  if (result.status != ProxyStatus::kDone) {
    const bool is_cut = result.status == ProxyStatus::kNeedMore;
    Refuse(connection, is_cut ? Refusal::kCutShort : RefusalFor(result.status));
    return false;
  }
  // `bytes` get the same again, so that the header stays valid.
  if (socket.Receive(bytes, result.consumed) != static_cast<ssize_t>(result.consumed)) {
    Dismiss(connection);
    return false;
  }
  AcceptHeader(connection, result.header);
  return connection.is_open();
}

void Reactor::AcceptHeader(Connection& connection, const ProxyHeader& header) {
  Proxied& proxied = *connection.proxied;
  const uint32_t listener = proxied.listener;
  const std::shared_ptr<const TlsContext> direct_tls = std::move(proxied.direct_tls);
  wheel_.Clear(connection.deadline);
  connection.is_awaiting_header = false;
  if (header.family == ProxyHeader::Family::kIpv4 || header.family == ProxyHeader::Family::kIpv6) {
    const size_t size = header.family == ProxyHeader::Family::kIpv4 ? 4 : 16;
    connection.remote = SocketAddress({header.source, size}, header.source_port);
  }
  if (header.family == ProxyHeader::Family::kUnknown) {
    // The balancer speaks for itself, or knows nothing: the addresses of the socket hold.
    connection.proxied.reset();
  } else {
    proxied.Keep(header.tlvs);
  }
  Begin(connection, listener, direct_tls);
}

/// Closes without a word a connection that nobody has heard of, and remembers why.
void Reactor::Refuse(Connection& connection, Refusal reason) {
  NoteRefusal(connection.proxied->listener, reason, connection.remote);
  Discard(connection);
}

/// The peer has gone before its header was there. Whoever sent nothing has only looked whether somebody listens.
void Reactor::Dismiss(Connection& connection) {
  if (connection.proxied->has_begun) return Refuse(connection, Refusal::kCutShort);
  Discard(connection);
}

void Reactor::NoteRefusal(uint32_t listener, Refusal reason, const SocketAddress& from) {
  refusals_.Add(listener, reason, from);
  // Who is not told at once is told by a tick.
  StartTicking();
}

void Reactor::Discard(Connection& connection) {
  wheel_.Clear(connection.deadline);
  bytes_in_ += connection.socket.bytes_in;
  connection.socket.Close();
  connection.state = Connection::State::kClosed;
  connections_--;
  slots_[connection.slot] = {nullptr, connection.generation + 1};
  free_slots_.push_back(connection.slot);
  // An event of this turn may still name it.
  dead_.push_back(&connection);
}

void Reactor::TellRefusals() {
  const uint64_t now = uv_now(loop_);
  while (const Refusals::Kind* const kind = refusals_.Due(now)) {
    const std::string from = kind->last.Text();
    if (batch_.is_full() || !notices_.empty() || !EnsureArena(from.size())) return;
    uint32_t* const words = batch_.Add(EventKind::kRefused, 0, 0);
    words[word::kStart] = static_cast<uint32_t>(batch_.used());
    words[word::kEnd] = static_cast<uint32_t>(batch_.used() + from.size());
    words[word::kDetail] = kind->listener << 8 | static_cast<uint32_t>(kind->reason);
    words[word::kCount] = kind->count;
    std::memcpy(batch_.tail(), from.data(), from.size());
    batch_.Use(from.size());
    refusals_.Told(*kind, now);
  }
}

}  // namespace meerkat
