/// Reads the option objects of src/engine/port.ts. Each reader throws and says false when something does not fit.
#pragma once

#include <node_api.h>

#include "core/net/listener.h"
#include "core/net/reactor.h"
#include "core/tls/tls_context.h"

namespace meerkat {

[[nodiscard]] bool ReadEngineSettings(napi_env env, napi_value options, Reactor::Settings& to);
/// Both without `directTls`, which names a context that only the engine knows.
[[nodiscard]] bool ReadConnectSettings(napi_env env, napi_value options, ConnectSettings& to);
[[nodiscard]] bool ReadListenSettings(napi_env env, napi_value options, ListenSettings& to);
[[nodiscard]] bool ReadPolicy(napi_env env, napi_value options, ConnectionPolicy& to);
[[nodiscard]] bool ReadFramePolicy(napi_env env, napi_value options, ConnectionPolicy& to);
[[nodiscard]] bool ReadTlsClientSettings(napi_env env, napi_value options, TlsSettings& to);
[[nodiscard]] bool ReadTlsSettings(napi_env env, napi_value options, TlsSettings& to);

}  // namespace meerkat
