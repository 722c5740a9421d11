/// Numbers of addresses: the same for the same text, never the same for two, whatever comes in between.
#include <map>
#include <string>

#include "check.h"
#include "core/jid/address_table.h"

namespace {

using namespace meerkat;

TEST("a text keeps its number, and no other text gets it") {
  AddressTable table(7);
  const uint32_t alice = table.Number("alice@example.com/phone");
  const uint32_t bob = table.Number("bob@example.com/phone");
  CHECK(alice != 0);
  CHECK(bob != 0);
  CHECK(alice != bob);
  CHECK_EQUAL(table.Number("alice@example.com/phone"), alice);
  CHECK_EQUAL(table.Number("bob@example.com/phone"), bob);
  CHECK(table.Number("alice@example.com/phon") != alice);
}

TEST("what is empty or too long has no number") {
  AddressTable table(7);
  CHECK_EQUAL(table.Number(""), 0u);
  CHECK(table.Number(std::string(AddressTable::kMostBytes, 'a')) != 0);
  CHECK_EQUAL(table.Number(std::string(AddressTable::kMostBytes + 1, 'a')), 0u);
}

TEST("a number never stands for two texts, however many there are") {
  AddressTable table(7);
  std::map<uint32_t, std::string> seen;
  for (int i = 0; i < 300000; i++) {
    const std::string text = "user" + std::to_string(i % 200000) + "@example.com";
    const uint32_t number = table.Number(text);
    CHECK(number != 0);
    const auto [known, is_new] = seen.emplace(number, text);
    if (!is_new) CHECK_EQUAL(known->second, text);
  }
  CHECK(table.memory() < 8u << 20);
}

TEST("addresses that are used stay while others pass") {
  AddressTable table(7);
  const uint32_t number = table.Number("alice@example.com");
  for (int i = 0; i < 1000000; i++) {
    if (i % 1000 == 0) CHECK_EQUAL(table.Number("alice@example.com"), number);
    (void)table.Number("passer-by" + std::to_string(i) + "@example.com");
  }
}

}  // namespace
