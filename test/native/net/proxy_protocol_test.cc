/// The PROXY protocol, by sections 2.1 and 2.2 of its specification.
#include "check.h"
#include "core/net/proxy_protocol.h"

#include <string>

namespace {

using namespace meerkat;
using enum ProxyStatus;

constexpr size_t kLimit = 1024;
const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

ProxyResult Read(std::string_view text, size_t limit = kLimit) {
  return ReadProxyHeader({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, limit);
}

std::string V2(int version_command, int family, const std::string& rest) {
  std::string header = kSignature;
  for (int byte : {version_command, family, static_cast<int>(rest.size() >> 8), static_cast<int>(rest.size() & 0xff)}) {
    header += static_cast<char>(byte);
  }
  return header + rest;
}

const std::string kIpv4Addresses("\x0a\x01\x02\x03\xc0\xa8\x00\x01\xdc\x04\x14\x66", 12);

/// Whatever the cut, the answer is the same once everything is there, and to wait before.
void CheckCuts(const std::string& header) {
  for (size_t size = 0; size < header.size(); size++) CHECK_EQUAL(Read(header.substr(0, size)).status, kNeedMore);
  CHECK_EQUAL(Read(header + "<stream").consumed, header.size());
}

TEST("version 1: addresses and ports") {
  const std::string line = "PROXY TCP4 192.168.0.1 10.255.0.11 56324 443\r\n";
  const ProxyResult result = Read(line + "more");
  CHECK_EQUAL(result.status, kDone);
  CHECK_EQUAL(result.consumed, line.size());
  CHECK_EQUAL(result.header.source[0], 192);
  CHECK_EQUAL(result.header.destination[1], 255);
  CHECK_EQUAL(result.header.source_port, 56324);
  CHECK_EQUAL(result.header.destination_port, 443);
  CheckCuts(line);
  const ProxyResult v6 = Read("PROXY TCP6 2001:db8::1 ::ffff:10.0.0.1 0 65535\r\n");
  CHECK_EQUAL(v6.header.family, ProxyHeader::Family::kIpv6);
  CHECK_EQUAL(v6.header.source[15], 1);
  CHECK_EQUAL(v6.header.destination[12], 10);
}

TEST("version 1: UNKNOWN gives no address, whatever follows it") {
  CHECK_EQUAL(Read("PROXY UNKNOWN\r\n").consumed, 15u);
  const ProxyResult result = Read("PROXY UNKNOWN ffff::1 x y z\r\n");
  CHECK_EQUAL(result.status, kDone);
  CHECK_EQUAL(result.header.family, ProxyHeader::Family::kUnknown);
}

TEST("version 1: whatever is not as the specification has it is refused") {
  for (const char* bad :
       {"PROXY TCP4 192.168.0.1 10.0.0.1 1 2 \r\n", "PROXY TCP4 192.168.0.1  10.0.0.1 1 2\r\n", "PROXY TCP4 192.168.0.01 10.0.0.1 1 2\r\n",
        "PROXY TCP4 192.168.0.256 10.0.0.1 1 2\r\n", "PROXY TCP4 192.168.0 10.0.0.1 1 2\r\n", "PROXY TCP4 1.2.3.4.5 10.0.0.1 1 2\r\n",
        "PROXY TCP4 1.2.3.4 10.0.0.1 01 2\r\n", "PROXY TCP4 1.2.3.4 10.0.0.1 1 65536\r\n", "PROXY TCP4 1.2.3.4 10.0.0.1 1\r\n",
        "PROXY TCP4 1.2.3.4 10.0.0.1 1 2\n\r\n", "PROXY TCP6 1.2.3.4 ::1 1 2\r\n", "PROXY TCP6 ::1%lo ::1 1 2\r\n", "PROXY TCP5 ::1 ::1 1 2\r\n",
        "PROXY \r\n", "PROXY UNKNOWNX\r\n", "PROXY TCP4 1.2.3.4 10.0.0.1 +1 2\r\n"}) {
    CHECK_EQUAL(Read(bad).status, kBroken);
  }
}

TEST("what does not begin like a header has none") {
  for (const char* other : {"PROXYTCP4", "GET / HTTP/1.1\r\n", "<stream:stream", "\x16\x03\x01", "proxy TCP4 "}) {
    CHECK_EQUAL(Read(other).status, kMissing);
  }
  CHECK_EQUAL(Read(std::string("\r\n\r\n\0\r\nQUIT\r", 12)).status, kMissing);
}

TEST("version 1: a line ends within 107 bytes") {
  CHECK_EQUAL(Read("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n").status, kDone);
  CHECK_EQUAL(Read("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n").status, kTooLong);
  CHECK_EQUAL(Read("PROXY UNKNOWN " + std::string(92, 'x')).status, kNeedMore);
}

TEST("version 2: addresses, ports and TLVs") {
  const std::string header = V2(0x21, 0x11, kIpv4Addresses + std::string("\x02\x00\x03" "abc\x04\x00\x00", 9));
  const ProxyResult result = Read(header);
  CHECK_EQUAL(result.status, kDone);
  CHECK_EQUAL(result.header.command, ProxyHeader::Command::kProxy);
  CHECK_EQUAL(result.header.family, ProxyHeader::Family::kIpv4);
  CHECK_EQUAL(result.header.transport, ProxyHeader::Transport::kStream);
  CHECK_EQUAL(result.header.source[3], 3);
  CHECK_EQUAL(result.header.destination[0], 192);
  CHECK_EQUAL(result.header.source_port, 0xdc04);
  std::span<const uint8_t> tlvs = result.header.tlvs;
  ProxyTlv tlv;
  CHECK(NextTlv(tlvs, tlv));
  CHECK_EQUAL(tlv.type, 2);
  CHECK_EQUAL(std::string(tlv.value.begin(), tlv.value.end()), "abc");
  CHECK(NextTlv(tlvs, tlv));
  CHECK(tlv.value.empty());
  CHECK(!NextTlv(tlvs, tlv));
  CheckCuts(header);
}

TEST("version 2: IPv6, Unix and unknown families") {
  std::string addresses(36, '\0');
  addresses[15] = 7;
  CHECK_EQUAL(Read(V2(0x21, 0x21, addresses)).header.source[15], 7);
  CHECK_EQUAL(Read(V2(0x21, 0x31, std::string(216, 'u'))).header.family, ProxyHeader::Family::kUnix);
  CHECK_EQUAL(Read(V2(0x21, 0x00, "anything at all")).header.family, ProxyHeader::Family::kUnknown);
  CHECK_EQUAL(Read(V2(0x21, 0x00, "anything at all")).status, kDone);
}

TEST("version 2: LOCAL stands for the balancer itself, whatever it says") {
  const ProxyResult result = Read(V2(0x20, 0x11, "x"));
  CHECK_EQUAL(result.status, kDone);
  CHECK_EQUAL(result.header.command, ProxyHeader::Command::kLocal);
  CHECK_EQUAL(result.header.family, ProxyHeader::Family::kUnknown);
}

TEST("version 2: what is not allowed, too short or too long is refused") {
  CHECK_EQUAL(Read(V2(0x11, 0x11, kIpv4Addresses)).status, kBroken);
  CHECK_EQUAL(Read(V2(0x22, 0x11, kIpv4Addresses)).status, kBroken);
  CHECK_EQUAL(Read(V2(0x21, 0x41, kIpv4Addresses)).status, kBroken);
  CHECK_EQUAL(Read(V2(0x21, 0x13, kIpv4Addresses)).status, kBroken);
  CHECK_EQUAL(Read(V2(0x21, 0x11, kIpv4Addresses.substr(1))).status, kBroken);
  CHECK_EQUAL(Read(V2(0x21, 0x11, kIpv4Addresses + std::string("\x02\x00\x03" "ab", 5))).status, kBroken);
  CHECK_EQUAL(Read(V2(0x21, 0x11, kIpv4Addresses + "ab")).status, kBroken);
  CHECK_EQUAL(Read(V2(0x21, 0x11, kIpv4Addresses + std::string(kLimit, 'x')).substr(0, 16)).status, kTooLong);
}

TEST("version 2: a checksum has to be right (section 2.2.3)") {
  // The expected sum is computed bit by bit, as the definition has it.
  const std::string before = kIpv4Addresses + std::string("\x03\x00\x04", 3);
  const std::string zeroed = V2(0x21, 0x11, before + std::string(4, '\0'));
  uint32_t crc = 0xffffffff;
  for (char c : zeroed) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82f63b78u : crc >> 1;
  }
  crc = ~crc;
  std::string sum;
  for (int shift = 24; shift >= 0; shift -= 8) sum += static_cast<char>(crc >> shift & 0xff);
  CHECK_EQUAL(Read(V2(0x21, 0x11, before + sum)).status, kDone);
  sum[0] = static_cast<char>(sum[0] ^ 1);
  CHECK_EQUAL(Read(V2(0x21, 0x11, before + sum)).status, kBadChecksum);
  CHECK_EQUAL(Read(V2(0x21, 0x11, kIpv4Addresses + std::string("\x03\x00\x01x", 4))).status, kBroken);
}

}  // namespace
