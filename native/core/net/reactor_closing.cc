/// How the reactor's connections end, each of them in one of three ways: written out, broken, or moved away.
#include <sys/epoll.h>

#include <algorithm>

#include "core/net/reactor.h"

namespace meerkat {

namespace {

/// How long the peer may take over our last bytes.
constexpr uint64_t kClosingMs = 10'000;
/// How long we then wait for its own end, lest unread input turn ours into a reset (RFC 9293 section 3.6.1).
constexpr uint64_t kLingerMs = 2'000;
constexpr size_t kMostDrained = 1u << 20;

}  // namespace

void Reactor::Close(Connection& connection) {
  if (!connection.is_open()) return;
  connection.state = Connection::State::kClosing;
  connection.tail.Clear();
  if (connection.frames) connection.frames->inbox.Clear();
  if (connection.shaping) wheel_.Clear(connection.shaping->timer);
  SetTimer(connection.deadline, kClosingMs);
  ScheduleOutput(connection);
}

void Reactor::Abort(Connection& connection) {
  Retire(connection, CloseReason::kLocal, Connection::State::kClosed);
}

/// Everything is with the kernel: says so to JavaScript, and leaves the socket to linger.
void Reactor::CompleteClose(Connection& connection) {
  if (connection.tls) {
    connection.tls->Finish();
    if (connection.tls->Flush() == TlsSession::Result::kBlocked) return;
  }
  Retire(connection, CloseReason::kLocal, Connection::State::kLingering);
}

void Reactor::Break(Connection& connection, CloseReason reason) {
  // A failed handshake has sent an alert that the peer should be able to read.
  const bool lingers = reason == CloseReason::kTlsFailed || reason == CloseReason::kPeer;
  Retire(connection, reason, lingers ? Connection::State::kLingering : Connection::State::kClosed);
}

void Reactor::Retire(Connection& connection, CloseReason reason, Connection::State state) {
  if (!connection.may_write()) return;
  if (connection.frames) {
    const bool is_done = connection.state == Connection::State::kClosing && reason == CloseReason::kLocal && connection.output.empty();
    Release(connection, is_done ? Release::kDone : Release::kCut);
    state = Connection::State::kClosed;
  }
  Depart(connection, reason, state);
  connection.tail.Clear();
  connection.output.Clear(blocks_);
  if (connection.compression) connection.compression->output.Clear(blocks_);
  bytes_in_ += connection.socket.bytes_in;
  bytes_out_ += connection.socket.bytes_out;
  connection.socket.bytes_in = connection.socket.bytes_out = 0;
  if (state == Connection::State::kClosed) return connection.socket.Close();
  if (connection.tls) {
    connection.tls->Finish();
    (void)connection.tls->Flush();
  }
  connection.socket.FinishSending();
  SetTimer(connection.deadline, kLingerMs);
  Drain(connection);
}

/// What JavaScript knows of the connection ends here.
void Reactor::Depart(Connection& connection, CloseReason reason, Connection::State state) {
  connection.state = state;
  wheel_.Clear(connection.deadline);
  if (connection.shaping) wheel_.Clear(connection.shaping->timer);
  connections_--;
  Tell(EventKind::kClosed, connection, static_cast<uint32_t>(reason));
  gone_.push_back({&connection, notices_queued_});
}

/// Reads to the end, so that the kernel does not answer late bytes with a reset that overtakes our last ones.
void Reactor::Drain(Connection& connection) {
  uint8_t nothing[4096];
  for (;;) {
    const ssize_t size = connection.socket.Receive(nothing, sizeof nothing);
    if (size == Socket::kBlocked) return;
    if (size <= 0 || connection.socket.bytes_in > kMostDrained) return Drop(connection);
  }
}

/// The end of lingering.
void Reactor::Drop(Connection& connection) {
  wheel_.Clear(connection.deadline);
  connection.socket.Close();
  connection.state = Connection::State::kClosed;
  // One that is still in `gone_` is destroyed from there.
  if (lingering_.erase(&connection) != 0) dead_.push_back(&connection);
}

void Reactor::Forget(Connection& connection) {
  if (connection.is_ready) std::erase(ready_, &connection);
  if (connection.is_dirty) std::erase(dirty_, &connection);
  if (connection.is_stalled) std::erase(stalled_, &connection);
  connection.is_ready = connection.is_dirty = connection.is_stalled = false;
}

void Reactor::Destroy(Connection* connection) {
  Forget(*connection);
  wheel_.Clear(connection->deadline);
  if (connection->shaping) wheel_.Clear(connection->shaping->timer);
  delete connection;
}

void Reactor::Stop(void (*stopped)(void*), void* context) {
  stopped_ = stopped;
  stopped_context_ = context;
  is_stopping_ = true;
  // Within a batch JavaScript still looks at connections; `EndBatch` comes back here.
  if (in_batch_ || !is_running_) return;
  is_running_ = false;
  ShardRegistry::OfProcess().Remove(settings_.group, settings_.shard);
  mailbox_->Close();
  DestroyConnections();
  mail_.clear();
  outgoing_.clear();
  for (Neighbour& neighbour : neighbours_) neighbour = Neighbour();
  listeners_.clear();
  frame_policies_.clear();
  carriers_.clear();
  free_carriers_.clear();
  reporting_.clear();
  far_ends_.clear();
  for (uv_handle_t* handle : {reinterpret_cast<uv_handle_t*>(&poll_), reinterpret_cast<uv_handle_t*>(&prepare_),
                              reinterpret_cast<uv_handle_t*>(&check_), reinterpret_cast<uv_handle_t*>(&idle_),
                              reinterpret_cast<uv_handle_t*>(&timer_), reinterpret_cast<uv_handle_t*>(&async_)}) {
    uv_close(handle, [](uv_handle_t* closed) {
      auto* const reactor = static_cast<Reactor*>(closed->data);
      // The reactor may go with this call.
      if (--reactor->open_handles_ == 0) reactor->stopped_(reactor->stopped_context_);
    });
  }
}

void Reactor::DestroyConnections() {
  // One that moves belongs to its parcel.
  ready_.clear();
  dirty_.clear();
  stalled_.clear();
  gone_.clear();
  for (const Slot& slot : slots_) {
    if (slot.connection && slot.connection->state != Connection::State::kMoved) Destroy(slot.connection);
  }
  slots_.clear();
  free_slots_.clear();
  for (Connection* connection : lingering_) Destroy(connection);
  for (Connection* connection : dead_) Destroy(connection);
  lingering_.clear();
  dead_.clear();
  notices_.clear();
  connections_ = 0;
}

}  // namespace meerkat
