/// The events of one loop turn as JavaScript reads them: words in one shared array, bytes in another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/xml/envelope.h"

namespace meerkat {

/// Where envelopes are written. Owns nothing: the arrays belong to JavaScript, and a larger arena may stand in.
class Batch {
 public:
  static constexpr uint32_t kCapacity = 4096;
  static constexpr size_t kArenaBytes = 1u << 20;

  void UseWords(uint32_t* words) noexcept { words_ = words; }
  void UseArena(uint8_t* arena, size_t size) noexcept {
    arena_ = arena;
    arena_size_ = size;
  }

  [[nodiscard]] uint32_t count() const noexcept { return count_; }
  [[nodiscard]] bool is_full() const noexcept { return count_ == kCapacity; }
  [[nodiscard]] bool is_empty() const noexcept { return count_ == 0; }

  /// Room for one more envelope, zeroed. Not when full.
  [[nodiscard]] uint32_t* Add(EventKind kind, uint32_t slot, uint32_t generation) noexcept {
    uint32_t* const words = At(count_++);
    std::memset(words, 0, kWordsPerEnvelope * sizeof(uint32_t));
    words[word::kKind] = static_cast<uint32_t>(kind);
    words[word::kSlot] = slot;
    words[word::kGeneration] = generation;
    return words;
  }
  [[nodiscard]] uint32_t* At(uint32_t index) noexcept { return words_ + size_t{index} * kWordsPerEnvelope; }

  /// Free bytes in one piece behind what the batch uses.
  [[nodiscard]] uint8_t* tail() noexcept { return arena_ + used_; }
  [[nodiscard]] size_t room() const noexcept { return arena_size_ - used_; }
  [[nodiscard]] size_t used() const noexcept { return used_; }
  [[nodiscard]] size_t arena_size() const noexcept { return arena_size_; }
  [[nodiscard]] uint8_t* arena() noexcept { return arena_; }
  void Use(size_t bytes) noexcept { used_ += bytes; }

  /// Everything was delivered.
  void Reset() noexcept {
    count_ = 0;
    used_ = 0;
  }

 private:
  uint32_t* words_ = nullptr;  // not owned
  uint8_t* arena_ = nullptr;   // not owned
  size_t arena_size_ = 0;
  size_t used_ = 0;
  uint32_t count_ = 0;
};

}  // namespace meerkat
