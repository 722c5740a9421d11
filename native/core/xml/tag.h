/// One tag as it was read: where its names and values lie.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/xml/envelope.h"
#include "core/xml/limits.h"

namespace meerkat {

/// The attributes that somebody here asks for.
enum class AttributeKind : uint8_t { kOther, kDefaultDeclaration, kPrefixDeclaration, kTo, kFrom, kId, kType, kLang };

/// All offsets count from the start of the top-level element.
struct Attribute {
  uint32_t space;  // start of the white space before it
  uint32_t name;
  uint32_t colon;  // 0 for a name without a prefix
  uint32_t name_end;
  uint32_t value;  // between the quotes
  uint32_t value_end;
  AttributeKind kind;
  bool has_reference;
  bool has_white;  // other than plain spaces: must be normalized
  bool is_ascii;

  [[nodiscard]] bool is_declaration() const noexcept {
    return kind == AttributeKind::kDefaultDeclaration || kind == AttributeKind::kPrefixDeclaration;
  }
  [[nodiscard]] bool is_plain() const noexcept { return !has_reference && !has_white; }
};

struct Tag {
  uint32_t start;
  uint32_t name;
  uint32_t colon;
  uint32_t name_end;
  uint32_t end;  // one past the `>`
  uint32_t count;  // attributes; those beyond the kept ones included
  bool has_declaration;
  /// A name has a prefix that has to be declared.
  bool has_prefix;
  /// Two attributes may have the same local name.
  bool may_repeat;
  bool is_end;
  bool is_empty;
  /// A name has more than one colon, or nothing on one side of it (Namespaces in XML 1.0 section 4).
  bool has_bad_name;
  Attribute attributes[kMostAttributes];
};

[[nodiscard]] inline std::string_view Text(const uint8_t* base, uint32_t from, uint32_t to) noexcept {
  return {reinterpret_cast<const char*>(base) + from, to - from};
}

struct LexResult {
  enum class Status : uint8_t { kDone, kIncomplete, kFailed };
  Status status;
  StreamFailure failure;
};

/// Reads the start or end tag at `at`, where a `<` stands with a name, or a slash, behind it. Nothing at or behind `end` is looked at.
/// Keeps at most `kept` attributes, and counts on.
[[nodiscard]] LexResult LexTag(const uint8_t* base, uint32_t at, uint32_t end, uint32_t kept, Tag& tag) noexcept;

}  // namespace meerkat
