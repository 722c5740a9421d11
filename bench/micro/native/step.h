/// The steps that are measured in C++: what one is, and who makes them.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace meerkat::bench {

struct Step {
  std::string name;
  /// How often it is done where instructions are counted: they are the same each time, so it need not be often.
  uint32_t counted;
  /// Does it so many times.
  std::function<void(uint32_t)> run;
};

using Steps = std::vector<Step>;

void AddXmlSteps(Steps& steps);
void AddAddressSteps(Steps& steps);
void AddMailboxSteps(Steps& steps);
void AddOutputSteps(Steps& steps);

inline std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

/// What is measured must have happened.
inline void Expect(bool is_true, const char* what) {
  if (is_true) return;
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

/// 260 bytes, the size that the budgets speak of.
inline const std::string kChat =
    "<message to='bob@localhost/phone' type='chat' id='0123456789abcdef'><body>Shall we meet at the usual place tomorrow, or would you "
    "rather stay?</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>    </message>";

}  // namespace meerkat::bench
