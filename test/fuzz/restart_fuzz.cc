/// Streams that begin anew: lockstep, many elements at a time, restarts, other limits and other owners, at each event as the input says.
/// Where the bytes are cut makes no difference, nothing of one stream is left in the next, and an element never comes before a header.
///
/// The first byte chooses the limits, the second the cuts, the third how many of the bytes behind it are steps; the rest is the stream.
#include <algorithm>

#include "expect.h"
#include "xml/framer_kit.h"

namespace {

using namespace meerkat;
using namespace meerkat::test;

constexpr ChildPattern kPatterns[] = {{"jabber:client", "body"}, {"urn:q", "q"}};
/// Half-read elements keep their open tags and prefixes; no stream may make that more than what it sent, and what is kept anyway.
constexpr size_t kMostHeap = 65536;

Limits LimitsOf(uint8_t choice) {
  Limits limits;
  if (choice & 1) limits.max_stanza_bytes = 150 + choice;
  if (choice & 2) limits.max_depth = 3;
  if (choice & 4) limits.max_bytes_before_authentication = 300 + choice;
  if (choice & 8) limits.max_tag_bytes = 115 + choice;
  return limits;
}

struct Event {
  std::string text;
  uint32_t words[std::size(Envelope{}.words)];
  bool operator==(const Event&) const = default;
};

/// An owner that does after each event what the next step says.
class Owner final : public StreamFramer::Sink {
 public:
  Owner(const Limits& usual, const Limits& other, std::span<const uint8_t> steps, const ChildTable& children)
      : framer_(usual), context_(children), limits_{&usual, &other}, steps_(steps) {}

  void Receive(std::string_view bytes) {
    pending_.append(bytes);
    while (status != StreamFramer::Status::kFailed && status != StreamFramer::Status::kClosed) {
      // A block of its own size, so that reading past its end is noticed.
      const std::vector<uint8_t> exact(pending_.begin(), pending_.end());
      bytes_ = exact;
      const StreamFramer::Result result = framer_.Feed(exact, context_, *this);
      pending_.erase(0, result.consumed);
      status = result.status;
      failure = result.failure;
      EXPECT(framer_.heap_bytes() <= kMostHeap);
      if (status == StreamFramer::Status::kNeedMore) {
        EXPECT(pending_.size() <= limits_[which_]->max_stanza_bytes);
        return;
      }
      if (status == StreamFramer::Status::kHeld || status == StreamFramer::Status::kStopped) GoOn();
    }
  }

  bool OnEnvelope(const Envelope& envelope) noexcept override {
    const auto kind = static_cast<EventKind>(envelope.words[word::kKind] & 0xff);
    const uint32_t start = envelope.words[word::kStart];
    const uint32_t end = envelope.words[word::kEnd];
    EXPECT(start <= end && end <= bytes_.size());
    EXPECT((kind == EventKind::kStreamOpened) != is_open_);
    if (kind == EventKind::kStreamOpened) is_open_ = true;
    if (kind == EventKind::kElement) EXPECT(end - start <= limits_[which_]->max_stanza_bytes);
    Event& event = events.emplace_back();
    event.text.assign(bytes_.begin() + start, bytes_.begin() + end);
    std::copy(std::begin(envelope.words), std::end(envelope.words), event.words);
    event.words[word::kStart] = 0;
    event.words[word::kEnd] = end - start;
    return false;
  }

  StreamFramer::Status status = StreamFramer::Status::kNeedMore;
  StreamFailure failure = StreamFailure::kNone;
  std::vector<Event> events;

 private:
  void GoOn() {
    const uint8_t step = steps_.empty() ? 2 : steps_[next_++ % steps_.size()];
    if (step & 8) framer_.Authenticated();
    // Another thread owns it now.
    if (step & 16) framer_ = StreamFramer(std::move(framer_));
    EXPECT(!framer_.is_inside());
    if (step & 4) framer_.Limit(*limits_[which_ ^= 1]);
    const auto how = static_cast<Proceed>(step % 3);
    framer_.Proceed(how);
    if (how != Proceed::kRestart) return;
    is_open_ = false;
    EXPECT(&framer_.scope() == &OuterScope::Fragment() && framer_.heap_bytes() == 0);
  }

  StreamFramer framer_;
  ScanContext context_;
  const Limits* const limits_[2];
  const std::span<const uint8_t> steps_;
  std::span<const uint8_t> bytes_;
  std::string pending_;
  size_t next_ = 0;
  size_t which_ = 0;
  bool is_open_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  static const ChildTable children(kPatterns);
  const Limits usual = LimitsOf(data[0]);
  const Limits other = LimitsOf(data[0] >> 4);
  const size_t count = std::min<size_t>(data[2] % 32, size - 3);
  const std::span<const uint8_t> steps(data + 3, count);
  const std::string_view stream(reinterpret_cast<const char*>(data) + 3 + count, size - 3 - count);

  Owner whole(usual, other, steps, children);
  whole.Receive(stream);
  Owner pieces(usual, other, steps, children);
  uint32_t cut = data[1];
  for (size_t at = 0; at < stream.size();) {
    cut = cut * 1103515245 + 12345;
    const size_t piece = data[1] < 64 ? 1 : 1 + (cut >> 16) % 40;
    pieces.Receive(stream.substr(at, piece));
    at += piece;
  }
  EXPECT(whole.failure == pieces.failure);
  EXPECT(stream.empty() || whole.status == pieces.status);
  EXPECT(whole.events == pieces.events);
  return 0;
}
