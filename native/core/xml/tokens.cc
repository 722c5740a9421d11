#include "core/xml/tokens.h"

#include <cstring>
#include <string>
#include <utility>

#include "core/xml/characters.h"
#include "core/xml/scope_stack.h"
#include "core/xml/tag.h"
#include "core/xml/text_scan.h"

namespace meerkat {

namespace {

constexpr OuterScope kNoScope{};
constexpr std::string_view kXmlns = "xmlns";
constexpr uint32_t kAnyLength = UINT32_MAX;

/// How much of a text there is to do, found byte by byte where nothing has told yet.
uint32_t TextFlags(std::string_view text, bool has_references) noexcept {
  uint32_t flags = 0;
  for (char c : text) {
    if (static_cast<uint8_t>(c) > 0x7f) flags |= token::kNonAscii;
    else if (c == '\r' || (c == '&' && has_references)) flags |= token::kRaw;
  }
  return flags;
}

class Writer {
 public:
  Writer(const uint8_t* base, uint32_t size, const OuterScope& scope, const NameTable& names, std::vector<uint32_t>& tokens)
      : base_(base), size_(size), scope_(scope), names_(names), tokens_(tokens) {
    tokens_.clear();
  }

  bool WriteElement() {
    do {
      if (!WriteTag()) return false;
      if (!open_.empty() && !WriteText()) return false;
    } while (!open_.empty());
    return at_ == size_;
  }

  bool WriteHeader() {
    Tag tag;
    if (!Lex(tag) || tag.is_end || tag.end != size_) return false;
    if (scopes_.Bind(base_, tag, kAnyLength) != StreamFailure::kNone || !WriteOpening(tag, true)) return false;
    tokens_.push_back(token::kClose);
    return true;
  }

 private:
  bool Lex(Tag& tag) noexcept {
    if (at_ >= size_ || base_[at_] != '<') return false;
    const LexResult read = LexTag(base_, at_, size_, kMostAttributes, tag);
    if (read.status != LexResult::Status::kDone || tag.count > kMostAttributes) return false;
    at_ = tag.end;
    return true;
  }

  bool WriteTag() {
    Tag tag;
    if (!Lex(tag)) return false;
    if (tag.is_end) return WriteClose();
    const uint32_t scopes = scopes_.size();
    if (scopes_.Bind(base_, tag, kAnyLength) != StreamFailure::kNone || !WriteOpening(tag, false)) return false;
    open_.push_back({scopes, tag.colon != 0});
    return tag.is_empty ? WriteClose() : true;
  }

  bool WriteClose() {
    if (open_.empty()) return false;
    tokens_.push_back(token::kClose);
    scopes_.Truncate(open_.back().scopes);
    open_.pop_back();
    return true;
  }

  /// Character data up to the next tag.
  bool WriteText() {
    while (true) {
      const TextResult text = ScanText(base_, at_, size_);
      if (text.status != TextResult::Status::kEnd) return false;
      if (text.at > at_) WriteData(token::kText, at_, text.at, true);
      at_ = text.at;
      if (!Text(base_, at_, size_).starts_with(kCdataStart)) return true;
      const uint32_t start = at_ + static_cast<uint32_t>(kCdataStart.size());
      const TextResult cdata = ScanCdata(base_, start, size_);
      if (cdata.status != TextResult::Status::kEnd) return false;
      if (cdata.at - kCdataEnd > start) WriteData(token::kCdata, start, cdata.at - kCdataEnd, false);
      at_ = cdata.at;
    }
  }

  void WriteData(uint32_t kind, uint32_t from, uint32_t to, bool has_references) {
    tokens_.push_back(kind);
    WriteSpan(from, to, TextFlags(Text(base_, from, to), has_references));
  }

  bool WriteOpening(const Tag& tag, bool is_header) {
    const size_t head = tokens_.size();
    tokens_.push_back(token::kOpen);
    WriteName(tag.colon == 0 ? tag.name : tag.colon + 1, tag.name_end);
    if (!WriteNamespace(tag)) return false;

    uint32_t count = 0;
    for (uint32_t i = 0; i < tag.count; i++) {
      const Attribute& attribute = tag.attributes[i];
      if (attribute.is_declaration() && !(is_header && attribute.kind == AttributeKind::kDefaultDeclaration)) continue;
      WriteName(attribute.name, attribute.name_end);
      WriteValue(attribute);
      count++;
      if (IsFirstOfPrefix(tag, i)) {
        if (!WriteDeclaration(Text(base_, attribute.name, attribute.colon))) return false;
        count++;
      }
    }
    tokens_[head] |= count << 8;
    return true;
  }

  /// The attribute has a prefix that has to be declared beside it, and no attribute before it has the same.
  [[nodiscard]] bool IsFirstOfPrefix(const Tag& tag, uint32_t index) const noexcept {
    const Attribute& attribute = tag.attributes[index];
    if (attribute.colon == 0) return false;
    const std::string_view prefix = Text(base_, attribute.name, attribute.colon);
    if (prefix == "xml") return false;
    for (uint32_t i = 0; i < index; i++) {
      const Attribute& other = tag.attributes[i];
      if (other.colon != 0 && Text(base_, other.name, other.colon) == prefix) return false;
    }
    return true;
  }

  bool WriteDeclaration(std::string_view prefix) {
    Resolved found;
    if (!scopes_.Resolve(base_, prefix, scope_, found)) return false;
    std::string name(kXmlns);
    name.append(":").append(prefix);
    WriteLiteral(name);
    WriteResolved(found);
    return true;
  }

  bool WriteNamespace(const Tag& tag) {
    // A parent with a prefix may be in another namespace than the default one.
    if (tag.colon == 0 && !open_.empty() && !open_.back().has_prefix && !HasDefaultDeclaration(tag)) {
      tokens_.push_back(0);
      tokens_.push_back(token::kParent);
      return true;
    }
    Resolved found;
    const std::string_view prefix = tag.colon == 0 ? std::string_view() : Text(base_, tag.name, tag.colon);
    if (!scopes_.Resolve(base_, prefix, scope_, found)) return false;
    WriteResolved(found);
    return true;
  }

  [[nodiscard]] static bool HasDefaultDeclaration(const Tag& tag) noexcept {
    if (!tag.has_declaration) return false;
    for (uint32_t i = 0; i < tag.count; i++) {
      if (tag.attributes[i].kind == AttributeKind::kDefaultDeclaration) return true;
    }
    return false;
  }

  void WriteResolved(const Resolved& found) {
    const std::string_view text = found.ns.text;
    if (found.ns.is_plain && WriteInterned(text)) return;
    if (found.is_outer || text.empty()) return WriteOuter(text);
    const uint32_t from = static_cast<uint32_t>(reinterpret_cast<const uint8_t*>(text.data()) - base_);
    WriteSpan(from, from + static_cast<uint32_t>(text.size()), (found.ns.is_plain ? 0 : token::kRaw) | TextFlags(text, false));
  }

  /// A namespace of the stream header: its bytes once, then where they stand.
  void WriteOuter(std::string_view text) {
    for (const auto& [data, at] : outer_) {
      if (data != text.data()) continue;
      const uint32_t length_and_flags = tokens_[at - 1];
      tokens_.push_back(at);
      tokens_.push_back(length_and_flags);
      return;
    }
    WriteLiteral(text);
    if (!text.empty()) outer_.push_back({text.data(), static_cast<uint32_t>(tokens_.size() - (text.size() + 3) / 4)});
  }

  void WriteName(uint32_t from, uint32_t to) {
    const std::string_view name = Text(base_, from, to);
    if (!WriteInterned(name)) WriteSpan(from, to, TextFlags(name, false));
  }

  void WriteValue(const Attribute& attribute) {
    WriteSpan(attribute.value, attribute.value_end,
              (attribute.is_plain() ? 0 : token::kRaw) | (attribute.is_ascii ? 0 : token::kNonAscii));
  }

  bool WriteInterned(std::string_view text) {
    const uint32_t number = names_.Find(text);
    if (number == NameTable::kUnknown) return false;
    tokens_.push_back(number);
    tokens_.push_back(token::kInterned);
    return true;
  }

  void WriteSpan(uint32_t from, uint32_t to, uint32_t flags) {
    tokens_.push_back(from);
    tokens_.push_back((to - from) << token::kLengthShift | flags);
  }

  void WriteLiteral(std::string_view text) {
    tokens_.push_back(0);
    tokens_.push_back(static_cast<uint32_t>(text.size()) << token::kLengthShift | token::kLiteral | TextFlags(text, false));
    const size_t at = tokens_.size();
    tokens_.resize(at + (text.size() + 3) / 4, 0);
    if (!text.empty()) std::memcpy(tokens_.data() + at, text.data(), text.size());
  }

  struct Open {
    uint32_t scopes;  // declarations in force outside of it
    bool has_prefix;
  };

  static constexpr std::string_view kCdataStart = "<![CDATA[";
  static constexpr uint32_t kCdataEnd = 3;  // bytes of `]]>`

  const uint8_t* const base_;
  const uint32_t size_;
  const OuterScope& scope_;
  const NameTable& names_;
  std::vector<uint32_t>& tokens_;
  uint32_t at_ = 0;
  ScopeStack scopes_;
  std::vector<Open> open_;
  std::vector<std::pair<const char*, uint32_t>> outer_;  // written so far: text, and its place in `tokens_`
};

static_assert(kMostStanzaBytes >> (32 - token::kLengthShift) == 0);
bool IsTooLong(std::span<const uint8_t> bytes) noexcept { return bytes.size() > kMostStanzaBytes; }

}  // namespace

bool WriteTokens(std::span<const uint8_t> element, const OuterScope& scope, const NameTable& names, std::vector<uint32_t>& tokens) {
  if (IsTooLong(element)) return false;
  return Writer(element.data(), static_cast<uint32_t>(element.size()), scope, names, tokens).WriteElement();
}

bool WriteHeaderTokens(std::span<const uint8_t> header, const NameTable& names, std::vector<uint32_t>& tokens) {
  if (IsTooLong(header)) return false;
  return Writer(header.data(), static_cast<uint32_t>(header.size()), kNoScope, names, tokens).WriteHeader();
}

}  // namespace meerkat
