#include "core/net/address_range.h"

#include <cstring>

namespace meerkat {

namespace {

constexpr uint32_t kIpv6Bits = 128;
constexpr uint32_t kIpv4Bits = 32;

std::optional<uint32_t> ReadBits(const std::string& text) {
  if (text.empty() || text.size() > 3) return std::nullopt;
  uint32_t bits = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    bits = bits * 10 + static_cast<uint32_t>(c - '0');
  }
  return bits;
}

}  // namespace

std::optional<AddressRange> AddressRange::Parse(const std::string& text) {
  const size_t slash = text.find('/');
  const auto storage = SocketAddress::Parse(text.substr(0, slash), 0);
  if (!storage) return std::nullopt;
  const uint32_t most = storage->ss_family == AF_INET ? kIpv4Bits : kIpv6Bits;
  std::optional<uint32_t> bits = slash == std::string::npos ? most : ReadBits(text.substr(slash + 1));
  if (!bits || *bits > most) return std::nullopt;
  const SocketAddress first(*storage);
  // `::ffff:10.0.0.0/104` is `10.0.0.0/8`; fewer bits than 96 span more than the IPv4 addresses that are written so.
  const uint32_t cut = most - static_cast<uint32_t>(first.bytes().size()) * 8;
  if (*bits < cut) return std::nullopt;
  return AddressRange(first, *bits - cut);
}

bool AddressRange::Contains(const SocketAddress& address) const noexcept {
  const std::span<const uint8_t> ours = first_.bytes();
  const std::span<const uint8_t> theirs = address.bytes();
  if (ours.size() != theirs.size()) return false;
  const uint32_t whole = bits_ / 8;
  if (std::memcmp(ours.data(), theirs.data(), whole) != 0) return false;
  const uint32_t rest = bits_ % 8;
  return rest == 0 || ((ours[whole] ^ theirs[whole]) >> (8 - rest)) == 0;
}

}  // namespace meerkat
