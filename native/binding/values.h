/// Reads arguments from JavaScript and makes values for it. Readers throw and say false when the type is wrong.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/failure.h"

namespace meerkat {

/// The arguments of one call and the object that the function was made for.
template <size_t kMost>
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) noexcept {
    size_t count = kMost;
    napi_get_cb_info(env, info, &count, values_, nullptr, &data_);
  }
  [[nodiscard]] napi_value operator[](size_t index) const noexcept { return values_[index]; }
  [[nodiscard]] void* data() const noexcept { return data_; }

 private:
  napi_value values_[kMost];
  void* data_ = nullptr;
};

/// An exception with a code, which src/engine/native turns into an EngineError.
void Throw(napi_env env, const Failure& failure);
void ThrowType(napi_env env, const char* what);

[[nodiscard]] bool Read(napi_env env, napi_value value, uint32_t& to);
[[nodiscard]] bool Read(napi_env env, napi_value value, uint64_t& to);
[[nodiscard]] bool Read(napi_env env, napi_value value, bool& to);
[[nodiscard]] bool Read(napi_env env, napi_value value, std::string& to);
[[nodiscard]] bool Read(napi_env env, napi_value value, std::optional<std::string>& to);
[[nodiscard]] bool Read(napi_env env, napi_value value, std::vector<std::string>& to);
/// The bytes of a Uint8Array; valid until JavaScript runs.
[[nodiscard]] bool ReadBytes(napi_env env, napi_value value, std::string_view& to);

/// The same of an ArrayBuffer, too.
[[nodiscard]] bool ReadInput(napi_env env, napi_value value, std::string_view& to);

[[nodiscard]] napi_value Property(napi_env env, napi_value object, const char* name);
template <typename T>
[[nodiscard]] bool ReadProperty(napi_env env, napi_value object, const char* name, T& to) {
  return Read(env, Property(env, object, name), to);
}
[[nodiscard]] bool IsUndefined(napi_env env, napi_value value);

[[nodiscard]] napi_value Undefined(napi_env env);
[[nodiscard]] napi_value Value(napi_env env, bool value);
[[nodiscard]] napi_value Value(napi_env env, uint32_t value);
[[nodiscard]] napi_value Value(napi_env env, uint64_t value);
[[nodiscard]] napi_value Value(napi_env env, std::string_view value);
/// A Uint8Array with a copy of the bytes.
[[nodiscard]] napi_value Bytes(napi_env env, const uint8_t* data, size_t size);

template <typename T>
void SetProperty(napi_env env, napi_value object, const char* name, T value) {
  napi_set_named_property(env, object, name, Value(env, value));
}

}  // namespace meerkat
