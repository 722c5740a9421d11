/// Streams in frames: where a frame is cut into pieces makes no difference, a WebSocket's frame tells at most one element, nothing of a frame is
/// left for the next, and what was told stands alone once its declaration was put in.
///
/// The first byte chooses the limits, the second the cuts, the third the framing and how it goes on after an event. The rest is the stream,
/// in which 0x1e ends a frame.
#include <algorithm>

#include "core/net/frame_inbox.h"
#include "core/xml/frame_text.h"
#include "expect.h"
#include "xml/framer_kit.h"

namespace {

using namespace meerkat;
using namespace meerkat::test;

constexpr ChildPattern kPatterns[] = {{"jabber:client", "body"}, {"urn:q", "q"}};
constexpr uint8_t kEndOfFrame = 0x1e;

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

/// Reads from its inbox as a reactor does.
class Reader final : public StreamFramer::Sink {
 public:
  Reader(const Limits& limits, uint8_t choice, const ChildTable& children)
      : limits_(limits), framing_(choice & 1 ? Framing::kBosh : Framing::kWebSocket), choice_(choice),
        framer_(limits, framing_), context_(children) {}

  void Receive(std::string_view bytes, bool is_last) {
    inbox_.Add(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), is_last);
    while (failure == StreamFailure::kNone && !inbox_.empty()) {
      uint8_t piece[64];
      bool is_over = false;
      const size_t size = inbox_.Read(piece, 1 + choice_ % sizeof piece, is_over);
      tail_.append(reinterpret_cast<char*>(piece), size);
      Scan();
      if (!is_over || failure != StreamFailure::kNone) continue;
      failure = framer_.EndFrame(!tail_.empty());
      EXPECT(failure != StreamFailure::kNone || tail_.empty());
      told_in_frame_ = 0;
    }
  }

  bool OnEnvelope(const Envelope& envelope) noexcept override {
    const auto kind = static_cast<EventKind>(envelope.words[word::kKind] & 0xff);
    const uint32_t start = envelope.words[word::kStart];
    const uint32_t end = envelope.words[word::kEnd];
    EXPECT(start <= end && end <= bytes_.size() && end - start <= limits_.max_stanza_bytes);
    EXPECT((kind == EventKind::kStreamOpened) != is_open_);
    is_open_ = true;
    EXPECT(++told_in_frame_ == 1 || framing_ == Framing::kBosh);
    Event& event = events.emplace_back();
    event.text.assign(bytes_.begin() + start, bytes_.begin() + end);
    std::copy(std::begin(envelope.words), std::end(envelope.words), event.words);
    event.words[word::kStart] = 0;
    event.words[word::kEnd] = end - start;
    if (kind == EventKind::kElement) CheckAlone(event);
    return false;
  }

  StreamFailure failure = StreamFailure::kNone;
  std::vector<Event> events;

 private:
  void Scan() {
    for (bool goes_on = true; goes_on;) {
      const std::vector<uint8_t> exact(tail_.begin(), tail_.end());
      bytes_ = exact;
      const StreamFramer::Result result = framer_.Feed(exact, context_, *this);
      tail_.erase(0, result.consumed);
      failure = result.failure;
      EXPECT(failure != StreamFailure::kNone || tail_.size() <= exact.size());
      goes_on = result.status == StreamFramer::Status::kHeld || result.status == StreamFramer::Status::kStopped;
      if (goes_on) GoOn();
    }
  }

  void GoOn() {
    EXPECT(!framer_.is_inside());
    const bool restarts = (choice_ & 2) && events.size() % 3 == 0;
    if (choice_ & 4) framer_ = StreamFramer(std::move(framer_));
    framer_.Proceed(restarts ? Proceed::kRestart : choice_ & 8 ? Proceed::kStep : Proceed::kStream);
    if (restarts) is_open_ = false;
  }

  /// What a stanza's envelope says of its namespace is what its tag says.
  static void CheckAlone(const Event& event) {
    if (event.words[word::kKind] & envelope_flag::kForeignScope) return;
    size_t at = 0;
    const std::string_view missing = MissingDeclaration(event.text, at);
    const bool is_declared = event.words[word::kKind] & envelope_flag::kOwnNamespace;
    EXPECT(missing.empty() == is_declared);
    EXPECT(is_declared || at == (event.words[word::kHead] & 0xffff));
  }

  const Limits& limits_;
  const Framing framing_;
  const uint8_t choice_;
  StreamFramer framer_;
  ScanContext context_;
  FrameInbox inbox_;
  std::span<const uint8_t> bytes_;
  std::string tail_;
  int told_in_frame_ = 0;
  bool is_open_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  static const ChildTable children(kPatterns);
  const Limits limits = LimitsOf(data[0]);
  Reader whole(limits, static_cast<uint8_t>(data[2] | 0xf0), children);
  Reader pieces(limits, data[2] & 0x0f, children);
  uint32_t cut = data[1];
  for (const uint8_t *frame = data + 3, *const end = data + size; frame < end;) {
    const uint8_t* const last = std::find(frame, end, kEndOfFrame);
    const std::string_view text(reinterpret_cast<const char*>(frame), static_cast<size_t>(last - frame));
    const bool is_whole = last != end;
    whole.Receive(text, is_whole);
    for (size_t at = 0; at < text.size();) {
      cut = cut * 1103515245 + 12345;
      const size_t piece = std::min<size_t>(data[1] < 64 ? 1 : 1 + (cut >> 16) % 40, text.size() - at);
      pieces.Receive(text.substr(at, piece), false);
      at += piece;
    }
    if (is_whole) pieces.Receive({}, true);
    frame = is_whole ? last + 1 : end;
  }
  EXPECT(whole.failure == pieces.failure);
  EXPECT(whole.events == pieces.events);
  return 0;
}
