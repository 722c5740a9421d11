/// When refused connections are told of.
#include "check.h"
#include "core/net/refusals.h"

namespace {

using namespace meerkat;

TEST("the first is told at once, those that follow together when the rest is over") {
  Refusals refusals;
  CHECK(!refusals.Due(0));
  refusals.Add(1, Refusal::kMissing, SocketAddress());
  const Refusals::Kind* due = refusals.Due(100);
  CHECK(due != nullptr);
  CHECK_EQUAL(due->count, 1u);
  refusals.Told(*due, 100);
  CHECK(!refusals.is_waiting());

  for (int i = 0; i < 1000; i++) refusals.Add(1, Refusal::kMissing, SocketAddress());
  CHECK(refusals.is_waiting());
  CHECK(!refusals.Due(100 + Refusals::kRestMs - 1));
  due = refusals.Due(100 + Refusals::kRestMs);
  CHECK(due != nullptr);
  CHECK_EQUAL(due->count, 1000u);
  CHECK_EQUAL(refusals.total(), 1001u);
}

TEST("each listener and each reason is told of by itself") {
  Refusals refusals;
  refusals.Add(1, Refusal::kMissing, SocketAddress());
  refusals.Add(1, Refusal::kLate, SocketAddress());
  refusals.Add(2, Refusal::kMissing, SocketAddress());
  int told = 0;
  while (const Refusals::Kind* due = refusals.Due(5)) {
    CHECK_EQUAL(due->count, 1u);
    refusals.Told(*due, 5);
    told++;
  }
  CHECK_EQUAL(told, 3);
}

}  // namespace
