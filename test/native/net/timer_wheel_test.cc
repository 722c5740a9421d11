/// Deadlines: when they fire, and what may be changed while they do.
#include "core/net/timer_wheel.h"

#include <vector>

#include "check.h"

namespace {

using namespace meerkat;

struct Timer : TimerNode {
  uint64_t fired_ms = 0;
};

TEST("a timer fires once, never early and less than a second late") {
  for (const uint64_t start : {0u, 1u, 999u, 123'456'789u}) {
    for (const uint64_t after : {1u, 999u, 1000u, 1001u, 60'000u, 511'000u, 512'000u, 2'000'000u}) {
      TimerWheel wheel;
      Timer timer;
      wheel.Set(timer, start, after);
      int fired = 0;
      for (uint64_t now = start; now <= start + after + 2000; now += 250) {
        wheel.Advance(now, [&](TimerNode&) {
          fired++;
          timer.fired_ms = now;
        });
      }
      CHECK_EQUAL(fired, 1);
      CHECK(timer.fired_ms >= start + after);
      CHECK(timer.fired_ms < start + after + 1250);
      CHECK_EQUAL(wheel.size(), 0u);
    }
  }
}

TEST("a timer that was cleared or set anew does not fire at its old time") {
  TimerWheel wheel;
  Timer cleared, moved;
  wheel.Set(cleared, 0, 5000);
  wheel.Set(moved, 0, 5000);
  wheel.Clear(cleared);
  wheel.Clear(cleared);
  wheel.Set(moved, 1000, 9000);
  int fired = 0;
  wheel.Advance(9999, [&](TimerNode&) { fired++; });
  CHECK_EQUAL(fired, 0);
  wheel.Advance(10'000, [&](TimerNode& node) {
    CHECK(&node == &moved);
    fired++;
  });
  CHECK_EQUAL(fired, 1);
}

TEST("after a long sleep everything that is due fires, whatever its place in the wheel") {
  TimerWheel wheel;
  std::vector<Timer> timers(3000);
  for (size_t i = 0; i < timers.size(); i++) wheel.Set(timers[i], 0, i * 1000);
  size_t fired = 0;
  wheel.Advance(2'500'000, [&](TimerNode&) { fired++; });
  CHECK_EQUAL(fired, 2501u);
  CHECK_EQUAL(wheel.size(), 499u);
}

TEST("while timers fire, others may be cleared and set, also those that are due at the same time") {
  TimerWheel wheel;
  Timer first, second, third;
  wheel.Set(first, 0, 1000);
  wheel.Set(second, 0, 1000);
  wheel.Set(third, 0, 1000);
  int fired = 0;
  wheel.Advance(1000, [&](TimerNode& node) {
    fired++;
    if (&node != &first) return;
    wheel.Clear(second);
    wheel.Set(first, 1000, 1000);
  });
  CHECK_EQUAL(fired, 2);
  wheel.Advance(2000, [&](TimerNode& node) {
    CHECK(&node == &first);
    fired++;
  });
  CHECK_EQUAL(fired, 3);
}

TEST("what is left of a timer is told, at least a millisecond") {
  TimerWheel wheel;
  Timer timer;
  wheel.Set(timer, 500, 2000);
  CHECK_EQUAL(TimerWheel::Left(timer, 1000), 2000u);
  CHECK_EQUAL(TimerWheel::Left(timer, 9000), 1u);
}

}  // namespace
