/// Compressed input: the cuts it arrives in change nothing, and neither memory nor output grows beyond what the guard allows.
#include <algorithm>
#include <string>

#include "core/zlib/inflate_stream.h"
#include "expect.h"

using namespace meerkat;

namespace {

using Result = InflateStream::Result;

struct Outcome {
  Result result = Result::kMore;
  std::string text;
};

Outcome Run(std::span<const uint8_t> all, size_t step, size_t room) {
  InflaterPool pool;
  InflateStream stream;
  Outcome outcome;
  std::string block(room, '\0');
  for (size_t at = 0; at < all.size(); at += step) {
    std::span<const uint8_t> bytes = all.subspan(at, std::min(step, all.size() - at));
    do {
      size_t size = 0;
      const size_t before = bytes.size();
      outcome.result = stream.Read(pool, bytes, reinterpret_cast<uint8_t*>(block.data()), room, size);
      EXPECT(size <= room && bytes.size() <= before);
      EXPECT(stream.heap_bytes() < 64 * 1024 && pool.idle_bytes() < 256 * 1024);
      if (outcome.result == Result::kFailed || outcome.result == Result::kTooMuch) {
        EXPECT(size == 0 && stream.heap_bytes() == 0);
        return outcome;
      }
      outcome.text.append(block, 0, size);
      // Every call gets on, and only a full room asks for another one.
      EXPECT(size > 0 || bytes.empty());
      EXPECT(stream.has_more() == (outcome.result == Result::kFull) && (size == room || !stream.has_more()));
    } while (stream.has_more() || !bytes.empty());
    const size_t read = std::min(at + step, all.size());
    EXPECT(outcome.text.size() <= read * InflateGuard::kRatio + InflateGuard::kAllowance + InflateGuard::kCredit);
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Outcome whole = Run({data, size}, size + 1, 65536);
  for (const auto& [step, room] : {std::pair<size_t, size_t>{1, 4096}, {13, 100}}) {
    const Outcome cut = Run({data, size}, step, room);
    // A failure tells itself as soon as it is there: more may have come out by then when the pieces are small.
    const size_t common = std::min(whole.text.size(), cut.text.size());
    EXPECT(whole.text.compare(0, common, cut.text, 0, common) == 0);
    if (whole.result == Result::kMore) EXPECT(cut.result == Result::kMore && cut.text == whole.text);
  }
  return 0;
}
