#include "core/xml/element_scan.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace meerkat {

namespace {

constexpr OuterScope kNoScope{};
constexpr uint32_t kMostCountedChildren = 0xffff;
/// No namespace of a ChildTable is longer.
constexpr size_t kLongestMatched = 256;

std::string_view LocalName(const uint8_t* base, const Tag& tag) noexcept {
  return Text(base, tag.colon == 0 ? tag.name : tag.colon + 1, tag.name_end);
}

std::string_view Prefix(const uint8_t* base, const Tag& tag) noexcept {
  return tag.colon == 0 ? std::string_view() : Text(base, tag.name, tag.colon);
}

StanzaKind KindOf(std::string_view name) noexcept {
  if (name == "message") return StanzaKind::kMessage;
  if (name == "presence") return StanzaKind::kPresence;
  return name == "iq" ? StanzaKind::kIq : StanzaKind::kNonza;
}

/// RFC 6120 section 4.8.3: a stream without a content namespace of its own leaves it to each stanza.
bool IsContentNamespace(RawValue ns, const OuterScope& scope) noexcept {
  const std::string_view content = scope.ContentNamespace();
  // Most often it was inherited, and is the very same.
  if (!content.empty() && ns.text.data() == content.data()) return true;
  if (!content.empty()) return SameValue(ns, content);
  return SameValue(ns, kClientNamespace) || SameValue(ns, kServerNamespace);
}

uint32_t TypeIndex(std::string_view value) noexcept {
  for (size_t i = 1; i < std::size(kStanzaTypes); i++) {
    if (kStanzaTypes[i] == value) return static_cast<uint32_t>(i);
  }
  return kUnknownType;
}

uint32_t Span(uint32_t start, uint32_t end) noexcept { return start << 16 | (end - start); }

}  // namespace

void ElementScan::Begin() noexcept {
  envelope_ = {};
  open_.clear();
  scopes_.Clear();
  children_ = 0;
  in_cdata_ = false;
}

StreamFailure ElementScan::Check(const uint8_t* base, const Tag& tag, const OuterScope& scope, const Limits& limits) {
  if (tag.count > std::min(limits.max_attributes, kMostAttributes)) return StreamFailure::kTooManyAttributes;
  if (open_.size() >= limits.max_depth) return StreamFailure::kTooDeep;
  if (tag.has_bad_name) return StreamFailure::kNotWellFormed;
  if (tag.count == 0 && tag.colon == 0) return StreamFailure::kNone;
  const StreamFailure failure = scopes_.Bind(base, tag, limits.max_namespace_bytes);
  if (failure != StreamFailure::kNone) return failure;
  bool leans_out = false;
  const StreamFailure names = scopes_.CheckNames(base, tag, scope, leans_out);
  if (leans_out) envelope_.words[word::kKind] |= envelope_flag::kForeignScope;
  return names;
}

StreamFailure ElementScan::StartTag(const uint8_t* base, const Tag& tag, const OuterScope& scope, const Limits& limits,
                                    const ChildTable& children) {
  const uint32_t scopes = scopes_.size();
  const StreamFailure failure = Check(base, tag, scope, limits);
  if (failure != StreamFailure::kNone) return failure;

  if (open_.empty()) {
    Outline(base, tag, scope);
    if (tag.colon != 0) envelope_.words[word::kKind] |= envelope_flag::kForeignScope;
  } else {
    if (++children_ > limits.max_children) return StreamFailure::kTooManyChildren;
    if (open_.size() == 1) MarkChild(base, tag, scope, children);
  }
  if (tag.is_empty) scopes_.Truncate(scopes);
  else open_.push_back({tag.name, tag.name_end, scopes});
  return StreamFailure::kNone;
}

uint32_t ElementScan::PlainEndTag(const uint8_t* base, uint32_t at, uint32_t end) noexcept {
  const Open& open = open_.back();
  const uint32_t length = open.name_end - open.name;
  if (end - at < length + 3 || base[at + 1] != '/' || base[at + 2 + length] != '>') return 0;
  if (std::memcmp(base + at + 2, base + open.name, length) != 0) return 0;
  scopes_.Truncate(open.scopes);
  open_.pop_back();
  return at + length + 3;
}

StreamFailure ElementScan::EndTag(const uint8_t* base, const Tag& tag) noexcept {
  const Open& open = open_.back();
  if (Text(base, open.name, open.name_end) != Text(base, tag.name, tag.name_end)) return StreamFailure::kNotWellFormed;
  scopes_.Truncate(open.scopes);
  open_.pop_back();
  return StreamFailure::kNone;
}

StreamFailure ElementScan::Header(const uint8_t* base, const Tag& tag, const Limits& limits, const OuterScope*& scope,
                                  std::unique_ptr<OwnedScope>& owned) {
  Begin();
  const StreamFailure failure = Check(base, tag, kNoScope, limits);
  if (failure != StreamFailure::kNone) return failure;
  Resolved found;
  if (!scopes_.Resolve(base, Prefix(base, tag), kNoScope, found)) return StreamFailure::kBadNamespacePrefix;
  if (LocalName(base, tag) != "stream" || !SameValue(found.ns, kStreamNamespace)) return StreamFailure::kInvalidNamespace;
  if (tag.is_empty) return StreamFailure::kBadFormat;

  Outline(base, tag, kNoScope);
  envelope_.words[word::kKind] &= ~envelope_flag::kForeignScope;
  OuterScope declared;
  std::vector<PrefixBinding> bindings;
  std::vector<std::string> texts;
  declared.root = Text(base, tag.name, tag.name_end);
  scopes_.Export(base, declared, bindings, texts);
  scope = OuterScope::Usual(declared);
  if (!scope) {
    owned = OwnedScope::Copy(declared);
    scope = &owned->view();
  }
  return StreamFailure::kNone;
}

void ElementScan::Outline(const uint8_t* base, const Tag& tag, const OuterScope& scope) noexcept {
  Resolved found;
  const StanzaKind kind = KindOf(LocalName(base, tag));
  if (kind != StanzaKind::kNonza && scopes_.Resolve(base, Prefix(base, tag), scope, found) && IsContentNamespace(found.ns, scope)) {
    envelope_.words[word::kStanza] = static_cast<uint32_t>(kind);
  }
  envelope_.words[word::kHead] = tag.end << 16 | (tag.name_end & 0xffff);
  for (uint32_t i = 0; i < tag.count; i++) TakeAttribute(base, tag.attributes[i]);
}

void ElementScan::TakeAttribute(const uint8_t* base, const Attribute& attribute) noexcept {
  size_t field;
  switch (attribute.kind) {
    case AttributeKind::kTo: field = word::kTo; break;
    case AttributeKind::kFrom: field = word::kFrom; break;
    case AttributeKind::kId: field = word::kId; break;
    case AttributeKind::kLang: field = word::kLang; break;
    case AttributeKind::kType:
      envelope_.words[word::kStanza] |= TypeIndex(Text(base, attribute.value, attribute.value_end)) << 8;
      return;
    default: return;
  }
  envelope_.words[field] = Span(attribute.value, attribute.value_end);
  if (field == word::kFrom) envelope_.words[word::kFromCut] = Span(attribute.space, attribute.value_end + 1);
  if (attribute.has_reference) envelope_.words[word::kKind] |= envelope_flag::kEscaped;
  if (!attribute.is_ascii) envelope_.words[word::kKind] |= envelope_flag::kNonAscii;
}

void ElementScan::MarkChild(const uint8_t* base, const Tag& tag, const OuterScope& scope, const ChildTable& children) noexcept {
  Resolved found;
  if (!scopes_.Resolve(base, Prefix(base, tag), scope, found)) return;
  const std::string_view name = LocalName(base, tag);
  uint64_t bits;
  if (IsContentNamespace(found.ns, scope)) {
    // The patterns speak of `jabber:client`, but a body is a body on any stream.
    bits = children.MatchClient(name);
  } else {
    char room[kLongestMatched];
    bool fits;
    const std::string_view ns = ReadValue(found.ns, room, sizeof room, fits);
    bits = fits ? children.Match(ns, name) : 0;
  }
  envelope_.words[word::kChildrenLow] |= static_cast<uint32_t>(bits);
  envelope_.words[word::kChildrenHigh] |= static_cast<uint32_t>(bits >> 32);
}

const Envelope& ElementScan::Finish(EventKind kind, uint32_t start, uint32_t size) noexcept {
  envelope_.words[word::kKind] |= static_cast<uint32_t>(kind);
  envelope_.words[word::kStart] = start;
  envelope_.words[word::kEnd] = start + size;
  envelope_.words[word::kStanza] |= std::min(children_, kMostCountedChildren) << 16;
  return envelope_;
}

}  // namespace meerkat
