#include "core/xml/child_table.h"

#include <algorithm>
#include <bit>

#include "core/xml/hash.h"
#include "core/xml/outer_scope.h"

namespace meerkat {

ChildTable::ChildTable(std::span<const ChildPattern> patterns) {
  const size_t count = std::min(patterns.size(), kMostPatterns);
  for (size_t i = 0; i < count; i++) {
    const ChildPattern& pattern = patterns[i];
    auto ns = std::find_if(namespaces_.begin(), namespaces_.end(), [&](const Namespace& each) { return each.text == pattern.ns; });
    if (ns == namespaces_.end()) ns = namespaces_.insert(namespaces_.end(), Namespace{std::string(pattern.ns), 0, {}});
    const uint64_t bit = uint64_t{1} << i;
    if (pattern.name == "*") ns->any |= bit;
    else ns->names.push_back({std::string(pattern.name), bit});
  }

  slots_.resize(std::bit_ceil(namespaces_.size() * 4 + 1), 0);
  for (size_t i = 0; i < namespaces_.size(); i++) {
    if (namespaces_[i].text == kClientNamespace) client_ = static_cast<int>(i);
    size_t slot = HashName(namespaces_[i].text) & (slots_.size() - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<uint8_t>(i + 1);
  }
}

}  // namespace meerkat
