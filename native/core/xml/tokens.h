/// Writes an element as a flat list of numbers, from which JavaScript builds its tree without parsing XML.
///
/// A list is a sequence of
///   OPEN   `1 | attributes << 8`, name, namespace, then name and value of each attribute
///   CLOSE  `0`
///   TEXT   `2`, text     (references as they came)
///   CDATA  `3`, text     (no references in it)
/// and a text is two words, of which the second is `length << 5 | flags`:
///   kInterned  the first word is a number of the NameTable
///   kParent    namespaces only: that of the element around
///   kLiteral   the bytes follow, padded to whole words; or, unless the first word is 0, they stand at that word of the list
///   otherwise  the first word is an offset from the start of the element
/// Namespace declarations are left out, save for prefixes of attributes other than `xml`: those stay as `xmlns:prefix`.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/xml/name_table.h"
#include "core/xml/outer_scope.h"

namespace meerkat {

namespace token {
inline constexpr uint32_t kClose = 0;
inline constexpr uint32_t kOpen = 1;
inline constexpr uint32_t kText = 2;
inline constexpr uint32_t kCdata = 3;

/// The bytes are not all ASCII.
inline constexpr uint32_t kNonAscii = 1;
/// Something is left to do: references, line ends, or white space of attribute values.
inline constexpr uint32_t kRaw = 2;
inline constexpr uint32_t kInterned = 4;
inline constexpr uint32_t kParent = 8;
inline constexpr uint32_t kLiteral = 16;
inline constexpr uint32_t kLengthShift = 5;
}  // namespace token

/// Replaces `tokens` by those of `element`, which must have passed a framer or ScanElement with the same scope; reading stops with
/// false at anything that would not have. The vector keeps its capacity from call to call.
[[nodiscard]] bool WriteTokens(std::span<const uint8_t> element, const OuterScope& scope, const NameTable& names,
                               std::vector<uint32_t>& tokens);

/// The same for a stream header's tag: one OPEN and one CLOSE. The default namespace it declares is the attribute `xmlns`.
[[nodiscard]] bool WriteHeaderTokens(std::span<const uint8_t> header, const NameTable& names, std::vector<uint32_t>& tokens);

}  // namespace meerkat
