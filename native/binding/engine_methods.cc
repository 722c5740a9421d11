/// The functions of an engine: arguments checked, then handed to the reactor.
#include <algorithm>
#include <cstring>

#include "binding/call.h"
#include "binding/details.h"
#include "binding/engine_binding.h"
#include "binding/options.h"
#include "binding/values.h"
#include "core/xml/stream_framer.h"
#include "core/xml/tokens.h"
#include "core/zlib/host_zlib.h"

namespace meerkat {

namespace {

/// What a text may need as UTF-8 is reserved without counting, up to this many bytes.
constexpr size_t kMostUncounted = 1024;

}  // namespace

template <napi_value (EngineBinding::*kMethod)(const EngineBinding::Call&)>
napi_value EngineBinding::Invoke(napi_env env, napi_callback_info info) {
  const Call call{Arguments<Call::kMostArguments>(env, info)};
  auto& binding = *static_cast<EngineBinding*>(call.arguments.data());
  if (!binding.reactor_ || binding.stopping_) return nullptr;
  return (binding.*kMethod)(call);
}

napi_value EngineBinding::MakeObject() {
  struct Function {
    const char* name;
    napi_callback callback;
  };
  static constexpr Function kFunctions[] = {
      {"listen", Invoke<&EngineBinding::Listen>},
      {"unlisten", Invoke<&EngineBinding::Unlisten>},
      {"setDirectTls", Invoke<&EngineBinding::SetDirectTls>},
      {"listenFrames", Invoke<&EngineBinding::ListenFrames>},
      {"attach", Invoke<&EngineBinding::Attach>},
      {"feed", Invoke<&EngineBinding::Feed>},
      {"sent", Invoke<&EngineBinding::Sent>},
      {"detach", Invoke<&EngineBinding::Detach>},
      {"connect", Invoke<&EngineBinding::Connect>},
      {"createTlsContext", Invoke<&EngineBinding::CreateTlsContext>},
      {"createTlsClientContext", Invoke<&EngineBinding::CreateTlsClientContext>},
      {"dropTlsContext", Invoke<&EngineBinding::DropTlsContext>},
      {"setTicketKeys", Invoke<&EngineBinding::SetTicketKeys>},
      {"send", Invoke<&EngineBinding::Send>},
      {"deliver", Invoke<&EngineBinding::Deliver>},
      {"stamp", Invoke<&EngineBinding::Stamp>},
      {"proceed", Invoke<&EngineBinding::Proceed>},
      {"pause", Invoke<&EngineBinding::Pause>},
      {"resume", Invoke<&EngineBinding::Resume>},
      {"shape", Invoke<&EngineBinding::Shape>},
      {"authenticated", Invoke<&EngineBinding::Authenticated>},
      {"deadline", Invoke<&EngineBinding::Deadline>},
      {"startTls", Invoke<&EngineBinding::StartTls>},
      {"startCompression", Invoke<&EngineBinding::StartCompression>},
      {"channelBinding", Invoke<&EngineBinding::ChannelBinding>},
      {"close", Invoke<&EngineBinding::Close>},
      {"abort", Invoke<&EngineBinding::Abort>},
      {"details", Invoke<&EngineBinding::Details>},
      {"move", Invoke<&EngineBinding::Move>},
      {"forward", Invoke<&EngineBinding::Forward>},
      {"route", Invoke<&EngineBinding::Route>},
      {"show", Invoke<&EngineBinding::Show>},
      {"call", Invoke<&EngineBinding::CallShard>},
      {"tree", Invoke<&EngineBinding::Tree>},
      {"parse", Invoke<&EngineBinding::Parse>},
      {"counters", Invoke<&EngineBinding::Counters>},
      {"stop", Invoke<&EngineBinding::StopEngine>},
      {"endBatch", Invoke<&EngineBinding::EndBatch>},
  };
  napi_value object, array;
  napi_create_object(env_, &object);
  for (const Function& function : kFunctions) {
    napi_value made;
    napi_create_function(env_, function.name, NAPI_AUTO_LENGTH, function.callback, this, &made);
    napi_set_named_property(env_, object, function.name, made);
  }
  for (const auto& [name, reference] : {std::pair{"words", words_}, {"arena", arena_}, {"tokens", token_array_}}) {
    napi_get_reference_value(env_, reference, &array);
    napi_set_named_property(env_, object, name, array);
  }
  SetProperty(env_, object, "canCompress", HostHasZlib());
  return object;
}

Connection* EngineBinding::ConnectionOf(const Call& call) {
  return reactor_->Find(call.Number(env_, 0), call.Number(env_, 1));
}

napi_value EngineBinding::Listen(const Call& call) {
  const napi_value options = call.arguments[0];
  const napi_value direct_tls = Property(env_, options, "directTls");
  ListenSettings settings;
  auto policy = std::make_shared<ConnectionPolicy>();
  if (!ReadListenSettings(env_, options, settings) || !ReadPolicy(env_, options, *policy)) return nullptr;
  if (!IsUndefined(env_, direct_tls)) {
    uint32_t context = 0;
    if (!Read(env_, direct_tls, context)) return nullptr;
    settings.direct_tls = ContextOrThrow(context);
    if (!settings.direct_tls) return nullptr;
  }
  Failure failure;
  const Listener* const listener = reactor_->Listen(settings, std::move(policy), failure);
  if (!listener) {
    Throw(env_, failure);
    return nullptr;
  }
  napi_value result;
  napi_create_object(env_, &result);
  SetProperty(env_, result, "listener", listener->id);
  SetProperty(env_, result, "port", uint32_t{listener->port()});
  return result;
}

napi_value EngineBinding::Unlisten(const Call& call) {
  reactor_->Unlisten(call.Number(env_, 0));
  return nullptr;
}

napi_value EngineBinding::Connect(const Call& call) {
  const napi_value options = call.arguments[0];
  const napi_value tls = Property(env_, options, "directTls");
  ConnectSettings settings;
  auto policy = std::make_shared<ConnectionPolicy>();
  if (!ReadConnectSettings(env_, options, settings) || !ReadPolicy(env_, options, *policy)) return nullptr;
  if (!IsUndefined(env_, tls)) {
    uint32_t context = 0;
    if (!ReadProperty(env_, tls, "context", context) || !ReadProperty(env_, tls, "serverName", settings.server_name)) {
      return nullptr;
    }
    settings.direct_tls = ContextOrThrow(context);
    if (!settings.direct_tls) return nullptr;
  }
  Failure failure;
  const Connection* const connection = reactor_->Connect(settings, std::move(policy), failure);
  if (!connection) {
    Throw(env_, failure);
    return nullptr;
  }
  napi_value result;
  napi_create_object(env_, &result);
  SetProperty(env_, result, "slot", connection->slot);
  SetProperty(env_, result, "generation", connection->generation);
  return result;
}

napi_value EngineBinding::Send(const Call& call) {
  Connection* const connection = ConnectionOf(call);
  if (!connection || !connection->is_open()) return Value(env_, false);
  const napi_value data = call.arguments[2];
  size_t size = 0;
  const bool is_text = napi_get_value_string_latin1(env_, data, nullptr, 0, &size) == napi_ok;
  if (is_text && connection->frames) {
    if (text_.capacity() > Batch::kArenaBytes) text_ = {};
    if (!Read(env_, data, text_)) return nullptr;
    return Value(env_, reactor_->Send(*connection, text_));
  }
  if (is_text) {
    // Written straight into the queue. A unit of UTF-16 becomes at most three bytes; longer texts are counted first.
    size *= 3;
    if (size > kMostUncounted) napi_get_value_string_utf8(env_, data, nullptr, 0, &size);
    auto* const to = reinterpret_cast<char*>(reactor_->Reserve(*connection, size + 1));
    napi_get_value_string_utf8(env_, data, to, size + 1, &size);
    return Value(env_, reactor_->Queue(*connection, size));
  }
  std::string_view bytes;
  if (!ReadBytes(env_, data, bytes)) return nullptr;
  return Value(env_, reactor_->Send(*connection, bytes));
}

napi_value EngineBinding::Deliver(const Call& call) {
  Connection* const connection = ConnectionOf(call);
  return Value(env_, connection && reactor_->Deliver(*connection, call.Number(env_, 2)));
}

napi_value EngineBinding::Stamp(const Call& call) {
  std::string from;
  if (!Read(env_, call.arguments[2], from)) return nullptr;
  if (Connection* const connection = ConnectionOf(call)) reactor_->Stamp(*connection, from);
  return nullptr;
}

napi_value EngineBinding::Proceed(const Call& call) {
  const uint32_t how = call.Number(env_, 2);
  if (how > 2) {
    ThrowType(env_, "STEP, RESTART or STREAM was expected.");
    return nullptr;
  }
  Connection* const connection = ConnectionOf(call);
  if (connection) reactor_->Continue(*connection, static_cast<enum Proceed>(how));
  return nullptr;
}

napi_value EngineBinding::Pause(const Call& call) {
  if (Connection* const connection = ConnectionOf(call)) reactor_->Pause(*connection);
  return nullptr;
}

napi_value EngineBinding::Resume(const Call& call) {
  if (Connection* const connection = ConnectionOf(call)) reactor_->Resume(*connection);
  return nullptr;
}

napi_value EngineBinding::Shape(const Call& call) {
  uint64_t rate = 0;
  if (!Read(env_, call.arguments[2], rate)) return nullptr;
  if (Connection* const connection = ConnectionOf(call)) reactor_->Shape(*connection, rate);
  return nullptr;
}

napi_value EngineBinding::Authenticated(const Call& call) {
  if (Connection* const connection = ConnectionOf(call)) reactor_->Authenticated(*connection);
  return nullptr;
}

napi_value EngineBinding::Deadline(const Call& call) {
  uint64_t ms = 0;
  if (!Read(env_, call.arguments[2], ms)) return nullptr;
  if (Connection* const connection = ConnectionOf(call)) reactor_->SetDeadline(*connection, ms);
  return nullptr;
}

napi_value EngineBinding::StartCompression(const Call& call) {
  std::string confirmation;
  if (!Read(env_, call.arguments[2], confirmation)) return nullptr;
  Connection* const connection = ConnectionOf(call);
  return Value(env_, connection && reactor_->StartCompression(*connection, confirmation));
}

napi_value EngineBinding::Close(const Call& call) {
  if (Connection* const connection = ConnectionOf(call)) reactor_->Close(*connection);
  return nullptr;
}

napi_value EngineBinding::Abort(const Call& call) {
  if (Connection* const connection = ConnectionOf(call)) reactor_->Abort(*connection);
  return nullptr;
}

napi_value EngineBinding::Details(const Call& call) {
  const Connection* const connection = ConnectionOf(call);
  return connection ? DescribeConnection(env_, *connection) : nullptr;
}

napi_value EngineBinding::Move(const Call& call) {
  std::string_view state;
  if (!ReadBytes(env_, call.arguments[3], state)) return nullptr;
  Connection* const connection = ConnectionOf(call);
  return Value(env_, connection && reactor_->Move(*connection, call.Number(env_, 2), state));
}

napi_value EngineBinding::Forward(const Call& call) {
  return Value(env_, reactor_->Forward(call.Number(env_, 0), call.Number(env_, 1)));
}

napi_value EngineBinding::Route(const Call& call) {
  napi_valuetype type = napi_undefined;
  std::string_view stanza;
  napi_typeof(env_, call.arguments[1], &type);
  if (type == napi_string) {
    if (text_.capacity() > Batch::kArenaBytes) text_ = {};
    if (!Read(env_, call.arguments[1], text_)) return nullptr;
    stanza = text_;
  } else if (!ReadBytes(env_, call.arguments[1], stanza)) {
    return nullptr;
  }
  if (reactor_->FindElement(stanza).empty()) {
    Throw(env_, {"bad-stanza", "What is routed to another shard is not a well-formed element."});
    return nullptr;
  }
  return Value(env_, reactor_->Post(call.Number(env_, 0), MessageKind::kRouted, stanza));
}

napi_value EngineBinding::Show(const Call&) {
  reactor_->Show();
  return Undefined(env_);
}

napi_value EngineBinding::CallShard(const Call& call) {
  std::string_view message;
  if (!ReadBytes(env_, call.arguments[1], message)) return nullptr;
  return Value(env_, reactor_->Post(call.Number(env_, 0), MessageKind::kCalled, message));
}

napi_value EngineBinding::ShareTokens(uint32_t start) {
  napi_value grown = nullptr;
  if (tokens_.size() + 1 > token_capacity_) {
    void* memory = nullptr;
    const size_t capacity = 2 * tokens_.size();
    grown = NewArray(capacity * sizeof(uint32_t), token_array_, &memory);
    if (!grown) return nullptr;
    token_words_ = static_cast<uint32_t*>(memory);
    token_capacity_ = capacity;
  }
  token_words_[0] = start;
  std::memcpy(token_words_ + 1, tokens_.data(), tokens_.size() * sizeof(uint32_t));
  return grown ? grown : Value(env_, static_cast<uint32_t>(tokens_.size()));
}

napi_value EngineBinding::Tree(const Call& call) {
  const uint32_t* const words = reactor_->Words(call.Number(env_, 0));
  if (!words) return nullptr;
  const auto kind = static_cast<EventKind>(words[word::kKind] & 0xff);
  const std::string_view text = reactor_->Span(words);
  const std::span bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  bool is_written = false;
  const Connection* const sender = reactor_->SenderOf(words);
  if (kind == EventKind::kStreamOpened && !(sender && sender->frames)) {
    is_written = WriteHeaderTokens(bytes, *names_, tokens_);
  } else if (kind == EventKind::kElement || kind == EventKind::kRouted || kind == EventKind::kStreamOpened) {
    is_written = WriteTokens(bytes, sender ? sender->framer.scope() : OuterScope::Fragment(), *names_, tokens_);
  }
  return is_written ? ShareTokens(words[word::kStart]) : nullptr;
}

napi_value EngineBinding::Parse(const Call& call) {
  std::string_view xml;
  if (!ReadBytes(env_, call.arguments[0], xml)) return nullptr;
  const std::string_view element = reactor_->FindElement(xml);
  if (element.empty()) return nullptr;
  const std::span bytes(reinterpret_cast<const uint8_t*>(element.data()), element.size());
  if (!WriteTokens(bytes, OuterScope::Fragment(), *names_, tokens_)) return nullptr;
  return ShareTokens(static_cast<uint32_t>(element.data() - xml.data()));
}

napi_value EngineBinding::Counters(const Call&) {
  const Reactor::Counters counters = reactor_->Count();
  napi_value result;
  napi_create_object(env_, &result);
  SetProperty(env_, result, "connections", counters.connections);
  SetProperty(env_, result, "accepted", counters.accepted);
  SetProperty(env_, result, "bytesIn", counters.bytes_in);
  SetProperty(env_, result, "bytesOut", counters.bytes_out);
  SetProperty(env_, result, "refused", counters.refused);
  SetProperty(env_, result, "memoryBytes", counters.memory);
  SetProperty(env_, result, "decompressionsRefused", counters.decompressions_refused);
  return result;
}

napi_value EngineBinding::StopEngine(const Call&) {
  Stop();
  return nullptr;
}

napi_value EngineBinding::EndBatch(const Call&) {
  reactor_->EndBatch();
  return nullptr;
}

}  // namespace meerkat
