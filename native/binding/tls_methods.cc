/// The functions of an engine that are about TLS.
#include "binding/call.h"
#include "binding/details.h"
#include "binding/options.h"
#include "binding/values.h"

namespace meerkat {

std::shared_ptr<const TlsContext> EngineBinding::ContextOrThrow(uint32_t id) const {
  if (id < contexts_.size() && contexts_[id]) return contexts_[id];
  Throw(env_, {"no-tls-context", "There is no TLS context " + std::to_string(id) + "."});
  return nullptr;
}

napi_value EngineBinding::SetDirectTls(const Call& call) {
  const uint32_t listener = call.Number(env_, 0), id = call.Number(env_, 1);
  std::shared_ptr<const TlsContext> context = ContextOrThrow(id);
  if (context && !reactor_->SetDirectTls(listener, std::move(context))) {
    Throw(env_, {"no-direct-tls", "Listener " + std::to_string(listener) + " does not begin with TLS."});
  }
  return nullptr;
}

napi_value EngineBinding::CreateTlsContext(const Call& call) {
  TlsSettings settings;
  return ReadTlsSettings(env_, call.arguments[0], settings) ? AddContext(settings) : nullptr;
}

napi_value EngineBinding::CreateTlsClientContext(const Call& call) {
  TlsSettings settings;
  return ReadTlsClientSettings(env_, call.arguments[0], settings) ? AddContext(settings) : nullptr;
}

napi_value EngineBinding::AddContext(const TlsSettings& settings) {
  Failure failure;
  std::shared_ptr<const TlsContext> context = TlsContext::Create(settings, ticket_keys_, failure);
  if (!context) {
    Throw(env_, failure);
    return nullptr;
  }
  contexts_.push_back(std::move(context));
  return Value(env_, static_cast<uint32_t>(contexts_.size() - 1));
}

napi_value EngineBinding::DropTlsContext(const Call& call) {
  const uint32_t id = call.Number(env_, 0);
  // Connections and listeners that use it hold it on.
  if (id < contexts_.size()) contexts_[id].reset();
  return nullptr;
}

napi_value EngineBinding::SetTicketKeys(const Call& call) {
  std::string_view current;
  std::string_view previous;
  if (!ReadBytes(env_, call.arguments[0], current)) return nullptr;
  if (!IsUndefined(env_, call.arguments[1]) && !ReadBytes(env_, call.arguments[1], previous)) return nullptr;
  if (!ticket_keys_->Set(current, previous)) {
    Throw(env_, {"bad-ticket-key", "A ticket key has " + std::to_string(TicketKeys::kKeyBytes) + " bytes."});
  }
  return nullptr;
}

napi_value EngineBinding::StartTls(const Call& call) {
  const uint32_t id = call.Number(env_, 2);
  std::string name;
  if (!Read(env_, call.arguments[3], name)) return nullptr;
  std::shared_ptr<const TlsContext> context = ContextOrThrow(id);
  if (!context) return nullptr;
  Connection* const connection = ConnectionOf(call);
  return Value(env_, connection && reactor_->StartTls(*connection, std::move(context), name));
}

napi_value EngineBinding::ChannelBinding(const Call& call) {
  std::string type;
  if (!Read(env_, call.arguments[2], type)) return nullptr;
  const Connection* const connection = ConnectionOf(call);
  if (!connection) return nullptr;
  return ReadBinding(env_, *connection, type);
}

}  // namespace meerkat
