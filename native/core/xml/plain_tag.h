/// Reads the usual start tag in one go; all others are left to `LexTag`.
#pragma once

#include <cstring>

#include "core/xml/characters.h"
#include "core/xml/scanner.h"
#include "core/xml/tag.h"

namespace meerkat {

template <size_t size>
bool IsText(const uint8_t* name, const char (&text)[size]) noexcept {
  return std::memcmp(name, text, size - 1) == 0;
}

/// The kind of an attribute whose name has no colon.
inline AttributeKind PlainKindOf(const uint8_t* name, size_t length) noexcept {
  switch (length) {
    case 2:
      if (IsText(name, "to")) return AttributeKind::kTo;
      return IsText(name, "id") ? AttributeKind::kId : AttributeKind::kOther;
    case 4:
      if (IsText(name, "type")) return AttributeKind::kType;
      return IsText(name, "from") ? AttributeKind::kFrom : AttributeKind::kOther;
    case 5:
      return IsText(name, "xmlns") ? AttributeKind::kDefaultDeclaration : AttributeKind::kOther;
    default:
      return AttributeKind::kOther;
  }
}

/// One bit of 64 that equal local names share.
inline uint64_t Mark(const uint8_t* local, const uint8_t* end) noexcept {
  return uint64_t{1} << ((static_cast<uint32_t>(end - local) * 7 + *local * 31u + end[-1]) & 63);
}

/// Reads the attribute behind the space at `space`; the byte behind it is there. Null leaves the tag to `LexTag`.
inline const uint8_t* LexPlainAttribute(const uint8_t* base, const uint8_t* space, const uint8_t* end, Attribute& attribute) noexcept {
  const uint8_t* const name = space + 1;
  const uint8_t* const name_end = SkipAsciiName(name, end);
  if (name_end == name || end - name_end < 3 || name_end[0] != '=' || (name_end[1] != '\'' && name_end[1] != '"')) return nullptr;
  const uint8_t* const value = name_end + 2;
  const uint8_t* const value_end = SkipPlain<'"', '\'', '<', '&'>(value, end);
  // The byte behind the value has to be there, too.
  if (end - value_end < 2 || *value_end != name_end[1]) return nullptr;
  const auto offset = [base](const uint8_t* place) { return static_cast<uint32_t>(place - base); };
  const AttributeKind kind = PlainKindOf(name, static_cast<size_t>(name_end - name));
  attribute = {offset(space), offset(name), 0, offset(name_end), offset(value), offset(value_end), kind, false, false, true};
  return value_end + 1;
}

/// The start tag at `start`: ASCII names without a colon, single spaces, values without references or white space but spaces. False
/// leaves it to `LexTag`: other tags, those with more than `kept` attributes, and those that are wrong or not complete before `until`.
inline bool LexPlainTag(const uint8_t* base, uint32_t start, uint32_t until, uint32_t kept, Tag& tag) noexcept {
  const uint8_t* const end = base + until;
  const uint8_t* at = SkipAsciiName(base + start + 1, end);
  if (at == base + start + 1 || at == end) return false;
  tag.start = start;
  tag.name = start + 1;
  tag.colon = 0;
  tag.name_end = static_cast<uint32_t>(at - base);
  tag.has_declaration = tag.has_prefix = tag.may_repeat = tag.is_end = tag.has_bad_name = false;
  uint32_t count = 0;
  uint64_t seen = 0;
  for (; *at == ' '; count++) {
    if (count == kept) return false;
    Attribute& attribute = tag.attributes[count];
    at = LexPlainAttribute(base, at, end, attribute);
    if (!at) return false;
    const uint64_t mark = Mark(base + attribute.name, base + attribute.name_end);
    tag.may_repeat |= (seen & mark) != 0;
    seen |= mark;
    tag.has_declaration |= attribute.kind == AttributeKind::kDefaultDeclaration;
  }
  tag.is_empty = *at == '/';
  if (tag.is_empty && ++at == end) return false;
  tag.end = static_cast<uint32_t>(at - base) + 1;
  tag.count = count;
  return *at == '>';
}

}  // namespace meerkat
