/// zlib is taken from the host binary, as OpenSSL is: nothing is linked.
#pragma once

namespace meerkat {

/// Whether this process has all of zlib that we call. Asked once.
[[nodiscard]] bool HostHasZlib() noexcept;

}  // namespace meerkat
