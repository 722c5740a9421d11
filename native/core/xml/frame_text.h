/// What text that was written for a stream needs to stand alone in a frame (RFC 7395 section 3.3.3).
#pragma once

#include <cstddef>
#include <string_view>

namespace meerkat {

/// ` xmlns='jabber:client'`, for a stanza's tag without a default namespace of its own.
inline constexpr std::string_view kClientDeclaration = " xmlns='jabber:client'";

/// What the element's tag leaves to a stream header, which there is none of: it goes in at `at`. Empty when it leaves nothing.
[[nodiscard]] std::string_view MissingDeclaration(std::string_view element, size_t& at) noexcept;

}  // namespace meerkat
