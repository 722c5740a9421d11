/// What JavaScript sees as one engine: functions over a reactor, and the arrays that both share.
#pragma once

#include <node_api.h>

#include <memory>
#include <string>
#include <vector>

#include "core/net/reactor.h"
#include "core/xml/name_table.h"

namespace meerkat {

/// Lives until its environment is cleaned up, so that a function called late finds it; what is heavy goes with `Stop`.
class EngineBinding final : public Reactor::Host {
 public:
  /// Null, with an exception pending, when the options do not fit.
  [[nodiscard]] static std::unique_ptr<EngineBinding> Create(napi_env env, napi_value options, napi_value on_batch);
  EngineBinding(const EngineBinding&) = delete;
  EngineBinding& operator=(const EngineBinding&) = delete;

  /// The object with all functions; they keep pointing here.
  [[nodiscard]] napi_value MakeObject();

  /// Idempotent; `is_stopped` some loop turns later.
  void Stop();
  /// Called once everything is closed; on the same thread.
  void OnStopped(void (*stopped)(void*), void* context) noexcept {
    stopped_ = stopped;
    stopped_context_ = context;
  }
  [[nodiscard]] bool is_stopped() const noexcept { return reactor_ == nullptr; }

  bool OnBatch(uint32_t count) override;
  void EnlargeArena(size_t bytes) override;
  void RestoreArena() override;

 private:
  explicit EngineBinding(napi_env env) noexcept : env_(env) {}
  [[nodiscard]] bool MakeArrays();
  void DropReferences();
  /// A new ArrayBuffer, kept by a reference.
  [[nodiscard]] napi_value NewArray(size_t bytes, napi_ref& reference, void** memory);
  /// Throws when there is none.
  [[nodiscard]] std::shared_ptr<const TlsContext> ContextOrThrow(uint32_t id) const;
  [[nodiscard]] napi_value AddContext(const TlsSettings& settings);
  /// The tokens as JavaScript reads them: their number, or a larger array when the shared one is too small.
  [[nodiscard]] napi_value ShareTokens(uint32_t start);

  // The functions, in the order of src/engine/port.ts. Those that name a connection share its look-up.
  struct Call;
  napi_value Listen(const Call& call);
  napi_value Unlisten(const Call& call);
  napi_value SetDirectTls(const Call& call);
  napi_value ListenFrames(const Call& call);
  napi_value Attach(const Call& call);
  napi_value Feed(const Call& call);
  napi_value Sent(const Call& call);
  napi_value Detach(const Call& call);
  napi_value Connect(const Call& call);
  napi_value CreateTlsContext(const Call& call);
  napi_value CreateTlsClientContext(const Call& call);
  napi_value DropTlsContext(const Call& call);
  napi_value SetTicketKeys(const Call& call);
  napi_value Send(const Call& call);
  napi_value Deliver(const Call& call);
  napi_value Stamp(const Call& call);
  napi_value Proceed(const Call& call);
  napi_value Pause(const Call& call);
  napi_value Resume(const Call& call);
  napi_value Shape(const Call& call);
  napi_value Authenticated(const Call& call);
  napi_value Deadline(const Call& call);
  napi_value StartTls(const Call& call);
  napi_value StartCompression(const Call& call);
  napi_value ChannelBinding(const Call& call);
  napi_value Close(const Call& call);
  napi_value Abort(const Call& call);
  napi_value Details(const Call& call);
  napi_value Move(const Call& call);
  napi_value Forward(const Call& call);
  napi_value Route(const Call& call);
  napi_value Show(const Call& call);
  napi_value CallShard(const Call& call);
  napi_value Tree(const Call& call);
  napi_value Parse(const Call& call);
  napi_value Counters(const Call& call);
  napi_value StopEngine(const Call& call);
  napi_value EndBatch(const Call& call);
  template <napi_value (EngineBinding::*kMethod)(const Call&)>
  static napi_value Invoke(napi_env env, napi_callback_info info);
  [[nodiscard]] Connection* ConnectionOf(const Call& call);
  [[nodiscard]] CarrierName CarrierOf(const Call& call) const noexcept;

  const napi_env env_;
  std::unique_ptr<Reactor> reactor_;  // owned; null once stopped
  std::unique_ptr<NameTable> names_;  // owned
  napi_ref on_batch_ = nullptr;       // owned, as are the arrays
  napi_ref words_ = nullptr;
  napi_ref arena_ = nullptr;
  napi_ref large_arena_ = nullptr;  // only while an element needs it
  napi_ref token_array_ = nullptr;
  uint8_t* arena_bytes_ = nullptr;  // in arena_
  uint32_t* token_words_ = nullptr;  // in token_array_
  size_t token_capacity_ = 0;
  bool arena_changed_ = false;
  bool stopping_ = false;
  std::vector<uint32_t> tokens_;
  std::vector<std::shared_ptr<const TlsContext>> contexts_;  // by id; null once dropped
  const std::shared_ptr<TicketKeys> ticket_keys_ = std::make_shared<TicketKeys>();  // shared with the contexts
  std::string text_;                                         // reused from call to call
  void (*stopped_)(void*) = nullptr;
  void* stopped_context_ = nullptr;
};

}  // namespace meerkat
