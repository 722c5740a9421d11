/// What the addon exports, and what it keeps for each environment (the main thread and every worker have their own).
#include <dlfcn.h>
#include <node_api.h>
#include <openssl/opensslv.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "binding/engine_binding.h"
#include "binding/layout.h"
#include "binding/values.h"

namespace meerkat {

namespace {

/// Owned by its environment: freed once the clean-up hook has closed everything.
class AddonState {
 public:
  void Add(std::unique_ptr<EngineBinding> engine) { engines_.push_back(std::move(engine)); }

  /// Runs when the environment ends, also by `worker.terminate()`. The loop turns on until the hook is removed.
  static void CleanUp(napi_async_cleanup_hook_handle handle, void* data) {
    auto& state = *static_cast<AddonState*>(data);
    state.cleanup_ = handle;
    for (const auto& engine : state.engines_) {
      engine->OnStopped([](void* context) { static_cast<AddonState*>(context)->EndIfStopped(); }, &state);
      engine->Stop();
    }
    state.EndIfStopped();
  }

 private:
  void EndIfStopped() {
    if (!std::ranges::all_of(engines_, &EngineBinding::is_stopped)) return;
    napi_remove_async_cleanup_hook(cleanup_);
    delete this;
  }

  std::vector<std::unique_ptr<EngineBinding>> engines_;  // owned
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
};

/// OpenSSL is taken from the host: a second copy in one process would not share its state. Empty when nothing lacks.
std::string MissingFromHost() {
  using VersionNumber = unsigned long (*)();
  const auto version_number = reinterpret_cast<VersionNumber>(dlsym(RTLD_DEFAULT, "OpenSSL_version_num"));
  if (!version_number || !dlsym(RTLD_DEFAULT, "SSL_CTX_new") || !dlsym(RTLD_DEFAULT, "SSL_get1_peer_certificate")) {
    return "this Node.js binary does not export OpenSSL";
  }
  const unsigned long major = version_number() >> 28;
  if (major == OPENSSL_VERSION_MAJOR) return {};
  return "built for OpenSSL " + std::to_string(OPENSSL_VERSION_MAJOR) + ", but this Node.js binary has OpenSSL " +
         std::to_string(major);
}

napi_value CreateEngine(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  std::unique_ptr<EngineBinding> engine = EngineBinding::Create(env, arguments[0], arguments[1]);
  if (!engine) return nullptr;
  const napi_value object = engine->MakeObject();
  static_cast<AddonState*>(arguments.data())->Add(std::move(engine));
  return object;
}

napi_value Initialize(napi_env env, napi_value exports) {
  const std::string missing = MissingFromHost();
  if (!missing.empty()) {
    Throw(env, {"unavailable", "The native engine cannot run: " + missing + "."});
    return nullptr;
  }
  auto* const state = new AddonState();
  napi_value create;
  napi_create_function(env, "createEngine", NAPI_AUTO_LENGTH, CreateEngine, state, &create);
  napi_set_named_property(env, exports, "createEngine", create);
  napi_set_named_property(env, exports, "layout", DescribeLayout(env));
  napi_add_async_cleanup_hook(env, AddonState::CleanUp, state, nullptr);
  return exports;
}

}  // namespace

}  // namespace meerkat

NAPI_MODULE_INIT() { return meerkat::Initialize(env, exports); }
