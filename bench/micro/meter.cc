/// Tells callgrind, under which Node.js runs, what to count. Loaded anywhere else it does nothing.
#include <node_api.h>
#include <valgrind/callgrind.h>

namespace {

napi_value StartInstrumentation(napi_env, napi_callback_info) {
  CALLGRIND_START_INSTRUMENTATION;
  return nullptr;
}

/// What this thread does from now on counts, or no longer does.
napi_value Toggle(napi_env, napi_callback_info) {
  CALLGRIND_TOGGLE_COLLECT;
  return nullptr;
}

/// Writes what was counted since the last time, under the name given.
napi_value Dump(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  char name[256] = "";
  size_t length = 0;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) != napi_ok) return nullptr;
  if (napi_get_value_string_utf8(env, argument, name, sizeof name, &length) != napi_ok) return nullptr;
  CALLGRIND_DUMP_STATS_AT(name);
  return nullptr;
}

napi_value IsCounting(napi_env env, napi_callback_info) {
  napi_value result = nullptr;
  napi_get_boolean(env, RUNNING_ON_VALGRIND != 0, &result);
  return result;
}

void Define(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

}  // namespace

NAPI_MODULE_INIT() {
  Define(env, exports, "startInstrumentation", StartInstrumentation);
  Define(env, exports, "toggle", Toggle);
  Define(env, exports, "dump", Dump);
  Define(env, exports, "isCounting", IsCounting);
  return exports;
}
