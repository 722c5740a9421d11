/// Streams in random pieces: the events and the failure are those of the whole, and what was told can be read again.
///
/// The first two bytes choose the limits and the cuts; the rest is the stream.
#include "expect.h"
#include "xml/framer_kit.h"
#include "xml/token_text.h"

namespace {

using namespace meerkat;
using namespace meerkat::test;

constexpr std::string_view kKnown[] = {"message", "jabber:client", "to", "body", "urn:xmpp:receipts"};
constexpr ChildPattern kPatterns[] = {{"jabber:client", "body"}, {"urn:xmpp:receipts", "*"}, {"urn:q", "q"}};

Limits LimitsOf(uint8_t choice) {
  Limits limits;
  if (choice & 1) limits.max_stanza_bytes = 150 + choice;
  if (choice & 2) limits.max_tag_bytes = 115 + choice;
  if (choice & 4) limits.max_depth = 3;
  if (choice & 8) limits.max_attributes = 5;
  if (choice & 16) limits.max_children = 4;
  if (choice & 32) limits.max_bytes_before_authentication = 200 + choice;
  return limits;
}

/// An element says the same after it was written out from its tokens and read again.
void CheckTokens(const Told& told, const OuterScope& scope) {
  const NameTable names(kKnown);
  std::vector<uint32_t> tokens;
  EXPECT(WriteTokens(Bytes(told.text), scope, names, tokens));
  const std::string written = TokenText(tokens, told.text, kKnown).Write();
  Limits limits;
  limits.max_stanza_bytes = 1u << 24;
  limits.max_depth = limits.max_children = 100000;
  limits.max_attributes = kMostAttributes;
  limits.max_tag_bytes = kMostTagBytes;
  static const ChildTable none;
  ScanContext context(none);
  const ElementResult again = ScanElement(Bytes(written), OuterScope::Fragment(), limits, context);
  // Attributes of two prefixes that are declared beside them may be too many, or make the tag too long.
  const bool is_too_much = again.failure == StreamFailure::kTooManyAttributes || again.failure == StreamFailure::kTagTooLarge;
  EXPECT(is_too_much || again.failure == StreamFailure::kNone);
  if (is_too_much) return;
  std::vector<uint32_t> tokens_again;
  EXPECT(WriteTokens(Bytes(written), OuterScope::Fragment(), names, tokens_again));
  EXPECT(TokenText(tokens_again, written, kKnown).Write() == written);
}

void CheckSpans(const Told& told) {
  for (size_t field : {word::kTo, word::kFrom, word::kId, word::kLang, word::kFromCut}) {
    const uint32_t span = told.envelope.words[field];
    EXPECT((span >> 16) + (span & 0xffff) < told.text.size());
  }
  const uint32_t head = told.envelope.words[word::kHead];
  EXPECT(told.text[(head >> 16) - 1] == '>' && (head & 0xffff) < (head >> 16));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  static const ChildTable children(kPatterns);
  const Limits limits = LimitsOf(data[0]);
  const std::string_view stream(reinterpret_cast<const char*>(data) + 2, size - 2);

  FramerKit whole(limits, children);
  whole.Feed(stream);

  FramerKit pieces(limits, children);
  pieces.mode = static_cast<int>(data[1] & 1 ? Proceed::kStep : Proceed::kStream);
  pieces.stops = data[1] & 2;
  uint32_t cut = data[1];
  for (size_t at = 0; at < stream.size() && pieces.status != StreamFramer::Status::kFailed;) {
    cut = cut * 1103515245 + 12345;
    const size_t piece = data[1] < 64 ? 1 : 1 + (cut >> 16) % 40;
    pieces.Feed(stream.substr(at, piece));
    at += piece;
    EXPECT(pieces.most_held <= limits.max_stanza_bytes);
  }

  EXPECT(whole.failure == pieces.failure);
  EXPECT(stream.empty() || whole.status == pieces.status);
  EXPECT(whole.told.size() == pieces.told.size());
  for (size_t i = 0; i < whole.told.size(); i++) {
    EXPECT(whole.told[i].text == pieces.told[i].text);
    EXPECT(std::memcmp(&whole.told[i].envelope, &pieces.told[i].envelope, sizeof(Envelope)) == 0);
    if (whole.told[i].kind() == EventKind::kStreamClosed) continue;
    CheckSpans(whole.told[i]);
    if (whole.told[i].kind() == EventKind::kElement) CheckTokens(whole.told[i], whole.framer.scope());
  }
  return 0;
}
