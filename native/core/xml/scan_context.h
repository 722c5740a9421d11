/// What the framers of one thread share: the table of children, and memory that is used again for each element.
#pragma once

#include <memory>

#include "core/xml/child_table.h"
#include "core/xml/element_scan.h"

namespace meerkat {

class ScanContext {
 public:
  /// `children` outlives the context.
  explicit ScanContext(const ChildTable& children) : children_(&children), spare_(std::make_unique<ElementScan>()) {}

  [[nodiscard]] const ChildTable& children() const noexcept { return *children_; }

  /// A scan to begin an element with; give it back when the element is done, keep it while it is half read.
  [[nodiscard]] std::unique_ptr<ElementScan> Take() {
    return spare_ ? std::move(spare_) : std::make_unique<ElementScan>();
  }
  void GiveBack(std::unique_ptr<ElementScan> scan) noexcept {
    if (scan && !spare_) spare_ = std::move(scan);
  }

 private:
  const ChildTable* children_;            // not owned
  std::unique_ptr<ElementScan> spare_;  // owned
};

}  // namespace meerkat
