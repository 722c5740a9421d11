/// Sizes of frames under way: a frame has left with its last byte.
#include "core/net/carrier.h"

#include "check.h"

namespace {

using namespace meerkat;

TEST("frames are counted when all of their bytes have left, however those are reported") {
  FrameSizes sizes;
  for (uint32_t size : {10, 0, 5}) sizes.Add(size);
  CHECK_EQUAL(sizes.Take(9), 0u);
  CHECK_EQUAL(sizes.Take(1), 2u);
  CHECK_EQUAL(sizes.Take(4), 0u);
  sizes.Add(3);
  CHECK_EQUAL(sizes.Take(4), 2u);
}

TEST("an owner that reports more than it was given is none the worse for it") {
  FrameSizes sizes;
  CHECK_EQUAL(sizes.Take(100), 0u);
  sizes.Add(10);
  CHECK_EQUAL(sizes.Take(9), 0u);
  CHECK_EQUAL(sizes.Take(1), 1u);
}

TEST("memory stays small, also when there is always something under way") {
  FrameSizes sizes;
  sizes.Add(7);
  for (int count = 0; count < 10'000; count++) {
    sizes.Add(7);
    CHECK_EQUAL(sizes.Take(7), 1u);
  }
  CHECK(sizes.memory() < 1000);
}

}  // namespace
