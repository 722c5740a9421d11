/// PROXY headers: a shorter read never decides otherwise, and everything that is told lies inside the header.
#include "core/net/proxy_facts.h"
#include "core/net/proxy_protocol.h"
#include "expect.h"

using namespace meerkat;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kLimit = 600;
  const std::span<const uint8_t> bytes(data, size);
  const ProxyResult whole = ReadProxyHeader(bytes, kLimit);
  for (size_t cut = 0; cut < size; cut++) {
    const ProxyResult part = ReadProxyHeader(bytes.first(cut), kLimit);
    if (part.status == ProxyStatus::kNeedMore) continue;
    EXPECT(part.status == whole.status && part.consumed == whole.consumed);
  }
  // No more than this has to be kept to get an answer.
  if (size >= kLimit) EXPECT(whole.status != ProxyStatus::kNeedMore);
  if (whole.status != ProxyStatus::kDone) return 0;

  EXPECT(whole.consumed <= size && whole.consumed <= kLimit);
  EXPECT(whole.header.version == 1 || whole.header.version == 2);
  std::span<const uint8_t> tlvs = whole.header.tlvs;
  EXPECT(tlvs.empty() || (tlvs.data() > data && tlvs.data() + tlvs.size() == data + whole.consumed));
  ProxyTlv tlv;
  size_t total = 0;
  while (NextTlv(tlvs, tlv)) total += 3 + tlv.value.size();
  EXPECT(total == whole.header.tlvs.size());

  const ProxyFacts facts = ReadProxyFacts(whole.header.tlvs);
  const auto* const first = reinterpret_cast<const char*>(data);
  for (std::string_view text : {facts.alpn, facts.authority, facts.unique_id, facts.tls_version, facts.cipher, facts.client_name}) {
    EXPECT(text.empty() || (text.data() > first && text.data() + text.size() <= first + whole.consumed));
  }
  return 0;
}
