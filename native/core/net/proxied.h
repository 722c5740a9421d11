/// What listeners behind a load balancer demand of its header, and what a connection keeps of it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/net/address_range.h"
#include "core/net/socket_address.h"
#include "core/tls/tls_context.h"

namespace meerkat {

/// No header that the limit allows is longer.
inline constexpr uint32_t kMostProxyHeader = 4096;
/// The specification's own examples have to fit: a line of version 1, or addresses of the longest family.
inline constexpr uint32_t kLeastProxyHeader = 256;

/// What a listener demands of every connection.
struct ProxyRules {
  /// Who may send a header; everybody when empty.
  std::vector<AddressRange> trusted;
  uint64_t deadline_ms = 0;
  uint32_t max_header_bytes = kMostProxyHeader;

  [[nodiscard]] bool Trusts(const SocketAddress& peer) const noexcept;
};

/// While the header is awaited: how the connection goes on behind it. From then on: what the header told.
struct Proxied {
  Proxied(const SocketAddress& balancer, uint32_t accepted_by) noexcept : peer(balancer), listener(accepted_by) {}

  SocketAddress peer;  // the balancer
  uint32_t listener;
  bool has_begun = false;                       // at least one byte has come
  std::shared_ptr<const TlsContext> direct_tls;  // shared; null for plain TCP, and once the header was read
  uint32_t tlv_bytes = 0;
  std::unique_ptr<uint8_t[]> tlvs;  // those of the header, as they came; null without any that we know

  void Keep(std::span<const uint8_t> from);
  [[nodiscard]] size_t memory() const noexcept { return sizeof *this + tlv_bytes; }
};

}  // namespace meerkat
