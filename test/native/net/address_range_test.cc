/// Networks in CIDR notation, and addresses of sockets.
#include "check.h"
#include "core/net/address_range.h"

#include <string>

namespace {

using namespace meerkat;

bool Holds(const char* network, const char* address) {
  const auto range = AddressRange::Parse(network);
  const auto storage = SocketAddress::Parse(address, 1);
  return range && storage && range->Contains(SocketAddress(*storage));
}

TEST("an address is in a network when its first bits are the network's") {
  CHECK(Holds("10.0.0.0/8", "10.255.1.2"));
  CHECK(!Holds("10.0.0.0/8", "11.0.0.0"));
  CHECK(Holds("192.168.4.0/22", "192.168.7.255"));
  CHECK(!Holds("192.168.4.0/22", "192.168.8.0"));
  CHECK(Holds("0.0.0.0/0", "203.0.113.7"));
  CHECK(Holds("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK(!Holds("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(Holds("::/0", "2001:db8::1"));
}

TEST("an address alone is a network of one") {
  CHECK(Holds("10.0.0.1", "10.0.0.1"));
  CHECK(!Holds("10.0.0.1", "10.0.0.2"));
  CHECK(Holds("::1", "::1"));
}

TEST("RFC 4291 section 2.5.5.2: IPv4 in IPv6 notation is IPv4, and no IPv6 network holds it") {
  CHECK(Holds("10.0.0.0/8", "::ffff:10.1.2.3"));
  CHECK(Holds("::ffff:10.0.0.0/104", "10.1.2.3"));
  CHECK(!Holds("::ffff:10.0.0.0/104", "11.1.2.3"));
  CHECK(!Holds("::/0", "10.1.2.3"));
  CHECK(!Holds("0.0.0.0/0", "::1"));
}

TEST("anything else is no network") {
  for (const char* bad : {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::1/129", "::1/1000", "::ffff:10.0.0.0/8",
                          "balancer.example", "10.0.0/8", "10.0.0.0/ 8", "10.0.0.0/8x"}) {
    CHECK(!AddressRange::Parse(bad));
  }
}

TEST("an address reads as it is usually written, whatever its port; none reads as nothing") {
  const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7};
  CHECK_EQUAL(SocketAddress(v6, 0).Text(), "2001:db8::7");
  const uint8_t mapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 7};
  CHECK_EQUAL(SocketAddress(mapped, 1).Text(), "203.0.113.7");
  CHECK_EQUAL(SocketAddress().Text(), "");
}

}  // namespace
