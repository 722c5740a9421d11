/// Addresses as the engine sees them: split, hashed, numbered.
#include <memory>

#include "core/jid/address_table.h"
#include "core/jid/jid.h"
#include "step.h"

namespace meerkat::bench {

namespace {

constexpr uint64_t kSeed = 0x9e3779b97f4a7c15;
/// Fewer than the table has places.
constexpr uint32_t kKnown = 1024;

std::vector<std::string> Addresses(uint32_t count) {
  std::vector<std::string> texts;
  for (uint32_t i = 0; i < count; i++) texts.push_back("user" + std::to_string(i) + "@capulet.example/balcony");
  return texts;
}

}  // namespace

void AddAddressSteps(Steps& steps) {
  const auto texts = std::make_shared<std::vector<std::string>>(Addresses(kKnown));
  steps.push_back({"JID, split", 4000, [texts](uint32_t count) {
                     size_t sum = 0;
                     for (uint32_t i = 0; i < count; i++) sum += SplitJid((*texts)[i % kKnown]).bare.size();
                     Expect(sum > count, "no address was split");
                   }});
  steps.push_back({"JID, home of a bare one", 4000, [](uint32_t count) {
                     uint32_t sum = 0;
                     for (uint32_t i = 0; i < count; i++) sum |= HashBareJid("juliet@capulet.example");
                     Expect(count == 0 || sum != 0, "no address was hashed");
                   }});
  const auto table = std::make_shared<AddressTable>(kSeed);
  for (const std::string& text : *texts) Expect(table->Number(text) != 0, "an address got no number");
  steps.push_back({"address, numbered before", 4000, [texts, table](uint32_t count) {
                     uint32_t sum = 0;
                     for (uint32_t i = 0; i < count; i++) sum |= table->Number((*texts)[i % kKnown]);
                     Expect(count == 0 || sum != 0, "no address was numbered");
                   }});
  const auto strangers = std::make_shared<std::vector<std::string>>(Addresses(4 * AddressTable::kPlaces));
  const auto full = std::make_shared<AddressTable>(kSeed);
  for (const std::string& text : *strangers) static_cast<void>(full->Number(text));
  steps.push_back({"address, new to a full table", 4000, [strangers, full, next = uint32_t{0}](uint32_t count) mutable {
                     uint32_t sum = 0;
                     for (uint32_t i = 0; i < count; i++) sum |= full->Number((*strangers)[next++ % strangers->size()]);
                     Expect(count == 0 || sum != 0, "no address was numbered");
                   }});
}

}  // namespace meerkat::bench
