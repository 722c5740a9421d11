/// Describes connections as the objects of src/engine/port.ts.
#pragma once

#include <node_api.h>

#include <string>

#include "core/net/connection.h"

namespace meerkat {

[[nodiscard]] napi_value DescribeConnection(napi_env env, const Connection& connection);
/// A Uint8Array, or undefined when the connection does not have that kind.
[[nodiscard]] napi_value ReadBinding(napi_env env, const Connection& connection, const std::string& type);

}  // namespace meerkat
