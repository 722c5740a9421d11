/// Tells JavaScript the numbers of core/xml/envelope.h, so that a test can compare them with src/engine/envelope.ts.
#pragma once

#include <node_api.h>

namespace meerkat {

[[nodiscard]] napi_value DescribeLayout(napi_env env);

}  // namespace meerkat
