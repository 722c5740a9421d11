#include "core/xml/name_table.h"

#include <algorithm>
#include <bit>

#include "core/xml/hash.h"

namespace meerkat {

NameTable::NameTable(std::span<const std::string_view> names)
    : names_(names.begin(), names.end()), slots_(std::bit_ceil(names.size() * 4 + 1), 0) {
  for (const std::string& name : names_) longest_ = std::max(longest_, name.size());
  for (size_t i = 0; i < names_.size(); i++) {
    if (Find(names_[i]) != kUnknown) continue;
    size_t slot = HashName(names_[i]) & (slots_.size() - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<uint32_t>(i + 1);
  }
}

uint32_t NameTable::Find(std::string_view name) const noexcept {
  if (name.size() > longest_) return kUnknown;
  for (size_t slot = HashName(name) & (slots_.size() - 1); slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    if (names_[slots_[slot] - 1] == name) return slots_[slot] - 1;
  }
  return kUnknown;
}

}  // namespace meerkat
