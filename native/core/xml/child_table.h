/// Knows which direct children of stanzas somebody asked about, each as a bit of a mask.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/xml/hash.h"

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
  [[nodiscard]] uint64_t Match(std::string_view ns, std::string_view name) const noexcept {
    for (size_t slot = HashName(ns) & (slots_.size() - 1); slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
      const Namespace& candidate = namespaces_[slots_[slot] - 1u];
      if (candidate.text == ns) return candidate.Match(name);
    }
    return 0;
  }
  /// The same for `jabber:client`, which most children are in, without looking the namespace up.
  [[nodiscard]] uint64_t MatchClient(std::string_view name) const noexcept {
    return client_ < 0 ? 0 : namespaces_[static_cast<size_t>(client_)].Match(name);
  }

 private:
  struct Name {
    std::string text;
    uint64_t bits;
  };
  struct Namespace {
    std::string text;
    uint64_t any = 0;
    std::vector<Name> names;

    [[nodiscard]] uint64_t Match(std::string_view name) const noexcept {
      uint64_t bits = any;
      for (const Name& each : names) {
        if (each.text == name) bits |= each.bits;
      }
      return bits;
    }
  };

  std::vector<Namespace> namespaces_;
  /// Open addressing: index into `namespaces_` plus 1, or 0.
  std::vector<uint8_t> slots_;
  int client_ = -1;
};

}  // namespace meerkat
