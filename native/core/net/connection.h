/// One transport-level connection: everything that survives from one packet to the next.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/net/frame_link.h"
#include "core/net/input_tail.h"
#include "core/net/listener.h"
#include "core/net/output_queue.h"
#include "core/net/pollable.h"
#include "core/net/proxied.h"
#include "core/net/shaper.h"
#include "core/net/socket.h"
#include "core/net/socket_address.h"
#include "core/net/timer_wheel.h"
#include "core/shard/mailbox.h"
#include "core/tls/tls_session.h"
#include "core/xml/stream_framer.h"
#include "core/zlib/compression.h"

namespace meerkat {

class Connection;

/// A timer that knows whose it is.
struct ConnectionTimer : TimerNode {
  enum class Kind : uint8_t { kDeadline, kShaper };
  ConnectionTimer(Connection& owner, Kind kind) noexcept : connection(&owner), kind(kind) {}
  Connection* connection;  // not owned; clears us
  Kind kind;
};

/// A record of a few hundred bytes while nothing happens. Belongs to one reactor at a time, which does all the work.
class Connection final : public Pollable {
 public:
  enum class State : uint8_t {
    kOpen,
    kClosing,    // output is still being written
    kLingering,  // gone for JavaScript; reads on until the peer has taken our last bytes
    kClosed,     // gone, but the running batch may still hold elements of it
    kMoved,      // the same, and on its way to another shard
  };

  Connection(int descriptor, std::shared_ptr<const ConnectionPolicy> rules, const SocketAddress& from)
      : Pollable(Kind::kConnection),
        remote(from),
        socket(descriptor),
        policy(std::move(rules)),
        framer(policy->limits) {
    policy->connections.fetch_add(1, std::memory_order_relaxed);
  }
  /// One whose bytes come as frames, by a socket of somebody else's.
  Connection(std::unique_ptr<FrameLink> link, std::shared_ptr<const ConnectionPolicy> rules)
      : Pollable(Kind::kConnection),
        socket(-1),
        policy(std::move(rules)),
        frames(std::move(link)),
        framer(policy->limits, frames->framing) {
    policy->connections.fetch_add(1, std::memory_order_relaxed);
  }
  ~Connection() {
    // The session goes before the socket that it writes to.
    tls.reset();
    policy->connections.fetch_sub(1, std::memory_order_relaxed);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  struct Shaping {
    Shaping(Connection& owner, uint64_t rate, uint64_t now) noexcept
        : shaper(rate, now), timer(owner, ConnectionTimer::Kind::kShaper) {}
    Shaper shaper;
    ConnectionTimer timer;
  };

  /// ` from='…'` ready to be put in; empty until it was set.
  [[nodiscard]] std::string_view stamp() const noexcept {
    return stamp_bytes ? std::string_view(stamp_bytes.get(), stamp_size) : std::string_view();
  }
  /// Bytes that have been queued and not been taken by the kernel.
  [[nodiscard]] size_t queued_bytes() const noexcept {
    return output.bytes() + (frames ? frames->under_way : 0) + (compression ? compression->output.bytes() : 0) + (tls ? tls->wire().bytes() : 0);
  }
  /// What TLS, or the socket, is given.
  [[nodiscard]] OutputQueue& outgoing() noexcept { return compression ? compression->output : output; }
  /// More is queued than this part of its limits: 1 for all, 2 for half.
  [[nodiscard]] bool is_output_over(uint32_t part) const noexcept {
    return queued_bytes() > policy->max_output_bytes / part ||
           (policy->max_output_writes != 0 && queued_writes() > policy->max_output_writes / part);
  }
  [[nodiscard]] uint32_t queued_writes() const noexcept { return output.writes() + (frames ? frames->writes_under_way : 0); }
  [[nodiscard]] bool is_open() const noexcept { return state == State::kOpen; }
  [[nodiscard]] bool may_write() const noexcept { return state <= State::kClosing; }
  /// Elements may be looked for in what has arrived.
  [[nodiscard]] bool may_scan() const noexcept {
    return is_open() && !is_held && !is_paused && !has_failed && !is_handshaking;
  }
  /// The peer's end counts once everything in front of it was looked at.
  [[nodiscard]] bool has_read_all() const noexcept {
    return has_ended && !(compression && compression->has_input()) && !(frames && !frames->inbox.empty());
  }
  /// The framer has to be told of the end of a frame before it gets more.
  [[nodiscard]] bool is_frame_over() const noexcept { return frames && frames->is_frame_over; }
  [[nodiscard]] size_t memory() const noexcept {
    return sizeof *this + tail.capacity() + stamp_size + queued_bytes() + framer.heap_bytes() +
           (shaping ? sizeof(Shaping) : 0) + (frames ? frames->memory() : 0) + (proxied ? proxied->memory() : 0) + (tls ? tls->memory() : 0) +
           (compression ? compression->memory() : 0);
  }

  // In this order they leave no gaps.
  State state = State::kOpen;

  bool is_lockstep : 1 = true;     // each element waits for `proceed`
  bool is_held : 1 = false;        // an element was reported, `proceed` is due
  bool is_paused : 1 = false;
  bool has_failed : 1 = false;     // the framer gave up
  bool is_handshaking : 1 = false;
  bool has_ended : 1 = false;      // the peer's end was read
  bool tail_is_fresh : 1 = false;  // the framer has not seen the tail yet
  bool wants_drained : 1 = false;  // `send` said that the queue is over half
  bool is_ready : 1 = false;       // in the reactor's list of input to handle
  bool is_dirty : 1 = false;       // in the reactor's list of output to write
  bool is_stalled : 1 = false;     // in the reactor's list of frames that wait for room
  bool is_awaiting_header : 1 = false;  // from a load balancer; nobody has heard of us
  bool is_connecting : 1 = false;       // we began it, and the peer has not answered

  SocketAddress remote;  // the client's, also behind a load balancer
  uint32_t slot = 0;
  uint32_t generation = 0;
  uint32_t batch = 0;  // number of the last batch that holds an event of ours
  uint32_t stamp_size = 0;

  Socket socket;
  const std::shared_ptr<const ConnectionPolicy> policy;  // shared with the listener
  std::unique_ptr<FrameLink> frames;                     // null for a socket of our own
  std::unique_ptr<TlsSession> tls;                       // null for plain TCP
  std::unique_ptr<Compression> compression;              // null for a stream in clear
  StreamFramer framer;
  InputTail tail;
  OutputQueue output;                       // clear text, or what goes out as it is without TLS and compression
  std::unique_ptr<char[]> stamp_bytes;      // null until stamped
  std::unique_ptr<Shaping> shaping;         // null without a limit
  std::unique_ptr<Proxied> proxied;         // null unless a load balancer spoke for a client
  ConnectionTimer deadline{*this, ConnectionTimer::Kind::kDeadline};  // of the owner; of closing while we close
};

/// A connection between two shards, with what its wheel knew.
struct MovedConnection final : Traveller {
  std::unique_ptr<Connection> connection;
  uint64_t deadline_left_ms = 0;  // 0 for none
};

}  // namespace meerkat
