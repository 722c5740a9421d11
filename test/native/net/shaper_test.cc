/// The token bucket: its rate over time, and its burst.
#include "core/net/shaper.h"

#include "check.h"

namespace {

using namespace meerkat;

TEST("a burst is what one second allows") {
  Shaper shaper(1000, 0);
  CHECK_EQUAL(shaper.Allowance(0), 1000u);
  shaper.Take(1000);
  CHECK_EQUAL(shaper.Allowance(0), 0u);
  CHECK_EQUAL(shaper.Allowance(3'600'000), 1000u);
}

TEST("however often one asks, a second brings the rate, no more and no less") {
  for (const uint64_t rate : {1u, 7u, 1000u, 50'000u, 10'000'000u}) {
    for (const uint64_t step : {1u, 3u, 10u, 250u}) {
      Shaper shaper(rate, 0);
      shaper.Take(rate);
      uint64_t taken = 0;
      for (uint64_t now = step; now <= 20'000; now += step) {
        const size_t allowed = shaper.Allowance(now);
        shaper.Take(allowed);
        taken += allowed;
      }
      CHECK(taken <= 20 * rate);
      // The last question may leave a part of a byte.
      CHECK(taken + 1 >= 20 * rate - rate * (20'000 % step) / 1000);
    }
  }
}

TEST("taking more than is there leaves an empty bucket, not a debt without end") {
  Shaper shaper(100, 0);
  shaper.Take(1'000'000);
  CHECK_EQUAL(shaper.Allowance(0), 0u);
  CHECK_EQUAL(shaper.Allowance(500), 50u);
}

}  // namespace
