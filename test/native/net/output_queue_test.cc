/// Queued output: order, counting, and blocks that come back to their pool.
#include "core/net/output_queue.h"

#include <string>

#include "check.h"

namespace {

using namespace meerkat;

std::string Drain(OutputQueue& queue, BlockPool& pool, size_t step) {
  std::string all;
  while (!queue.empty()) {
    iovec pieces[4];
    const int count = queue.Gather(pieces, 4);
    std::string gathered;
    for (int i = 0; i < count; i++) gathered.append(static_cast<char*>(pieces[i].iov_base), pieces[i].iov_len);
    const size_t taken = std::min(step, gathered.size());
    all += gathered.substr(0, taken);
    queue.Consume(pool, taken);
  }
  return all;
}

TEST("bytes leave in order, whatever their sizes and however they are taken") {
  for (const size_t step : {1u, 100u, 5000u, 1'000'000u}) {
    BlockPool pool;
    OutputQueue queue;
    std::string expected;
    for (size_t size = 1; size < 30'000; size = size * 3 + 1) {
      const std::string text(size, static_cast<char>('a' + size % 26));
      queue.Append(pool, text.data(), text.size());
      queue.Finish();
      expected += text;
    }
    CHECK_EQUAL(queue.bytes(), expected.size());
    CHECK(Drain(queue, pool, step) == expected);
    CHECK_EQUAL(queue.writes(), 0u);
  }
}

TEST("a write counts until its last byte is taken") {
  BlockPool pool;
  OutputQueue queue;
  const std::string large(5000, 'x');
  queue.Append(pool, large.data(), large.size());
  queue.Finish();
  queue.Append(pool, large.data(), large.size());
  queue.Finish();
  CHECK_EQUAL(queue.writes(), 2u);
  queue.Consume(pool, 4999);
  CHECK_EQUAL(queue.writes(), 2u);
  queue.Consume(pool, 5001);
  CHECK_EQUAL(queue.writes(), 0u);
}

TEST("an empty queue holds no block; the pool keeps those of its own size") {
  BlockPool pool;
  OutputQueue queue;
  const std::string text(100, 'x');
  queue.Append(pool, text.data(), text.size());
  CHECK_EQUAL(pool.idle_bytes(), 0u);
  queue.Clear(pool);
  CHECK_EQUAL(pool.idle_bytes(), 2048u);
  const std::string large(100'000, 'x');
  queue.Append(pool, large.data(), large.size());
  queue.Clear(pool);
  CHECK_EQUAL(pool.idle_bytes(), 2048u);
  CHECK_EQUAL(queue.room(), 0u);
}

TEST("a queue takes over another one behind its own bytes") {
  BlockPool pool;
  OutputQueue first, second;
  first.Append(pool, "ab", 2);
  second.Append(pool, "cd", 2);
  second.Finish();
  first.TakeOver(second);
  CHECK(second.empty());
  CHECK_EQUAL(first.writes(), 1u);
  first.Append(pool, "ef", 2);
  CHECK(Drain(first, pool, 10) == "abcdef");
}

TEST("room that was reserved and not used changes nothing") {
  BlockPool pool;
  OutputQueue queue;
  (void)queue.Reserve(pool, 1500);
  (void)queue.Reserve(pool, 1500);
  queue.Commit(0);
  CHECK(queue.empty());
  queue.Append(pool, "x", 1);
  CHECK(Drain(queue, pool, 10) == "x");
}

}  // namespace
