#include "core/net/proxied.h"

#include <algorithm>
#include <cstring>

#include "core/net/proxy_facts.h"

namespace meerkat {

bool ProxyRules::Trusts(const SocketAddress& peer) const noexcept {
  if (trusted.empty()) return true;
  return std::ranges::any_of(trusted, [&](const AddressRange& range) { return range.Contains(peer); });
}

void Proxied::Keep(std::span<const uint8_t> from) {
  const ProxyFacts facts = ReadProxyFacts(from);
  if (!facts.has_ssl && facts.alpn.empty() && facts.authority.empty() && facts.unique_id.empty()) return;
  tlvs = std::make_unique<uint8_t[]>(from.size());
  std::memcpy(tlvs.get(), from.data(), from.size());
  tlv_bytes = static_cast<uint32_t>(from.size());
}

}  // namespace meerkat
