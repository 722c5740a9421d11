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
      ChainOf(last) = last.older;
    }
  }
  [[nodiscard]] size_t bytes() const noexcept { return bindings_.capacity() * sizeof(Binding); }

  /// Puts the tag's declarations in force.
  [[nodiscard]] StreamFailure Bind(const uint8_t* base, const Tag& tag, uint32_t max_namespace_bytes);
  /// Puts a declaration of the default namespace in force that `MayBindDefault` allows. It stands in the element from `value` to
  /// `value_end`.
  void BindDefault(uint32_t value, uint32_t value_end) {
    bindings_.push_back({value, value, value, value_end, 0, newest_default_, true});
    newest_default_ = size();
  }
  /// A plain value that may be the default namespace (section 3).
  [[nodiscard]] static bool MayBindDefault(std::string_view ns) noexcept { return ns != kXmlNamespace && ns != kXmlnsNamespace; }
  /// Every prefix declared, no attribute twice, neither by name nor by expanded name (section 6.3). Sets `leans_out` when a prefix is
  /// declared by the outer scope only.
  [[nodiscard]] StreamFailure CheckNames(const uint8_t* base, const Tag& tag, const OuterScope& outer, bool& leans_out) const noexcept;
  /// False when the prefix is not declared. The empty prefix is that of the default namespace.
  [[nodiscard]] bool Resolve(const uint8_t* base, std::string_view prefix, const OuterScope& outer, Resolved& found) const noexcept {
    if (!prefix.empty()) return Search(base, prefix, outer, found);
    found = newest_default_ == 0 ? Resolved{RawValue{outer.default_ns}, true}
                                 : Resolved{bindings_[newest_default_ - 1].ns(base), false};
    return true;
  }
  /// All that is in force, decoded; for stream headers. The views in `scope` point into `texts` and the bytes.
  void Export(const uint8_t* base, OuterScope& scope, std::vector<PrefixBinding>& bindings, std::vector<std::string>& texts) const;

 private:
  /// Of a size that is a power of two, for the sake of `size()`.
  struct alignas(32) Binding {
    uint32_t prefix;
    uint32_t prefix_end;  // the same as `prefix` for the default namespace
    uint32_t value;
    uint32_t value_end;
    uint32_t prefix_hash;  // 0 for the default namespace
    uint32_t older;        // the binding before it in its chain, plus 1, or 0
    bool is_plain;

    [[nodiscard]] bool is_default() const noexcept { return prefix == prefix_end; }
    [[nodiscard]] RawValue ns(const uint8_t* base) const noexcept { return {Text(base, value, value_end), is_plain}; }
  };

  /// Where the chain of a binding begins.
  [[nodiscard]] uint32_t& ChainOf(const Binding& binding) noexcept {
    return binding.is_default() ? newest_default_ : newest_[binding.prefix_hash % kChains];
  }
  [[nodiscard]] bool Search(const uint8_t* base, std::string_view prefix, const OuterScope& outer, Resolved& found) const noexcept;
  [[nodiscard]] bool CheckPrefix(const uint8_t* base, const Attribute& attribute, const OuterScope& outer, Resolved& found,
                                 bool& leans_out) const noexcept;
  [[nodiscard]] StreamFailure CheckRepeated(const uint8_t* base, const Tag& tag, const OuterScope& outer,
                                            bool& leans_out) const noexcept;

  static constexpr uint32_t kChains = 64;

  std::vector<Binding> bindings_;
  /// The default namespace has a chain of its own: an index plus 1, or 0.
  uint32_t newest_default_ = 0;
  /// Where each chain of prefixes with like hashes begins, in the same way. A peer may put thousands in force, and then
  /// have them searched by each of thousands of names.
  std::array<uint32_t, kChains> newest_ = {};
};

}  // namespace meerkat
