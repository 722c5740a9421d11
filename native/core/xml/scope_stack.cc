#include "core/xml/scope_stack.h"

namespace meerkat {

namespace {

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

StreamFailure ScopeStack::Bind(const uint8_t* base, const Tag& tag) {
  if (!tag.has_declaration) return StreamFailure::kNone;
  const uint32_t count = KeptAttributes(tag);
  for (uint32_t i = 0; i < count; i++) {
    const Attribute& attribute = tag.attributes[i];
    if (!attribute.is_declaration()) continue;
    const bool is_default = attribute.kind == AttributeKind::kDefaultDeclaration;
    Binding binding{attribute.colon + 1, attribute.name_end, attribute.value, attribute.value_end, attribute.is_plain()};
    if (is_default) binding.prefix = binding.prefix_end = attribute.name;
    if (!MayBind(Text(base, binding.prefix, binding.prefix_end), binding.ns(base))) return StreamFailure::kBadNamespacePrefix;
    bindings_.push_back(binding);
  }
  return StreamFailure::kNone;
}

bool ScopeStack::Search(const uint8_t* base, std::string_view prefix, const OuterScope& outer, Resolved& found) const noexcept {
  for (size_t i = bindings_.size(); i-- > 0;) {
    const Binding& binding = bindings_[i];
    if (Text(base, binding.prefix, binding.prefix_end) != prefix) continue;
    found = {binding.ns(base), false};
    return true;
  }
  found = {RawValue{outer.default_ns}, true};
  return prefix.empty() || outer.Find(prefix, found.ns.text);
}

StreamFailure ScopeStack::CheckNames(const uint8_t* base, const Tag& tag, const OuterScope& outer, bool& leans_out) const noexcept {
  if (!tag.has_prefix && !tag.may_repeat) return StreamFailure::kNone;
  Resolved found;
  if (tag.colon != 0) {
    const std::string_view prefix = Text(base, tag.name, tag.colon);
    if (prefix == "xmlns" || !Resolve(base, prefix, outer, found)) return StreamFailure::kBadNamespacePrefix;
    if (found.is_outer && prefix != "xml") leans_out = true;
  }
  const uint32_t count = KeptAttributes(tag);
  for (uint32_t i = 0; i < count; i++) {
    const Attribute& attribute = tag.attributes[i];
    if (attribute.colon != 0) {
      const std::string_view prefix = PrefixOf(base, attribute);
      if (attribute.kind != AttributeKind::kPrefixDeclaration && attribute.kind != AttributeKind::kLang) {
        if (!Resolve(base, prefix, outer, found)) return StreamFailure::kBadNamespacePrefix;
        if (found.is_outer && prefix != "xml") leans_out = true;
      }
    }
    if (tag.may_repeat && IsRepeated(base, tag, i, outer)) return StreamFailure::kNotWellFormed;
  }
  return StreamFailure::kNone;
}

bool ScopeStack::IsRepeated(const uint8_t* base, const Tag& tag, uint32_t index, const OuterScope& outer) const noexcept {
  const Attribute& attribute = tag.attributes[index];
  const std::string_view local = LocalOf(base, attribute);
  const std::string_view prefix = PrefixOf(base, attribute);
  for (uint32_t i = 0; i < index; i++) {
    const Attribute& other = tag.attributes[i];
    if (LocalOf(base, other) != local) continue;
    const std::string_view other_prefix = PrefixOf(base, other);
    if (other_prefix == prefix) return true;
    // An attribute without a prefix is in no namespace, and nothing else is bound to that of declarations.
    if (prefix.empty() || other_prefix.empty() || prefix == "xmlns" || other_prefix == "xmlns") continue;
    Resolved ns;
    Resolved other_ns;
    if (Resolve(base, prefix, outer, ns) && Resolve(base, other_prefix, outer, other_ns) && SameValue(ns.ns, other_ns.ns)) return true;
  }
  return false;
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
