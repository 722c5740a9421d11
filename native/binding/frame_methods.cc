/// The functions of an engine about frames: connections whose sockets JavaScript owns.
#include <string>

#include "binding/call.h"
#include "binding/options.h"
#include "binding/values.h"

namespace meerkat {

napi_value EngineBinding::ListenFrames(const Call& call) {
  auto policy = std::make_shared<ConnectionPolicy>();
  if (!ReadFramePolicy(env_, call.arguments[0], *policy)) return nullptr;
  return Value(env_, reactor_->ListenFrames(std::move(policy)));
}

napi_value EngineBinding::Attach(const Call& call) {
  std::string_view facts;
  if (!ReadBytes(env_, call.arguments[1], facts)) return nullptr;
  CarrierName carrier;
  if (!reactor_->Attach(call.Number(env_, 0), std::string(facts), carrier)) return nullptr;
  napi_value result;
  napi_create_object(env_, &result);
  SetProperty(env_, result, "slot", carrier.slot);
  SetProperty(env_, result, "generation", carrier.generation);
  return result;
}

CarrierName EngineBinding::CarrierOf(const Call& call) const noexcept {
  return {call.Number(env_, 0), call.Number(env_, 1)};
}

napi_value EngineBinding::Feed(const Call& call) {
  std::string_view bytes;
  bool is_last = false;
  if (!ReadInput(env_, call.arguments[2], bytes) || !Read(env_, call.arguments[3], is_last)) return nullptr;
  return Value(env_, reactor_->Feed(CarrierOf(call), bytes, is_last));
}

napi_value EngineBinding::Sent(const Call& call) {
  uint64_t bytes = 0;
  if (!Read(env_, call.arguments[2], bytes)) return nullptr;
  reactor_->Sent(CarrierOf(call), static_cast<size_t>(bytes));
  return nullptr;
}

napi_value EngineBinding::Detach(const Call& call) {
  bool is_orderly = false;
  if (!Read(env_, call.arguments[2], is_orderly)) return nullptr;
  reactor_->Detach(CarrierOf(call), is_orderly);
  return nullptr;
}

}  // namespace meerkat
