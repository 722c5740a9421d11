/// Names and namespaces that both sides of the boundary know by number, so that JavaScript need not make strings of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace meerkat {

/// Immutable once built. The numbers are the indices of the list that it was built from.
class NameTable {
 public:
  static constexpr uint32_t kUnknown = 0xffffffff;

  /// Copies the texts. Of equal texts the first counts.
  explicit NameTable(std::span<const std::string_view> names);

  [[nodiscard]] uint32_t Find(std::string_view name) const noexcept;

 private:
  std::vector<std::string> names_;
  size_t longest_ = 0;
  /// Open addressing: index into `names_` plus 1, or 0.
  std::vector<uint32_t> slots_;
};

}  // namespace meerkat
