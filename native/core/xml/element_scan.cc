#include "core/xml/element_scan.h"

#include <algorithm>
#include <iterator>

#include "core/xml/plain_tag.h"
#include "core/xml/scanner.h"
#include "core/xml/text_scan.h"

namespace meerkat {

namespace {

constexpr OuterScope kNoScope{};
constexpr uint32_t kMostCountedChildren = 0xffff;
/// No known type is longer.
constexpr size_t kLongestType = 16;
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

uint32_t TypeIndex(RawValue raw) noexcept {
  char room[kLongestType];
  bool fits;
  const std::string_view value = ReadValue(raw, room, sizeof room, fits);
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
    Resolved found;
    if (open_.size() == 1 && scopes_.Resolve(base, Prefix(base, tag), scope, found)) {
      MarkChild(found.ns, LocalName(base, tag), scope, children);
    }
  }
  if (tag.is_empty) scopes_.Truncate(scopes);
  else open_.push_back({tag.name, tag.name_end, scopes});
  return StreamFailure::kNone;
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

bool ElementScan::Is(const uint8_t* base, std::string_view name, std::string_view ns) const noexcept {
  Tag tag;
  const uint32_t tag_end = envelope_.words[word::kHead] >> 16;
  if (LexTag(base, 0, tag_end, kMostAttributes, tag).status != LexResult::Status::kDone || LocalName(base, tag) != name) return false;
  ScopeStack scopes;
  Resolved found;
  return scopes.Bind(base, tag, UINT32_MAX) == StreamFailure::kNone && scopes.Resolve(base, Prefix(base, tag), kNoScope, found) &&
         SameValue(found.ns, ns);
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
    case AttributeKind::kDefaultDeclaration: envelope_.words[word::kKind] |= envelope_flag::kOwnNamespace; return;
    case AttributeKind::kType:
      envelope_.words[word::kStanza] |= TypeIndex({Text(base, attribute.value, attribute.value_end), attribute.is_plain()}) << 8;
      return;
    default: return;
  }
  envelope_.words[field] = Span(attribute.value, attribute.value_end);
  if (field == word::kFrom) envelope_.words[word::kFromCut] = Span(attribute.space, attribute.value_end + 1);
  if (!attribute.is_plain()) envelope_.words[word::kKind] |= envelope_flag::kEscaped;
  if (!attribute.is_ascii) envelope_.words[word::kKind] |= envelope_flag::kNonAscii;
}

void ElementScan::MarkChild(RawValue ns, std::string_view name, const OuterScope& scope, const ChildTable& children) noexcept {
  uint64_t bits = 0;
  if (IsContentNamespace(ns, scope)) {
    // The patterns speak of `jabber:client`, but a body is a body on any stream.
    bits = children.MatchClient(name);
  } else if (ns.is_plain) {
    bits = children.Match(ns.text, name);
  } else {
    char room[kLongestMatched];
    bool fits;
    const std::string_view decoded = ReadValue(ns, room, sizeof room, fits);
    if (fits) bits = children.Match(decoded, name);
  }
  envelope_.words[word::kChildrenLow] |= static_cast<uint32_t>(bits);
  envelope_.words[word::kChildrenHigh] |= static_cast<uint32_t>(bits >> 32);
}

/// What most elements consist of, read in one pass: a stanza's tag with its own attributes; inner tags with at most an `xmlns`; end tags;
/// text. All names are ASCII and have no prefix. Whatever else there is, and whatever breaks a rule or a limit, is left alone.
/// Everything is inlined into the loop: the calls would cost as much as the work.
class ElementScan::UsualReader {
 public:
  UsualReader(ElementScan& scan, const uint8_t* base, uint32_t end, const OuterScope& scope, const Limits& limits,
              const ChildTable& children) noexcept
      : scan_(scan), base_(base), end_(base + end), scope_(scope), limits_(limits), children_(children),
        longest_tag_(std::min(limits.max_tag_bytes, kMostTagBytes)) {}

  [[gnu::flatten]] uint32_t Read(uint32_t from) {
    const uint8_t* at = base_ + from;
    while (at < end_) {
      if (*at != '<' && !SkipText(at)) break;
      if (end_ - at < kShortestTag) break;
      const uint8_t* const behind = at == base_ ? StanzaTag(at) : at[1] == '/' ? EndTag(at) : InnerTag(at);
      if (!behind) break;
      at = behind;
      if (scan_.is_complete()) break;
    }
    return Offset(at);
  }

 private:
  [[nodiscard]] uint32_t Offset(const uint8_t* at) const noexcept { return static_cast<uint32_t>(at - base_); }
  [[nodiscard]] std::string_view View(const uint8_t* from, const uint8_t* to) const noexcept {
    return {reinterpret_cast<const char*>(from), static_cast<size_t>(to - from)};
  }

  /// To the next `<`; false when the text stops short of one.
  bool SkipText(const uint8_t*& at) const noexcept {
    at = SkipPlain<'<', '&', '>'>(at, end_);
    if (at == end_) return false;
    if (*at == '<') return true;
    const TextResult text = ScanText(base_, Offset(at), Offset(end_));
    at = base_ + text.at;
    return text.status == TextResult::Status::kEnd;
  }

  /// One past the end of a start tag that may end at `at`, where at least two bytes stand; null when it does not.
  [[nodiscard]] const uint8_t* TagEnd(const uint8_t* start, const uint8_t* at, bool& is_empty) const noexcept {
    is_empty = *at == '/';
    at += is_empty;
    const bool fits = static_cast<size_t>(at + 1 - start) <= longest_tag_ && scan_.open_.size() < limits_.max_depth;
    return *at == '>' && fits ? at + 1 : nullptr;
  }

  const uint8_t* StanzaTag(const uint8_t* start) {
    const uint8_t* const name_end = SkipAsciiName(start + 1, end_);
    const StanzaKind kind = KindOf(View(start + 1, name_end));
    if (kind == StanzaKind::kNonza || !IsContentNamespace(RawValue{scope_.default_ns}, scope_)) return nullptr;
    const uint8_t* at = name_end;
    uint32_t left = limits_.max_attributes;
    for (; at < end_ && *at == ' '; left--) {
      Attribute attribute;
      at = StanzaAttribute(at, attribute);
      if (!at || left == 0) return nullptr;
      scan_.TakeAttribute(base_, attribute);
    }
    bool is_empty = false;
    const uint8_t* const behind = end_ - at < 2 ? nullptr : TagEnd(start, at, is_empty);
    if (!behind) return nullptr;
    scan_.envelope_.words[word::kStanza] |= static_cast<uint32_t>(kind);
    scan_.envelope_.words[word::kHead] = Offset(behind) << 16 | (Offset(name_end) & 0xffff);
    if (!is_empty) scan_.open_.push_back({1, Offset(name_end), 0});
    return behind;
  }

  /// An attribute that envelopes tell about, and that the tag has not had yet.
  const uint8_t* StanzaAttribute(const uint8_t* space, Attribute& attribute) const noexcept {
    const uint8_t* const behind = LexPlainAttribute(base_, space, end_, attribute);
    if (!behind) return nullptr;
    const uint32_t* const words = scan_.envelope_.words;
    switch (attribute.kind) {
      case AttributeKind::kTo: return words[word::kTo] == 0 ? behind : nullptr;
      case AttributeKind::kFrom: return words[word::kFrom] == 0 ? behind : nullptr;
      case AttributeKind::kId: return words[word::kId] == 0 ? behind : nullptr;
      case AttributeKind::kLang: return words[word::kLang] == 0 ? behind : nullptr;
      case AttributeKind::kType: return words[word::kStanza] == 0 ? behind : nullptr;
      // As each stanza in a frame has it. Nothing is declared by it that does not hold anyway.
      case AttributeKind::kDefaultDeclaration: {
        const bool is_new = (words[word::kKind] & envelope_flag::kOwnNamespace) == 0;
        return is_new && Text(base_, attribute.value, attribute.value_end) == scope_.default_ns ? behind : nullptr;
      }
      default: return nullptr;
    }
  }

  const uint8_t* InnerTag(const uint8_t* start) {
    const uint8_t* const name_end = SkipAsciiName(start + 1, end_);
    if (name_end == start + 1 || end_ - name_end < 2) return nullptr;
    const uint8_t* at = name_end;
    const uint8_t* value = nullptr;
    if (*at == ' ') {
      value = at + kDeclaration.size() + 1;
      at = Declaration(at);
      if (!at) return nullptr;
    }
    bool is_empty;
    const uint8_t* const behind = TagEnd(start, at, is_empty);
    if (!behind || scan_.children_ >= limits_.max_children) return nullptr;
    scan_.children_++;
    if (scan_.open_.size() == 1) Mark(value, at, View(start + 1, name_end));
    if (is_empty) return behind;
    scan_.open_.push_back({Offset(start) + 1, Offset(name_end), scan_.scopes_.size()});
    if (value) scan_.scopes_.BindDefault(Offset(value), Offset(at) - 1);
    return behind;
  }

  /// One past the `xmlns` with its value behind the space at `space`, where two more bytes have to be.
  [[nodiscard]] const uint8_t* Declaration(const uint8_t* space) const noexcept {
    const uint8_t* const quote = space + kDeclaration.size();
    if (end_ - quote < 2 || std::memcmp(space, kDeclaration.data(), kDeclaration.size()) != 0) return nullptr;
    const uint8_t* const value_end = SkipPlain<'"', '\'', '<', '&'>(quote + 1, end_);
    if (end_ - value_end < 3 || (*quote != '\'' && *quote != '"') || *value_end != *quote) return nullptr;
    const std::string_view ns = View(quote + 1, value_end);
    if (ns.size() > limits_.max_namespace_bytes || limits_.max_attributes == 0 || !ScopeStack::MayBindDefault(ns)) return nullptr;
    return value_end + 1;
  }

  /// A child, in the namespace that it declares before `value_end`, or in the default one.
  void Mark(const uint8_t* value, const uint8_t* behind_quote, std::string_view name) noexcept {
    Resolved found{RawValue{}, false};
    if (value) found.ns.text = View(value, behind_quote - 1);
    else static_cast<void>(scan_.scopes_.Resolve(base_, {}, scope_, found));
    scan_.MarkChild(found.ns, name, scope_, children_);
  }

  /// The end tag that is due, without white space.
  const uint8_t* EndTag(const uint8_t* start) noexcept {
    const Open open = scan_.open_.back();
    const size_t length = open.name_end - open.name;
    const size_t size = length + 3;
    if (static_cast<size_t>(end_ - start) < size || size > longest_tag_ || start[2 + length] != '>') return nullptr;
    if (!SameBytes(start + 2, base_ + open.name, length)) return nullptr;
    scan_.scopes_.Truncate(open.scopes);
    scan_.open_.pop_back();
    return start + size;
  }

  static constexpr std::string_view kDeclaration = " xmlns=";
  static constexpr int kShortestTag = 3;

  ElementScan& scan_;
  const uint8_t* const base_;
  const uint8_t* const end_;
  const OuterScope& scope_;
  const Limits& limits_;
  const ChildTable& children_;
  const size_t longest_tag_;
};

uint32_t ElementScan::ReadUsual(const uint8_t* base, uint32_t at, uint32_t end, const OuterScope& scope, const Limits& limits,
                                const ChildTable& children) {
  return UsualReader(*this, base, end, scope, limits, children).Read(at);
}

const Envelope& ElementScan::Finish(EventKind kind, uint32_t start, uint32_t size) noexcept {
  envelope_.words[word::kKind] |= static_cast<uint32_t>(kind);
  envelope_.words[word::kStart] = start;
  envelope_.words[word::kEnd] = start + size;
  envelope_.words[word::kStanza] |= std::min(children_, kMostCountedChildren) << 16;
  return envelope_;
}

}  // namespace meerkat
