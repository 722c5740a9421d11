/// Judges an XML declaration (XML 1.0 production 23).
#pragma once

#include <string_view>

#include "core/xml/envelope.h"

namespace meerkat {

/// `text` runs from `<?xml` and the white space behind it to the first `>`.
[[nodiscard]] StreamFailure JudgeXmlDeclaration(std::string_view text) noexcept;

}  // namespace meerkat
