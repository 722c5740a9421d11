/// Knows which direct children of stanzas somebody asked about, each as a bit of a mask.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace meerkat {

struct ChildPattern {
  std::string_view ns;
  /// Local name; `*` for any element of the namespace.
  std::string_view name;
};

/// Immutable once built, so every thread may read it.
class ChildTable {
 public:
  static constexpr size_t kMostPatterns = 64;

  /// Bit n belongs to `patterns[n]`; patterns beyond the 64th are ignored. Copies the texts.
  explicit ChildTable(std::span<const ChildPattern> patterns);
  ChildTable() : ChildTable(std::span<const ChildPattern>{}) {}

  /// The bits of a child with this local name in this namespace.
  [[nodiscard]] uint64_t Match(std::string_view ns, std::string_view name) const noexcept;
  /// The same for `jabber:client`, which most children are in, without looking the namespace up.
  [[nodiscard]] uint64_t MatchClient(std::string_view name) const noexcept;

 private:
  struct Name {
    std::string text;
    uint64_t bits;
  };
  struct Namespace {
    std::string text;
    uint64_t any = 0;
    std::vector<Name> names;
  };

  [[nodiscard]] const Namespace* Find(std::string_view ns) const noexcept;
  [[nodiscard]] static uint64_t Bits(const Namespace& ns, std::string_view name) noexcept;

  std::vector<Namespace> namespaces_;
  /// Open addressing: index into `namespaces_` plus 1, or 0.
  std::vector<uint8_t> slots_;
  int client_ = -1;
};

}  // namespace meerkat
