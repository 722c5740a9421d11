/// What a PROXY header tells beside the addresses.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace meerkat {

/// The TLVs of a header that have a meaning here (section 2.2). Points into the bytes that were read.
struct ProxyFacts {
  std::string_view alpn, authority, unique_id;
  bool has_ssl = false;
  std::string_view tls_version, cipher, client_name;
  /// The balancer asked for a client certificate, got one, and found it good.
  bool is_verified = false;
};

[[nodiscard]] ProxyFacts ReadProxyFacts(std::span<const uint8_t> tlvs) noexcept;

}  // namespace meerkat
