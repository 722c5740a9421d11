/// Reading XML: the framer, the scanner of a whole element, the tokens of a tree.
#include <memory>
#include <utility>

#include "core/xml/stream_framer.h"
#include "core/xml/tokens.h"
#include "step.h"

namespace meerkat::bench {

namespace {

constexpr uint32_t kMessagesPerRead = 200;

const std::string kHeader =
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>";
const std::string kCyrillic =
    "<message to='bob@localhost/phone' type='chat' id='0123456789abcdef'><body>Встретимся завтра на обычном месте, или ты хочешь "
    "остаться дома?</body></message>";
/// As in a WebSocket's frame, where no stream header declares its namespace.
const std::string kAlone = "<message xmlns='jabber:client'" + kChat.substr(sizeof("<message") - 1);

constexpr ChildPattern kPatterns[] = {
    {"jabber:client", "body"},      {"jabber:client", "subject"},   {"http://jabber.org/protocol/chatstates", "*"},
    {"urn:xmpp:receipts", "*"},     {"urn:xmpp:carbons:2", "*"},    {"urn:xmpp:mam:2", "*"},
};

/// A stream that is open, and what counts what comes of it.
class Reader final : public StreamFramer::Sink {
 public:
  Reader() : children_(kPatterns), context_(children_), framer_(limits_) {
    static_cast<void>(framer_.Feed(Bytes(kHeader), context_, *this));
    framer_.Proceed(Proceed::kStream);
    framer_.Authenticated();
    count_ = 0;
  }

  bool OnEnvelope(const Envelope& envelope) noexcept override {
    sum_ += envelope.words[word::kEnd] ^ envelope.words[word::kChildrenLow];
    count_++;
    return true;
  }

  size_t Feed(std::span<const uint8_t> bytes) { return framer_.Feed(bytes, context_, *this).consumed; }
  [[nodiscard]] uint64_t TakeCount() noexcept { return std::exchange(count_, 0); }
  [[nodiscard]] ScanContext& context() noexcept { return context_; }

 private:
  const Limits limits_;
  const ChildTable children_;
  ScanContext context_;
  StreamFramer framer_;
  uint64_t sum_ = 0;
  uint64_t count_ = 0;
};

void AddFramer(Steps& steps, const std::string& what, const std::string& stanza) {
  const auto reader = std::make_shared<Reader>();
  std::string batch;
  for (uint32_t i = 0; i < kMessagesPerRead; i++) batch += stanza;
  steps.push_back({"framer, " + what + ", 200 a read", 20 * kMessagesPerRead, [reader, batch](uint32_t count) {
                     for (uint32_t i = 0; i < count; i += kMessagesPerRead) reader->Feed(Bytes(batch));
                     Expect(reader->TakeCount() >= count, "the framer lost a message");
                   }});
  steps.push_back({"framer, " + what + ", one a read", 2000, [reader, stanza](uint32_t count) {
                     for (uint32_t i = 0; i < count; i++) reader->Feed(Bytes(stanza));
                     Expect(reader->TakeCount() == count, "the framer lost a message");
                   }});
}

void AddInTwoReads(Steps& steps) {
  const auto reader = std::make_shared<Reader>();
  steps.push_back({"framer, chat message, in two reads", 2000, [reader](uint32_t count) {
                     const auto half = Bytes(kChat).first(kChat.size() / 2);
                     for (uint32_t i = 0; i < count; i++) {
                       const size_t taken = reader->Feed(half);
                       reader->Feed(Bytes(kChat).subspan(taken));
                     }
                     Expect(reader->TakeCount() == count, "the framer lost a message");
                   }});
}

void AddScanner(Steps& steps) {
  const auto reader = std::make_shared<Reader>();
  steps.push_back({"scanner, whole chat message", 2000, [reader](uint32_t count) {
                     const Limits limits;
                     uint32_t sum = 0;
                     for (uint32_t i = 0; i < count; i++) {
                       const auto found = ScanElement(Bytes(kChat), OuterScope::Fragment(), limits, reader->context());
                       sum += found.failure == StreamFailure::kNone ? 1 : 0;
                     }
                     Expect(sum == count, "the scanner refused a message");
                   }});
}

void AddTokens(Steps& steps) {
  static constexpr std::string_view kKnown[] = {"message", "body", "to", "from", "id", "type", "active", "request", "jabber:client",
                                                "http://jabber.org/protocol/chatstates", "urn:xmpp:receipts"};
  steps.push_back({"tokens of a chat message", 2000, [names = std::make_shared<NameTable>(kKnown)](uint32_t count) {
                     std::vector<uint32_t> tokens;
                     for (uint32_t i = 0; i < count; i++) {
                       Expect(WriteTokens(Bytes(kChat), OuterScope::Fragment(), *names, tokens), "the tokens were refused");
                     }
                   }});
}

}  // namespace

void AddXmlSteps(Steps& steps) {
  AddFramer(steps, "chat message", kChat);
  AddFramer(steps, "its namespace named", kAlone);
  AddFramer(steps, "in Cyrillic", kCyrillic);
  AddInTwoReads(steps);
  AddScanner(steps);
  AddTokens(steps);
}

}  // namespace meerkat::bench
