/// The arguments of one call from JavaScript.
#pragma once

#include "binding/engine_binding.h"
#include "binding/values.h"

namespace meerkat {

struct EngineBinding::Call {
  static constexpr size_t kMostArguments = 4;

  Arguments<kMostArguments> arguments;

  /// An argument that is no number counts as one that names nothing.
  [[nodiscard]] uint32_t Number(napi_env env, size_t index) const noexcept {
    uint32_t number = UINT32_MAX;
    napi_get_value_uint32(env, arguments[index], &number);
    return number;
  }
};

}  // namespace meerkat
