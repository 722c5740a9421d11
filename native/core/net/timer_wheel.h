/// Coarse deadlines for many connections: setting and clearing one costs a few pointer writes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace meerkat {

/// A place in the wheel; part of the object that it belongs to, which clears it before it goes away.
struct TimerNode {
  TimerNode* next = nullptr;
  TimerNode* previous = nullptr;
  uint64_t tick = 0;

  [[nodiscard]] bool is_set() const noexcept { return next != nullptr; }
};

/// A hashed wheel: one slot per second, entries further away than one turn are met again once a turn.
class TimerWheel {
 public:
  static constexpr uint64_t kTickMs = 1000;
  static constexpr size_t kSlots = 512;

  TimerWheel() noexcept {
    for (TimerNode& slot : slots_) slot.next = slot.previous = &slot;
  }
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// Fires at the first tick that is at least `after_ms` away from `now_ms`, which never runs backwards.
  void Set(TimerNode& node, uint64_t now_ms, uint64_t after_ms) noexcept {
    Clear(node);
    if (size_ == 0) current_ = now_ms / kTickMs;
    node.tick = (now_ms + after_ms + kTickMs - 1) / kTickMs;
    if (node.tick <= current_) node.tick = current_ + 1;
    TimerNode& head = slots_[node.tick % kSlots];
    node.next = &head;
    node.previous = head.previous;
    head.previous->next = &node;
    head.previous = &node;
    size_++;
  }

  void Clear(TimerNode& node) noexcept {
    if (!node.is_set()) return;
    node.previous->next = node.next;
    node.next->previous = node.previous;
    node.next = node.previous = nullptr;
    size_--;
  }

  /// Milliseconds until a node that is set fires; at least 1.
  [[nodiscard]] static uint64_t Left(const TimerNode& node, uint64_t now_ms) noexcept {
    const uint64_t due_ms = node.tick * kTickMs;
    return due_ms > now_ms ? due_ms - now_ms : 1;
  }

  /// Calls `fire(node)` for each node that is due. `fire` may set and clear any node.
  template <typename Fire>
  void Advance(uint64_t now_ms, Fire&& fire) {
    const uint64_t target = now_ms / kTickMs;
    // After a long sleep one turn over all slots meets every entry, whatever its tick.
    if (size_ > 0 && target > current_ + kSlots) current_ = target - kSlots;
    while (size_ > 0 && current_ < target) {
      current_++;
      FireSlot(slots_[current_ % kSlots], target, fire);
    }
    if (size_ == 0) current_ = target;
  }

  [[nodiscard]] size_t size() const noexcept { return size_; }

 private:
  template <typename Fire>
  void FireSlot(TimerNode& head, uint64_t target, Fire& fire) {
    // Due nodes are moved to a list of their own first: `fire` may then change the slot and the list alike.
    TimerNode due;
    due.next = due.previous = &due;
    for (TimerNode* node = head.next; node != &head;) {
      TimerNode* const next = node->next;
      if (node->tick <= target) {
        Clear(*node);
        node->next = &due;
        node->previous = due.previous;
        due.previous->next = node;
        due.previous = node;
        size_++;
      }
      node = next;
    }
    while (due.next != &due) {
      TimerNode& node = *due.next;
      Clear(node);
      fire(node);
    }
  }

  std::array<TimerNode, kSlots> slots_;  // owned: list heads
  uint64_t current_ = 0;                 // last tick that was fired
  size_t size_ = 0;
};

}  // namespace meerkat
