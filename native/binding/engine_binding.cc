#include "binding/engine_binding.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "binding/options.h"
#include "binding/values.h"

namespace meerkat {

namespace {

constexpr size_t kTokenWords = 16384;

}  // namespace

std::unique_ptr<EngineBinding> EngineBinding::Create(napi_env env, napi_value options, napi_value on_batch) {
  Reactor::Settings settings;
  std::vector<std::string> names;
  napi_valuetype type = napi_undefined;
  napi_typeof(env, on_batch, &type);
  if (type != napi_function) {
    ThrowType(env, "A function that takes batches was expected.");
    return nullptr;
  }
  if (!ReadEngineSettings(env, options, settings) || !ReadProperty(env, options, "names", names)) return nullptr;
  uv_loop_t* loop = nullptr;
  Failure failure;
  std::unique_ptr<EngineBinding> binding(new EngineBinding(env));
  if (napi_get_uv_event_loop(env, &loop) == napi_ok) {
    binding->reactor_ = Reactor::Create(loop, *binding, std::move(settings), failure);
  } else {
    failure = {"no-event-loop", "This environment has no event loop."};
  }
  if (!binding->reactor_) {
    Throw(env, failure);
    return nullptr;
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  binding->names_ = std::make_unique<NameTable>(views);
  napi_create_reference(env, on_batch, 1, &binding->on_batch_);
  if (!binding->MakeArrays()) {
    Throw(env, {"out-of-memory", "The arrays of the engine cannot be allocated."});
    // The handles of the loop are open: the owner waits until they are closed.
    binding->Stop();
  }
  return binding;
}

napi_value EngineBinding::NewArray(size_t bytes, napi_ref& reference, void** memory) {
  napi_value array = nullptr;
  if (napi_create_arraybuffer(env_, bytes, memory, &array) != napi_ok) return nullptr;
  if (reference) napi_delete_reference(env_, reference);
  reference = nullptr;
  napi_create_reference(env_, array, 1, &reference);
  return array;
}

bool EngineBinding::MakeArrays() {
  void* words = nullptr;
  void* arena = nullptr;
  void* tokens = nullptr;
  if (!NewArray(size_t{Batch::kCapacity} * sizeof(Envelope), words_, &words) ||
      !NewArray(Batch::kArenaBytes, arena_, &arena) ||
      !NewArray(kTokenWords * sizeof(uint32_t), token_array_, &tokens)) {
    return false;
  }
  arena_bytes_ = static_cast<uint8_t*>(arena);
  token_words_ = static_cast<uint32_t*>(tokens);
  token_capacity_ = kTokenWords;
  reactor_->batch().UseWords(static_cast<uint32_t*>(words));
  reactor_->batch().UseArena(arena_bytes_, Batch::kArenaBytes);
  return true;
}

void EngineBinding::EnlargeArena(size_t bytes) {
  napi_handle_scope scope;
  napi_open_handle_scope(env_, &scope);
  void* memory = nullptr;
  // A power of two, so that an element that grows needs few of them.
  const size_t size = std::bit_ceil(std::max(bytes, 2 * Batch::kArenaBytes));
  if (NewArray(size, large_arena_, &memory)) {
    reactor_->batch().UseArena(static_cast<uint8_t*>(memory), size);
    arena_changed_ = true;
  }
  napi_close_handle_scope(env_, scope);
}

void EngineBinding::RestoreArena() {
  if (!large_arena_) return;
  napi_delete_reference(env_, large_arena_);
  large_arena_ = nullptr;
  reactor_->batch().UseArena(arena_bytes_, Batch::kArenaBytes);
  arena_changed_ = true;
}

bool EngineBinding::OnBatch(uint32_t count) {
  napi_handle_scope scope;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return false;
  napi_value global, handler;
  napi_value arguments[2] = {Value(env_, count), Undefined(env_)};
  napi_get_global(env_, &global);
  napi_get_reference_value(env_, on_batch_, &handler);
  if (arena_changed_) napi_get_reference_value(env_, large_arena_ ? large_arena_ : arena_, &arguments[1]);
  arena_changed_ = false;
  // The handler calls `endBatch` itself, before promises run.
  const napi_status status = napi_make_callback(env_, nullptr, global, handler, 2, arguments, nullptr);
  bool is_alive = status == napi_ok;
  if (!is_alive) {
    bool is_pending = false;
    napi_value error;
    napi_is_exception_pending(env_, &is_pending);
    if (is_pending && napi_get_and_clear_last_exception(env_, &error) == napi_ok) {
      is_alive = napi_fatal_exception(env_, error) == napi_ok;
    }
  }
  napi_close_handle_scope(env_, scope);
  return is_alive;
}

void EngineBinding::Stop() {
  if (stopping_ || !reactor_) return;
  stopping_ = true;
  reactor_->Stop(
      [](void* context) {
        auto& binding = *static_cast<EngineBinding*>(context);
        binding.reactor_.reset();
        binding.DropReferences();
        if (binding.stopped_) binding.stopped_(binding.stopped_context_);
      },
      this);
  contexts_.clear();
}

void EngineBinding::DropReferences() {
  for (napi_ref* reference : {&on_batch_, &words_, &arena_, &large_arena_, &token_array_}) {
    if (*reference) napi_delete_reference(env_, *reference);
    *reference = nullptr;
  }
}

}  // namespace meerkat
