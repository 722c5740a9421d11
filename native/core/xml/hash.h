/// A quick hash for the small tables of names that are fixed at start.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace meerkat {

/// Looks at both ends and the size only, where names differ. Not for tables that a peer can fill: it is easy to make collide.
inline uint32_t HashName(std::string_view text) noexcept {
  const char* const start = text.data();
  const size_t size = text.size();
  uint64_t head = 0;
  uint64_t tail = 0;
  if (size >= 8) {
    std::memcpy(&head, start, 8);
    std::memcpy(&tail, start + size - 8, 8);
  } else if (size >= 4) {
    std::memcpy(&head, start, 4);
    std::memcpy(&tail, start + size - 4, 4);
  } else if (size > 0) {
    head = static_cast<uint64_t>(static_cast<uint8_t>(start[0])) << 8 | static_cast<uint8_t>(start[size / 2]);
    tail = static_cast<uint8_t>(start[size - 1]);
  }
  const uint64_t mixed = (head ^ size) * 0xff51afd7ed558ccdu ^ tail;
  return static_cast<uint32_t>((mixed ^ mixed >> 29) * 0x9e3779b97f4a7c15u >> 32);
}

}  // namespace meerkat
