/// A quick hash for the small tables of names that are fixed at start.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace meerkat {

/// Not for tables that a peer can fill: it is easy to make collide.
inline uint32_t HashName(std::string_view text) noexcept {
  uint64_t hash = text.size() * 0x9e3779b97f4a7c15u;
  const char* at = text.data();
  size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t block;
    std::memcpy(&block, at, 8);
    hash = (hash ^ block) * 0xff51afd7ed558ccdu;
    hash ^= hash >> 32;
  }
  uint64_t block = 0;
  if (left >= 4) {
    uint32_t head, tail;
    std::memcpy(&head, at, 4);
    std::memcpy(&tail, at + left - 4, 4);
    block = static_cast<uint64_t>(head) << 32 | tail;
  } else if (left > 0) {
    block = static_cast<uint64_t>(static_cast<uint8_t>(at[0])) << 16 |
            static_cast<uint64_t>(static_cast<uint8_t>(at[left / 2])) << 8 | static_cast<uint8_t>(at[left - 1]);
  }
  hash = (hash ^ block) * 0xff51afd7ed558ccdu;
  return static_cast<uint32_t>(hash >> 32);
}

}  // namespace meerkat
