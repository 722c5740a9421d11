#include "core/xml/frame_text.h"

#include <algorithm>

#include "core/xml/tag.h"

namespace meerkat {

namespace {

constexpr std::string_view kStreamDeclaration = " xmlns:stream='http://etherx.jabber.org/streams'";
constexpr std::string_view kStreamPrefix = "stream";

}  // namespace

std::string_view MissingDeclaration(std::string_view element, size_t& at) noexcept {
  at = 0;
  if (element.size() < 2 || element[0] != '<' || element[1] == '/' || element[1] == '!' || element[1] == '?') return {};
  const auto* const base = reinterpret_cast<const uint8_t*>(element.data());
  const auto end = static_cast<uint32_t>(std::min<size_t>(element.size(), kMostTagBytes));
  Tag tag;
  if (LexTag(base, 0, end, kMostAttributes, tag).status != LexResult::Status::kDone) return {};
  const bool has_prefix = tag.colon != 0;
  if (has_prefix && Text(base, tag.name, tag.colon) != kStreamPrefix) return {};
  for (uint32_t i = 0; i < std::min(tag.count, kMostAttributes); i++) {
    const Attribute& attribute = tag.attributes[i];
    if (!has_prefix && attribute.kind == AttributeKind::kDefaultDeclaration) return {};
    const bool is_prefix = attribute.kind == AttributeKind::kPrefixDeclaration;
    if (has_prefix && is_prefix && Text(base, attribute.colon + 1, attribute.name_end) == kStreamPrefix) return {};
  }
  at = tag.name_end;
  return has_prefix ? kStreamDeclaration : kClientDeclaration;
}

}  // namespace meerkat
