/// Reads character data up to the next markup or reference.
#pragma once

#include <cstdint>

#include "core/xml/envelope.h"

namespace meerkat {

struct TextResult {
  enum class Status : uint8_t {
    /// Nothing more can be read; `at` is the end, or the start of a character that is not complete.
    kIncomplete,
    /// `at` is that of a `<`, or one past the `]]>` of a CDATA section.
    kEnd,
    /// `at` is that of a `&` that starts a reference that is not complete.
    kReference,
    kFailed,
  };
  Status status;
  uint32_t at;
  StreamFailure failure;
};

/// Text between tags, which begins at or before `at`; complete references are read.
[[nodiscard]] TextResult ScanText(const uint8_t* base, uint32_t at, uint32_t end) noexcept;
/// The inside of a CDATA section.
[[nodiscard]] TextResult ScanCdata(const uint8_t* base, uint32_t at, uint32_t end) noexcept;

}  // namespace meerkat
