/// Addresses: the parts make up the whole again, and what is canonical stays so.
#include <string>

#include "core/jid/jid.h"
#include "expect.h"

using namespace meerkat;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Jid jid = SplitJid(text);
  static_cast<void>(HashBareJid(jid.bare));
  if (jid.status == JidStatus::kInvalid) return 0;

  std::string whole(jid.local);
  if (!jid.local.empty()) whole += '@';
  whole += jid.domain;
  EXPECT(whole == jid.bare);
  if (!jid.resource.empty()) whole.append("/").append(jid.resource);
  EXPECT(whole == text);
  EXPECT(!jid.domain.empty());
  if (jid.status != JidStatus::kCanonical) return 0;
  for (const char c : text) EXPECT(static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f);
  for (const char c : jid.bare) EXPECT(c < 'A' || c > 'Z');
  EXPECT(jid.local.find_first_of(" \"&'/:<>@") == std::string_view::npos);
  EXPECT(jid.local.size() <= 1023 && jid.domain.size() <= 253 && jid.resource.size() <= 1023);
  return 0;
}
