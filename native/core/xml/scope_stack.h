/// Which namespace each prefix stands for inside the element that is read (Namespaces in XML 1.0).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/xml/outer_scope.h"
#include "core/xml/tag.h"
#include "core/xml/value.h"

namespace meerkat {

struct Resolved {
  /// Points into the element, or into the outer scope.
  RawValue ns;
  bool is_outer;
};

/// Holds declarations by their place in the element, whose bytes are given to each call.
class ScopeStack {
 public:
  void Clear() noexcept { Truncate(0); }
  [[nodiscard]] uint32_t size() const noexcept { return static_cast<uint32_t>(bindings_.size()); }
  /// Forgets all but the first `size`.
  void Truncate(uint32_t size) noexcept {
    for (; bindings_.size() > size; bindings_.pop_back()) {
      const Binding& last = bindings_.back();
      newest_[last.prefix_hash % kChains] = last.older;
    }
  }
  [[nodiscard]] size_t bytes() const noexcept { return bindings_.capacity() * sizeof(Binding); }

  /// Puts the tag's declarations in force.
  [[nodiscard]] StreamFailure Bind(const uint8_t* base, const Tag& tag, uint32_t max_namespace_bytes);
  /// Every prefix declared, no attribute twice, neither by name nor by expanded name (section 6.3). Sets `leans_out` when a prefix is
  /// declared by the outer scope only.
  [[nodiscard]] StreamFailure CheckNames(const uint8_t* base, const Tag& tag, const OuterScope& outer, bool& leans_out) const noexcept;
  /// False when the prefix is not declared. The empty prefix is that of the default namespace.
  [[nodiscard]] bool Resolve(const uint8_t* base, std::string_view prefix, const OuterScope& outer, Resolved& found) const noexcept {
    if (!bindings_.empty() || !prefix.empty()) return Search(base, prefix, outer, found);
    found = {RawValue{outer.default_ns}, true};
    return true;
  }
  /// All that is in force, decoded; for stream headers. The views in `scope` point into `texts` and the bytes.
  void Export(const uint8_t* base, OuterScope& scope, std::vector<PrefixBinding>& bindings, std::vector<std::string>& texts) const;

 private:
  struct Binding {
    uint32_t prefix;
    uint32_t prefix_end;  // the same as `prefix` for the default namespace
    uint32_t value;
    uint32_t value_end;
    bool is_plain;
    uint32_t prefix_hash;
    uint32_t older;  // the binding before it in its chain, plus 1, or 0

    [[nodiscard]] RawValue ns(const uint8_t* base) const noexcept { return {Text(base, value, value_end), is_plain}; }
  };

  [[nodiscard]] bool Search(const uint8_t* base, std::string_view prefix, const OuterScope& outer, Resolved& found) const noexcept;
  [[nodiscard]] bool CheckPrefix(const uint8_t* base, const Attribute& attribute, const OuterScope& outer, Resolved& found,
                                 bool& leans_out) const noexcept;
  [[nodiscard]] StreamFailure CheckRepeated(const uint8_t* base, const Tag& tag, const OuterScope& outer,
                                            bool& leans_out) const noexcept;

  static constexpr uint32_t kChains = 64;

  std::vector<Binding> bindings_;
  /// Where each chain of bindings with like hashes begins: an index plus 1, or 0. A peer may put thousands in force, and then
  /// have them searched by each of thousands of names.
  std::array<uint32_t, kChains> newest_ = {};
};

}  // namespace meerkat
