/// Single elements: the scanner and the token writer agree on what is an element, and the fast lexer with the slow one on what is a tag.
#include "expect.h"
#include "xml/framer_kit.h"
#include "xml/token_text.h"

namespace {

using namespace meerkat;
using namespace meerkat::test;

/// Fast and slow: the same answer for the same bytes, and the same end.
void CheckLexers(std::span<const uint8_t> bytes) {
  if (bytes.size() < 2 || bytes[0] != '<' || bytes[1] == '!' || bytes[1] == '?') return;
  Tag tag;
  const LexResult fast = LexTag(bytes.data(), 0, static_cast<uint32_t>(bytes.size()), kMostAttributes, tag);
  Lexer lexer;
  lexer.BeginMarkup();
  Lexer::Status slow = Lexer::Status::kMore;
  size_t at = 1;
  while (at < bytes.size() && slow == Lexer::Status::kMore) slow = lexer.Next(bytes[at++]);
  EXPECT(static_cast<int>(fast.status) == (slow == Lexer::Status::kDone ? 0 : slow == Lexer::Status::kMore ? 1 : 2));
  if (slow == Lexer::Status::kFailed) EXPECT(lexer.failure() == fast.failure);
  if (slow == Lexer::Status::kDone) EXPECT(tag.end == at);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  CheckLexers(bytes);

  static const ChildTable children;
  static const Limits limits;
  ScanContext context(children);
  const ElementResult result = ScanElement(bytes, OuterScope::Fragment(), limits, context);
  const NameTable names{std::span<const std::string_view>()};
  std::vector<uint32_t> tokens;
  if (result.failure != StreamFailure::kNone) {
    // It may say anything, as long as it touches nothing that is not its own.
    static_cast<void>(WriteTokens(bytes, OuterScope::Fragment(), names, tokens));
    static_cast<void>(WriteHeaderTokens(bytes, names, tokens));
    return 0;
  }
  const uint32_t start = result.envelope.words[word::kStart];
  const auto element = bytes.subspan(start, result.envelope.words[word::kEnd] - start);
  EXPECT(WriteTokens(element, OuterScope::Fragment(), names, tokens));
  EXPECT(tokens.back() == token::kClose);
  return 0;
}
