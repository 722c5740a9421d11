/// Counts the connections that were closed before anybody heard of them, and says when it is time to tell.
#pragma once

#include <cstdint>
#include <vector>

#include "core/net/socket_address.h"
#include "core/xml/envelope.h"

namespace meerkat {

/// The first of a kind is told at once; those that follow soon are told together, so that a flood is one event in a while.
class Refusals {
 public:
  static constexpr uint64_t kRestMs = 10'000;

  struct Kind {
    uint32_t listener;
    Refusal reason;
    uint32_t count = 0;  // not told yet
    uint64_t rests_until_ms = 0;
    SocketAddress last;
  };

  void Add(uint32_t listener, Refusal reason, const SocketAddress& from) {
    Kind& kind = Of(listener, reason);
    if (kind.count++ == 0) waiting_++;
    kind.last = from;
    total_++;
  }

  /// One that should be told now, or null.
  [[nodiscard]] const Kind* Due(uint64_t now_ms) const noexcept {
    if (waiting_ == 0) return nullptr;
    for (const Kind& kind : kinds_) {
      if (kind.count != 0 && now_ms >= kind.rests_until_ms) return &kind;
    }
    return nullptr;
  }
  /// What `Due` gave was told.
  void Told(const Kind& told, uint64_t now_ms) noexcept {
    Kind& kind = kinds_[static_cast<size_t>(&told - kinds_.data())];
    kind.count = 0;
    kind.rests_until_ms = now_ms + kRestMs;
    waiting_--;
  }

  /// Some are to be told, now or later.
  [[nodiscard]] bool is_waiting() const noexcept { return waiting_ != 0; }
  [[nodiscard]] uint64_t total() const noexcept { return total_; }

 private:
  Kind& Of(uint32_t listener, Refusal reason) {
    for (Kind& kind : kinds_) {
      if (kind.listener == listener && kind.reason == reason) return kind;
    }
    kinds_.push_back({listener, reason, 0, 0, {}});
    return kinds_.back();
  }

  std::vector<Kind> kinds_;  // a handful for each listener
  uint32_t waiting_ = 0;     // kinds whose count is not 0
  uint64_t total_ = 0;
};

}  // namespace meerkat
