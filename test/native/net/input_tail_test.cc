/// Unfinished input: kept while needed, and its memory gone with it.
#include "core/net/input_tail.h"

#include <string>

#include "check.h"

namespace {

using namespace meerkat;

std::string Text(InputTail& tail) { return {reinterpret_cast<char*>(tail.data()), tail.size()}; }

void Assign(InputTail& tail, const std::string& text) {
  tail.Assign(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

TEST("what is assigned is kept, also when it is a part of the tail itself") {
  InputTail tail;
  Assign(tail, "hello world");
  tail.Assign(tail.data() + 6, 5);
  CHECK_EQUAL(Text(tail), "world");
  Assign(tail, "something that is longer");
  CHECK_EQUAL(Text(tail), "something that is longer");
}

TEST("an empty tail holds no memory, and a short one not that of a long one") {
  InputTail tail;
  Assign(tail, std::string(100'000, 'x'));
  CHECK(tail.capacity() >= 100'000);
  tail.Assign(tail.data() + 99'000, 1000);
  CHECK_EQUAL(tail.capacity(), 1000u);
  tail.Assign(tail.data(), 0);
  CHECK_EQUAL(tail.capacity(), 0u);
}

TEST("a tail that grows piece by piece is seldom copied") {
  InputTail tail;
  std::string expected;
  size_t grown = 0;
  for (int i = 0; i < 1000; i++) {
    const size_t before = tail.capacity();
    const std::string piece(997, static_cast<char>('a' + i % 26));
    std::copy(piece.begin(), piece.end(), tail.Room(piece.size()));
    tail.Grow(piece.size());
    expected += piece;
    grown += tail.capacity() != before;
  }
  CHECK(Text(tail) == expected);
  CHECK(grown < 20);
}

}  // namespace
