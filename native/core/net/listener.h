/// A port that accepts connections, and the rules that each of them keeps for life.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "core/net/failure.h"
#include "core/net/pollable.h"
#include "core/net/proxied.h"
#include "core/net/socket_address.h"
#include "core/tls/tls_context.h"
#include "core/xml/limits.h"
#include "core/xml/stream_framer.h"

namespace meerkat {

struct ListenSettings {
  std::string address;
  uint16_t port = 0;
  bool ipv6_only = false;
  int backlog = 0;
  bool reuse_port = false;
  std::shared_ptr<const TlsContext> direct_tls;  // null for plain TCP
};

/// What connections with frames keep beside the rest.
struct FrameRules {
  Framing framing = Framing::kStream;  // which is none
  size_t max_input_bytes = 0;
};

/// What a connection keeps from its listener; goes along when the connection moves to another shard.
struct ConnectionPolicy {
  Limits limits;
  /// The same for streams that are compressed (XEP-0138).
  Limits compressed_limits;
  size_t max_output_bytes = 0;
  uint32_t max_output_writes = 0;
  uint64_t authentication_deadline_ms = 0;
  uint32_t max_connections = 0;
  /// Null where connections come without a load balancer's header.
  std::unique_ptr<const ProxyRules> proxy;
  FrameRules frames;
  /// Connections with this policy, on whatever shard.
  mutable std::atomic<uint32_t> connections{0};

  [[nodiscard]] bool is_full() const noexcept {
    return max_connections != 0 && connections.load(std::memory_order_relaxed) >= max_connections;
  }
};

class Listener final : public Pollable {
 public:
  /// Null, with `failure` filled in, when the address cannot be bound.
  [[nodiscard]] static std::unique_ptr<Listener> Open(const ListenSettings& settings,
                                                      std::shared_ptr<const ConnectionPolicy> policy, Failure& failure);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Descriptor of a new connection, not blocking, or -1 with `errno`.
  [[nodiscard]] int Accept(SocketAddress& remote) noexcept;

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] uint16_t port() const noexcept { return port_; }
  [[nodiscard]] const std::shared_ptr<const TlsContext>& direct_tls() const noexcept { return direct_tls_; }
  /// For connections accepted from now on.
  void set_direct_tls(std::shared_ptr<const TlsContext> context) noexcept { direct_tls_ = std::move(context); }
  [[nodiscard]] const std::shared_ptr<const ConnectionPolicy>& policy() const noexcept { return policy_; }
  [[nodiscard]] bool is_full() const noexcept { return policy_->is_full(); }

  uint32_t id = 0;

 private:
  Listener(int descriptor, const ListenSettings& settings, std::shared_ptr<const ConnectionPolicy> policy) noexcept
      : Pollable(Kind::kListener),
        descriptor_(descriptor),
        direct_tls_(settings.direct_tls),
        policy_(std::move(policy)) {}

  const int descriptor_;                                    // owned
  uint16_t port_ = 0;
  std::shared_ptr<const TlsContext> direct_tls_;            // shared; null for plain TCP
  const std::shared_ptr<const ConnectionPolicy> policy_;  // shared with the connections
};

}  // namespace meerkat
