/// What one connection may send; the fields of `Limits` in src/engine/port.ts.
#pragma once

#include <cstdint>

namespace meerkat {

struct Limits {
  /// One top-level element or stream header, from `<` to `>`; at most kMostStanzaBytes.
  uint32_t max_stanza_bytes = 262144;
  /// Elements inside one another, the stanza itself counted as 1.
  uint32_t max_depth = 128;
  /// Namespace declarations included. More than `kMostAttributes` counts as that.
  uint32_t max_attributes = 64;
  /// One tag with all its attributes; at most 65535, for spans have 16 bits.
  uint32_t max_tag_bytes = 16384;
  /// Elements inside one top-level element, at any depth.
  uint32_t max_children = 10000;
  /// One namespace name, as written. Trees name the namespace of each element anew when they are written: long names would grow.
  uint32_t max_namespace_bytes = 1024;
  /// 0 for no limit.
  uint32_t max_bytes_before_authentication = 0;
};

/// Attributes of a tag that are kept while it is looked at; they lie on the stack.
inline constexpr uint32_t kMostAttributes = 256;
inline constexpr uint32_t kMostTagBytes = 65535;
/// Tokens have 27 bits for a length: what is longer could be read, but no tree be made of it.
inline constexpr uint32_t kMostStanzaBytes = (1u << 27) - 1;

}  // namespace meerkat
