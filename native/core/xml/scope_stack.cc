#include "core/xml/scope_stack.h"

#include <random>

namespace meerkat {

namespace {

/// Differs from process to process, so that no peer can choose names that share a chain.
uint32_t HashSeed() noexcept {
  static const uint32_t seed = std::random_device()();
  return seed;
}

/// FNV-1a from the seed, mixed at the end.
class Hash {
 public:
  void Add(uint8_t byte) noexcept { state_ = (state_ ^ byte) * 0x100000001b3u; }
  [[nodiscard]] uint32_t Take() const noexcept {
    const uint64_t mixed = (state_ ^ state_ >> 32) * 0xff51afd7ed558ccdu;
    return static_cast<uint32_t>(mixed >> 32);
  }

 private:
  uint64_t state_ = 0xcbf29ce484222325u ^ HashSeed();
};

uint32_t HashOf(std::string_view text) noexcept {
  Hash hash;
  for (char c : text) hash.Add(static_cast<uint8_t>(c));
  return hash.Take();
}

uint32_t HashOf(RawValue value) noexcept {
  if (value.is_plain) return HashOf(value.text);
  Hash hash;
  ValueReader reader(value);
  for (int byte = reader.Next(); byte >= 0; byte = reader.Next()) hash.Add(static_cast<uint8_t>(byte));
  return hash.Take();
}

/// Section 3: the reserved names, and no undeclaring of prefixes.
bool MayBind(std::string_view prefix, RawValue ns) noexcept {
  if (prefix == "xml") return SameValue(ns, kXmlNamespace);
  if (prefix == "xmlns" || SameValue(ns, kXmlnsNamespace) || SameValue(ns, kXmlNamespace)) return false;
  // No reference and no white space stands for nothing, so the raw text tells.
  return prefix.empty() || !ns.text.empty();
}

uint32_t KeptAttributes(const Tag& tag) noexcept { return tag.count < kMostAttributes ? tag.count : kMostAttributes; }

std::string_view PrefixOf(const uint8_t* base, const Attribute& attribute) noexcept {
  return attribute.colon == 0 ? std::string_view() : Text(base, attribute.name, attribute.colon);
}

std::string_view LocalOf(const uint8_t* base, const Attribute& attribute) noexcept {
  return Text(base, attribute.colon == 0 ? attribute.name : attribute.colon + 1, attribute.name_end);
}

}  // namespace

StreamFailure ScopeStack::Bind(const uint8_t* base, const Tag& tag, uint32_t max_namespace_bytes) {
  if (!tag.has_declaration) return StreamFailure::kNone;
  const uint32_t count = KeptAttributes(tag);
  for (uint32_t i = 0; i < count; i++) {
    const Attribute& attribute = tag.attributes[i];
    if (!attribute.is_declaration()) continue;
    const bool is_default = attribute.kind == AttributeKind::kDefaultDeclaration;
    if (attribute.value_end - attribute.value > max_namespace_bytes) return StreamFailure::kTagTooLarge;
    Binding binding{attribute.colon + 1, attribute.name_end, attribute.value, attribute.value_end, 0, 0, attribute.is_plain()};
    if (is_default) binding.prefix = binding.prefix_end = attribute.name;
    const std::string_view prefix = Text(base, binding.prefix, binding.prefix_end);
    if (!MayBind(prefix, binding.ns(base))) return StreamFailure::kBadNamespacePrefix;
    if (!is_default) binding.prefix_hash = HashOf(prefix);
    uint32_t& newest = ChainOf(binding);
    binding.older = newest;
    bindings_.push_back(binding);
    newest = size();
  }
  return StreamFailure::kNone;
}

bool ScopeStack::Search(const uint8_t* base, std::string_view prefix, const OuterScope& outer, Resolved& found) const noexcept {
  const uint32_t hash = bindings_.empty() ? 0 : HashOf(prefix);
  for (uint32_t next = newest_[hash % kChains]; next != 0; next = bindings_[next - 1].older) {
    const Binding& binding = bindings_[next - 1];
    if (binding.prefix_hash != hash || Text(base, binding.prefix, binding.prefix_end) != prefix) continue;
    found = {binding.ns(base), false};
    return true;
  }
  found = {RawValue{outer.default_ns}, true};
  return outer.Find(prefix, found.ns.text);
}

StreamFailure ScopeStack::CheckNames(const uint8_t* base, const Tag& tag, const OuterScope& outer, bool& leans_out) const noexcept {
  if (!tag.has_prefix && !tag.may_repeat) return StreamFailure::kNone;
  Resolved found;
  if (tag.colon != 0) {
    const std::string_view prefix = Text(base, tag.name, tag.colon);
    if (prefix == "xmlns" || !Resolve(base, prefix, outer, found)) return StreamFailure::kBadNamespacePrefix;
    if (found.is_outer && prefix != "xml") leans_out = true;
  }
  if (tag.may_repeat) return CheckRepeated(base, tag, outer, leans_out);
  const uint32_t count = KeptAttributes(tag);
  for (uint32_t i = 0; i < count; i++) {
    if (!CheckPrefix(base, tag.attributes[i], outer, found, leans_out)) return StreamFailure::kBadNamespacePrefix;
  }
  return StreamFailure::kNone;
}

bool ScopeStack::CheckPrefix(const uint8_t* base, const Attribute& attribute, const OuterScope& outer, Resolved& found,
                             bool& leans_out) const noexcept {
  if (attribute.colon == 0 || attribute.kind == AttributeKind::kPrefixDeclaration) return true;
  const std::string_view prefix = PrefixOf(base, attribute);
  if (!Resolve(base, prefix, outer, found)) return false;
  if (found.is_outer && prefix != "xml") leans_out = true;
  return true;
}

StreamFailure ScopeStack::CheckRepeated(const uint8_t* base, const Tag& tag, const OuterScope& outer,
                                        bool& leans_out) const noexcept {
  struct Name {
    std::string_view prefix;
    std::string_view local;
    std::string_view ns;
    uint32_t ns_hash;  // of what the value means
    bool is_plain;
    bool has_namespace;
  };
  Name names[kMostAttributes];
  const uint32_t count = KeptAttributes(tag);
  for (uint32_t i = 0; i < count; i++) {
    const Attribute& attribute = tag.attributes[i];
    Resolved found;
    if (!CheckPrefix(base, attribute, outer, found, leans_out)) return StreamFailure::kBadNamespacePrefix;
    // An attribute without a prefix is in no namespace, and nothing else is bound to that of declarations.
    const bool has_namespace = attribute.colon != 0 && attribute.kind != AttributeKind::kPrefixDeclaration;
    // Long names that differ at the end only would else be compared all with all.
    names[i] = {PrefixOf(base, attribute), LocalOf(base, attribute), found.ns.text,
                has_namespace ? HashOf(found.ns) : 0, found.ns.is_plain, has_namespace};
    const Name& name = names[i];
    for (uint32_t k = 0; k < i; k++) {
      const Name& other = names[k];
      if (other.local != name.local) continue;
      if (other.prefix == name.prefix) return StreamFailure::kNotWellFormed;
      if (!has_namespace || !other.has_namespace || other.ns_hash != name.ns_hash) continue;
      if (SameValue({other.ns, other.is_plain}, RawValue{name.ns, name.is_plain})) return StreamFailure::kNotWellFormed;
    }
  }
  return StreamFailure::kNone;
}

void ScopeStack::Export(const uint8_t* base, OuterScope& scope, std::vector<PrefixBinding>& bindings,
                        std::vector<std::string>& texts) const {
  texts.reserve(bindings_.size());
  for (const Binding& binding : bindings_) {
    texts.push_back(ReadValue(binding.ns(base)));
    const std::string_view prefix = Text(base, binding.prefix, binding.prefix_end);
    if (prefix.empty()) scope.default_ns = texts.back();
    else bindings.push_back({prefix, texts.back()});
  }
  scope.bindings = bindings;
}

}  // namespace meerkat
