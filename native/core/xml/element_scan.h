/// The state of one top-level element while it is read: what is open, which prefixes hold, and its envelope so far.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/xml/child_table.h"
#include "core/xml/envelope.h"
#include "core/xml/limits.h"
#include "core/xml/outer_scope.h"
#include "core/xml/scope_stack.h"
#include "core/xml/tag.h"

namespace meerkat {

/// All offsets count from the start of the element, whose bytes are given to each call. Tags are lexically right.
class ElementScan {
 public:
  void Begin() noexcept;

  [[nodiscard]] StreamFailure StartTag(const uint8_t* base, const Tag& tag, const OuterScope& scope, const Limits& limits,
                                       const ChildTable& children);
  [[nodiscard]] StreamFailure EndTag(const uint8_t* base, const Tag& tag) noexcept;
  /// Reads from `at` on, as long as everything is usual, complete and allowed, and tells where it stopped: in text, or at a `<` from
  /// which on nothing has been taken. Then, or behind a `Begin` with `at` 0, it is for the calls above to say what is wrong or odd.
  [[nodiscard]] uint32_t ReadUsual(const uint8_t* base, uint32_t at, uint32_t end, const OuterScope& scope, const Limits& limits,
                                   const ChildTable& children);
  /// A stream header (RFC 6120 section 4.2). Sets `owned` for an unusual one, and `scope` in any case.
  [[nodiscard]] StreamFailure Header(const uint8_t* base, const Tag& tag, const Limits& limits, const OuterScope*& scope,
                                     std::unique_ptr<OwnedScope>& owned);

  [[nodiscard]] bool is_complete() const noexcept { return open_.empty(); }
  /// No stanza, as far as its tag tells.
  [[nodiscard]] bool is_nonza() const noexcept { return (envelope_.words[word::kStanza] & 0xff) == 0; }
  /// Whether the complete element has this name, in a namespace that its own tag declares.
  [[nodiscard]] bool Is(const uint8_t* base, std::string_view name, std::string_view ns) const noexcept;
  [[nodiscard]] bool in_cdata() const noexcept { return in_cdata_; }
  void set_in_cdata(bool inside) noexcept { in_cdata_ = inside; }

  /// The envelope of what was read, from `start` on and `size` long.
  [[nodiscard]] const Envelope& Finish(EventKind kind, uint32_t start, uint32_t size) noexcept;
  [[nodiscard]] size_t bytes() const noexcept { return sizeof(*this) + open_.capacity() * sizeof(Open) + scopes_.bytes(); }

 private:
  /// Of a size that is a power of two, for the sake of `open_.size()`.
  struct alignas(16) Open {
    uint32_t name;
    uint32_t name_end;
    uint32_t scopes;  // declarations that held before it
  };

  class UsualReader;

  [[nodiscard]] StreamFailure Check(const uint8_t* base, const Tag& tag, const OuterScope& scope, const Limits& limits);
  void Outline(const uint8_t* base, const Tag& tag, const OuterScope& scope) noexcept;
  void TakeAttribute(const uint8_t* base, const Attribute& attribute) noexcept;
  void MarkChild(RawValue ns, std::string_view name, const OuterScope& scope, const ChildTable& children) noexcept;

  Envelope envelope_ = {};
  std::vector<Open> open_;
  ScopeStack scopes_;
  uint32_t children_ = 0;
  bool in_cdata_ = false;
};

}  // namespace meerkat
