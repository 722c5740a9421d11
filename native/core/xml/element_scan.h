/// The state of one top-level element while it is read: what is open, which prefixes hold, and its envelope so far.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/xml/child_table.h"
#include "core/xml/envelope.h"
#include "core/xml/limits.h"
#include "core/xml/outer_scope.h"
#include "core/xml/tag.h"

namespace meerkat {

/// All offsets count from the start of the element, whose bytes are given to each call.
class ElementScan {
 public:
  void Begin() noexcept;

  /// A complete start tag. Returns what is wrong with it; lexically it is right.
  [[nodiscard]] StreamFailure StartTag(const uint8_t* base, const Tag& tag, const OuterScope& scope, const Limits& limits,
                                       const ChildTable& children);
  /// A complete end tag; `name` as written.
  [[nodiscard]] StreamFailure EndTag(const uint8_t* base, uint32_t name, uint32_t name_end) noexcept;

  [[nodiscard]] bool is_complete() const noexcept { return open_.empty(); }
  [[nodiscard]] bool in_cdata() const noexcept { return in_cdata_; }
  void set_in_cdata(bool inside) noexcept { in_cdata_ = inside; }

  /// The envelope of the complete element that starts at `start` and is `size` long.
  [[nodiscard]] const Envelope& Finish(uint32_t start, uint32_t size) noexcept;
  [[nodiscard]] size_t bytes() const noexcept;

 private:
  struct Open {
    uint32_t name;
    uint32_t name_end;
    uint32_t bindings;  // how many held before it
  };

  [[nodiscard]] StreamFailure Bind(const uint8_t* base, const Tag& tag);
  [[nodiscard]] StreamFailure CheckNames(const uint8_t* base, const Tag& tag, const OuterScope& scope) noexcept;
  [[nodiscard]] uint64_t MatchChild(const uint8_t* base, const Tag& tag, const OuterScope& scope,
                                    const ChildTable& children) const noexcept;
  void Close() noexcept;

  Envelope envelope_;
  std::vector<Open> open_;
  std::vector<Binding> bindings_;
  uint32_t children_ = 0;
  bool in_cdata_ = false;
};

}  // namespace meerkat
