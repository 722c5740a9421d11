/// Why a call could not be done: for the operator, not for the peer.
#pragma once

#include <string>

namespace meerkat {

struct Failure {
  /// Short and stable, such as `EADDRINUSE` or `bad-key`; empty for success.
  std::string code;
  /// A sentence that names what was tried.
  std::string message;
};

}  // namespace meerkat
