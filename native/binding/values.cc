#include "binding/values.h"

#include <cstring>

namespace meerkat {

void Throw(napi_env env, const Failure& failure) {
  napi_throw_error(env, failure.code.c_str(), failure.message.c_str());
}

void ThrowType(napi_env env, const char* what) { napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", what); }

bool Read(napi_env env, napi_value value, uint32_t& to) {
  if (napi_get_value_uint32(env, value, &to) == napi_ok) return true;
  ThrowType(env, "A number was expected.");
  return false;
}

bool Read(napi_env env, napi_value value, uint64_t& to) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok) {
    ThrowType(env, "A number was expected.");
    return false;
  }
  // Infinity and whatever else has no place in the integer count as the largest and the smallest.
  to = number >= 9e15 ? UINT64_C(9000000000000000) : number > 0 ? static_cast<uint64_t>(number) : 0;
  return true;
}

bool Read(napi_env env, napi_value value, bool& to) {
  if (napi_get_value_bool(env, value, &to) == napi_ok) return true;
  ThrowType(env, "A boolean was expected.");
  return false;
}

bool Read(napi_env env, napi_value value, std::string& to) {
  size_t size = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &size) != napi_ok) {
    ThrowType(env, "A string was expected.");
    return false;
  }
  to.resize(size + 1);
  napi_get_value_string_utf8(env, value, to.data(), size + 1, &size);
  to.resize(size);
  return true;
}

bool Read(napi_env env, napi_value value, std::optional<std::string>& to) {
  if (IsUndefined(env, value)) {
    to.reset();
    return true;
  }
  return Read(env, value, to.emplace());
}

bool Read(napi_env env, napi_value value, std::vector<std::string>& to) {
  uint32_t count = 0;
  if (napi_get_array_length(env, value, &count) != napi_ok) {
    ThrowType(env, "An array of strings was expected.");
    return false;
  }
  to.resize(count);
  for (uint32_t i = 0; i < count; i++) {
    napi_value element;
    if (napi_get_element(env, value, i, &element) != napi_ok || !Read(env, element, to[i])) return false;
  }
  return true;
}

bool ReadBytes(napi_env env, napi_value value, std::string_view& to) {
  napi_typedarray_type type;
  size_t size = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &size, &data, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array) {
    ThrowType(env, "A Uint8Array was expected.");
    return false;
  }
  to = {static_cast<const char*>(data), size};
  return true;
}

bool ReadInput(napi_env env, napi_value value, std::string_view& to) {
  void* data = nullptr;
  size_t size = 0;
  bool is_buffer = false;
  napi_is_arraybuffer(env, value, &is_buffer);
  if (!is_buffer) return ReadBytes(env, value, to);
  napi_get_arraybuffer_info(env, value, &data, &size);
  to = {static_cast<const char*>(data), size};
  return true;
}

napi_value Property(napi_env env, napi_value object, const char* name) {
  napi_value value = nullptr;
  return napi_get_named_property(env, object, name, &value) == napi_ok ? value : Undefined(env);
}

bool IsUndefined(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type == napi_undefined;
}

napi_value Undefined(napi_env env) {
  napi_value value;
  napi_get_undefined(env, &value);
  return value;
}

napi_value Value(napi_env env, bool value) {
  napi_value result;
  napi_get_boolean(env, value, &result);
  return result;
}

napi_value Value(napi_env env, uint32_t value) {
  napi_value result;
  napi_create_uint32(env, value, &result);
  return result;
}

napi_value Value(napi_env env, uint64_t value) {
  napi_value result;
  napi_create_double(env, static_cast<double>(value), &result);
  return result;
}

napi_value Value(napi_env env, std::string_view value) {
  napi_value result;
  napi_create_string_utf8(env, value.data(), value.size(), &result);
  return result;
}

napi_value Bytes(napi_env env, const uint8_t* data, size_t size) {
  void* memory = nullptr;
  napi_value buffer;
  napi_value result;
  napi_create_arraybuffer(env, size, &memory, &buffer);
  if (size > 0) std::memcpy(memory, data, size);
  napi_create_typedarray(env, napi_uint8_array, size, buffer, 0, &result);
  return result;
}

}  // namespace meerkat
