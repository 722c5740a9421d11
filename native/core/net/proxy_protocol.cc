#include "core/net/proxy_protocol.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace meerkat {

namespace {

using Command = ProxyHeader::Command;
using Family = ProxyHeader::Family;
using Transport = ProxyHeader::Transport;

constexpr uint8_t kSignature[] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
constexpr std::string_view kV1Opening = "PROXY ";
constexpr size_t kV2FixedBytes = 16;
constexpr size_t kTlvHeadBytes = 3;
constexpr uint8_t kTlvCrc32c = 0x03;

constexpr ProxyResult kMissing{ProxyStatus::kMissing, 0, {}};
constexpr ProxyResult kBroken{ProxyStatus::kBroken, 0, {}};
constexpr ProxyResult kTooLong{ProxyStatus::kTooLong, 0, {}};
constexpr ProxyResult kNeedMore{ProxyStatus::kNeedMore, 0, {}};

uint16_t Read16(const uint8_t* at) noexcept { return static_cast<uint16_t>(at[0] << 8 | at[1]); }

/// A word of the line and the space behind it; at the line's end no space.
bool TakeWord(std::string_view& line, std::string_view& word) noexcept {
  const size_t space = line.find(' ');
  word = line.substr(0, space);
  line = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
  return !word.empty();
}

/// Decimal without leading zeros.
bool ReadNumber(std::string_view text, uint32_t most, uint32_t& number) noexcept {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text[0] == '0')) return false;
  number = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + static_cast<uint32_t>(c - '0');
  }
  return number <= most;
}

bool ReadIpv4(std::string_view text, uint8_t* address) noexcept {
  for (int i = 0; i < 4; i++) {
    const size_t dot = text.find('.');
    uint32_t number;
    if ((dot == std::string_view::npos) != (i == 3) || !ReadNumber(text.substr(0, dot), 255, number)) return false;
    address[i] = static_cast<uint8_t>(number);
    text = i == 3 ? text : text.substr(dot + 1);
  }
  return true;
}

bool ReadIpv6(std::string_view text, uint8_t* address) noexcept {
  char room[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof room || text.find('\0') != std::string_view::npos) return false;
  std::memcpy(room, text.data(), text.size());
  return inet_pton(AF_INET6, room, address) == 1;
}

bool ReadPort(std::string_view text, uint16_t& port) noexcept {
  uint32_t number;
  if (!ReadNumber(text, 65535, number)) return false;
  port = static_cast<uint16_t>(number);
  return true;
}

/// Section 2.1, behind the word PROXY.
bool ReadV1Line(std::string_view line, ProxyHeader& header) noexcept {
  std::string_view word;
  if (!TakeWord(line, word)) return false;
  header.version = 1;
  header.command = Command::kProxy;
  // Whatever follows is to be ignored.
  if (word == "UNKNOWN") return true;
  if (word != "TCP4" && word != "TCP6") return false;
  header.family = word == "TCP4" ? Family::kIpv4 : Family::kIpv6;
  header.transport = Transport::kStream;
  const auto read = header.family == Family::kIpv4 ? ReadIpv4 : ReadIpv6;
  if (!TakeWord(line, word) || !read(word, header.source) || !TakeWord(line, word) || !read(word, header.destination)) return false;
  // The last word is all that is left, or a space behind it would go unnoticed.
  return TakeWord(line, word) && ReadPort(word, header.source_port) && ReadPort(line, header.destination_port);
}

ProxyResult ReadV1(std::span<const uint8_t> bytes) noexcept {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), kMostProxyV1Bytes));
  const size_t end = text.find("\r\n");
  if (end == std::string_view::npos) return text.size() == kMostProxyV1Bytes ? kTooLong : kNeedMore;
  ProxyResult result{ProxyStatus::kDone, end + 2, {}};
  return ReadV1Line(text.substr(kV1Opening.size(), end - kV1Opening.size()), result.header) ? result : kBroken;
}

size_t AddressBytes(Family family) noexcept {
  switch (family) {
    case Family::kIpv4: return 12;
    case Family::kIpv6: return 36;
    case Family::kUnix: return 216;
    default: return 0;
  }
}

void ReadAddresses(const uint8_t* at, ProxyHeader& header) noexcept {
  if (header.family != Family::kIpv4 && header.family != Family::kIpv6) return;
  const size_t size = header.family == Family::kIpv4 ? 4 : 16;
  std::memcpy(header.source, at, size);
  std::memcpy(header.destination, at + size, size);
  header.source_port = Read16(at + 2 * size);
  header.destination_port = Read16(at + 2 * size + 2);
}

consteval std::array<uint32_t, 256> Crc32cTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; bit++) value = value >> 1 ^ ((value & 1) != 0 ? 0x82f63b78u : 0);
    table[i] = value;
  }
  return table;
}

/// Section 2.2.3: over the whole header, the four bytes of the sum itself taken for zeros.
uint32_t Crc32c(std::span<const uint8_t> header, size_t sum_at) noexcept {
  static constexpr std::array<uint32_t, 256> kTable = Crc32cTable();
  uint32_t crc = 0xffffffff;
  for (size_t i = 0; i < header.size(); i++) {
    const uint8_t byte = i - sum_at < 4 ? 0 : header[i];
    crc = crc >> 8 ^ kTable[(crc ^ byte) & 0xff];
  }
  return ~crc;
}

/// Done when every TLV is whole, and a checksum among them is right.
ProxyStatus CheckTlvs(std::span<const uint8_t> header, std::span<const uint8_t> tlvs) noexcept {
  ProxyTlv tlv;
  while (NextTlv(tlvs, tlv)) {
    if (tlv.type != kTlvCrc32c) continue;
    if (tlv.value.size() != 4) return ProxyStatus::kBroken;
    const uint32_t sum = static_cast<uint32_t>(Read16(tlv.value.data())) << 16 | Read16(tlv.value.data() + 2);
    const size_t sum_at = static_cast<size_t>(tlv.value.data() - header.data());
    if (Crc32c(header, sum_at) != sum) return ProxyStatus::kBadChecksum;
  }
  return tlvs.empty() ? ProxyStatus::kDone : ProxyStatus::kBroken;
}

/// Section 2.2.
ProxyResult ReadV2(std::span<const uint8_t> bytes, size_t limit) noexcept {
  if (bytes.size() < kV2FixedBytes) return limit < kV2FixedBytes ? kTooLong : kNeedMore;
  const uint8_t version = bytes[12] >> 4;
  const uint8_t command = bytes[12] & 0xf;
  const uint8_t family = bytes[13] >> 4;
  const uint8_t transport = bytes[13] & 0xf;
  const size_t size = kV2FixedBytes + Read16(bytes.data() + 14);
  if (version != 2 || command > 1 || family > 3 || transport > 2) return kBroken;
  if (size > limit) return kTooLong;
  if (bytes.size() < size) return kNeedMore;

  ProxyResult result{ProxyStatus::kDone, size, {}};
  ProxyHeader& header = result.header;
  header.version = 2;
  header.command = static_cast<Command>(command);
  // Of a LOCAL connection everything else is to be discarded.
  if (header.command == Command::kLocal) return result;
  header.transport = static_cast<Transport>(transport);
  header.family = header.transport == Transport::kUnknown ? Family::kUnknown : static_cast<Family>(family);
  const size_t addresses = AddressBytes(static_cast<Family>(family));
  if (size < kV2FixedBytes + addresses) return kBroken;
  ReadAddresses(bytes.data() + kV2FixedBytes, header);
  // Without a family nobody knows where the addresses end.
  if (family != 0) header.tlvs = bytes.subspan(kV2FixedBytes + addresses, size - kV2FixedBytes - addresses);
  const ProxyStatus status = CheckTlvs(bytes.first(size), header.tlvs);
  return status == ProxyStatus::kDone ? result : ProxyResult{status, 0, {}};
}

}  // namespace

ProxyResult ReadProxyHeader(std::span<const uint8_t> bytes, size_t limit) noexcept {
  const size_t v2 = std::min(bytes.size(), sizeof kSignature);
  if (std::equal(kSignature, kSignature + v2, bytes.begin())) return v2 < sizeof kSignature ? kNeedMore : ReadV2(bytes, limit);
  const size_t v1 = std::min(bytes.size(), kV1Opening.size());
  if (std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(v1), kV1Opening.begin())) {
    return v1 < kV1Opening.size() ? kNeedMore : ReadV1(bytes);
  }
  return kMissing;
}

bool NextTlv(std::span<const uint8_t>& tlvs, ProxyTlv& tlv) noexcept {
  if (tlvs.size() < kTlvHeadBytes) return false;
  const size_t length = Read16(tlvs.data() + 1);
  if (tlvs.size() - kTlvHeadBytes < length) return false;
  tlv = {tlvs[0], tlvs.subspan(kTlvHeadBytes, length)};
  tlvs = tlvs.subspan(kTlvHeadBytes + length);
  return true;
}

}  // namespace meerkat
