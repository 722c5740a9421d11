#include "core/net/proxy_facts.h"

#include <algorithm>

#include "core/net/proxy_protocol.h"

namespace meerkat {

namespace {

// Section 2.2: types of TLVs, and of those within that of TLS.
constexpr uint8_t kAlpn = 0x01;
constexpr uint8_t kAuthority = 0x02;
constexpr uint8_t kUniqueId = 0x05;
constexpr uint8_t kSsl = 0x20;
constexpr uint8_t kSslVersion = 0x21;
constexpr uint8_t kSslClientName = 0x22;
constexpr uint8_t kSslCipher = 0x23;

/// Bits of the client field: a certificate was shown on this connection, or in the session that it resumed.
constexpr uint8_t kClientTls = 0x01;
constexpr uint8_t kClientCertificate = 0x02 | 0x04;
constexpr size_t kSslHeadBytes = 5;

std::string_view Text(std::span<const uint8_t> value) noexcept {
  return {reinterpret_cast<const char*>(value.data()), value.size()};
}

void ReadSsl(std::span<const uint8_t> value, ProxyFacts& facts) noexcept {
  // The last one counts as a whole: what one says is not to be taken for what another one verified.
  facts.has_ssl = facts.is_verified = false;
  facts.tls_version = facts.cipher = facts.client_name = {};
  if (value.size() < kSslHeadBytes || (value[0] & kClientTls) == 0) return;
  facts.has_ssl = true;
  const bool is_good = std::all_of(value.begin() + 1, value.begin() + kSslHeadBytes, [](uint8_t c) { return c == 0; });
  facts.is_verified = is_good && (value[0] & kClientCertificate) != 0;
  std::span<const uint8_t> parts = value.subspan(kSslHeadBytes);
  ProxyTlv tlv;
  while (NextTlv(parts, tlv)) {
    if (tlv.type == kSslVersion) facts.tls_version = Text(tlv.value);
    if (tlv.type == kSslCipher) facts.cipher = Text(tlv.value);
    if (tlv.type == kSslClientName) facts.client_name = Text(tlv.value);
  }
}

}  // namespace

ProxyFacts ReadProxyFacts(std::span<const uint8_t> tlvs) noexcept {
  ProxyFacts facts;
  ProxyTlv tlv;
  while (NextTlv(tlvs, tlv)) {
    if (tlv.type == kAlpn) facts.alpn = Text(tlv.value);
    if (tlv.type == kAuthority) facts.authority = Text(tlv.value);
    if (tlv.type == kUniqueId) facts.unique_id = Text(tlv.value);
    if (tlv.type == kSsl) ReadSsl(tlv.value, facts);
  }
  return facts;
}

}  // namespace meerkat
