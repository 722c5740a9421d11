/// Measures the CPU time that the framer takes for one chat message, and that of writing its tokens.
///
/// Run: mkdir -p build && g++ -std=c++20 -O2 -fno-exceptions -fno-rtti -Inative -o build/scanner_bench
///      bench/micro/scanner_bench.cc native/core/xml/*.cc && build/scanner_bench
/// Add -DMEERKAT_SCALAR_SCANNER for the plain loop.
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>

#include "core/xml/stream_framer.h"
#include "core/xml/tokens.h"

namespace {

using namespace meerkat;

constexpr int kMessagesPerRead = 200;
constexpr int kReads = 5000;
constexpr int kRounds = 5;

const std::string kHeader =
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>";
/// 260 bytes, the size that the budgets speak of.
const std::string kChat =
    "<message to='bob@localhost/phone' type='chat' id='0123456789abcdef'><body>Shall we meet at the usual place tomorrow, or would you "
    "rather stay?</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>    </message>";
const std::string kCyrillic =
    "<message to='bob@localhost/phone' type='chat' id='0123456789abcdef'><body>Встретимся завтра на обычном месте, или ты хочешь "
    "остаться дома?</body></message>";
/// As in a WebSocket's frame, where no stream header declares its namespace.
const std::string kAlone = "<message xmlns='jabber:client'" + kChat.substr(sizeof("<message") - 1);

class Counter final : public StreamFramer::Sink {
 public:
  bool OnEnvelope(const Envelope& envelope) noexcept override {
    sum += envelope.words[word::kEnd] ^ envelope.words[word::kChildrenLow];
    count++;
    return true;
  }
  uint64_t sum = 0;
  uint64_t count = 0;
};

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::span<const uint8_t> Bytes(const std::string& text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

template <typename Work>
void Measure(const char* what, size_t bytes, int per_call, int calls, Work work) {
  double best = 1e9;
  for (int round = 0; round < kRounds; round++) {
    const double start = CpuSeconds();
    for (int call = 0; call < calls; call++) work();
    const double each = (CpuSeconds() - start) / (static_cast<double>(calls) * per_call);
    if (each < best) best = each;
  }
  std::printf("%-44s %4zu bytes  %7.1f ns  %5.2f GB/s\n", what, bytes, best * 1e9, static_cast<double>(bytes) / best * 1e-9);
}

StreamFramer Opened(const Limits& limits, ScanContext& context, Counter& counter) {
  StreamFramer framer(limits);
  static_cast<void>(framer.Feed(Bytes(kHeader), context, counter));
  framer.Proceed(Proceed::kStream);
  framer.Authenticated();
  return framer;
}

void MeasureFramer(const char* what, const std::string& stanza, ScanContext& context) {
  const Limits limits;
  Counter counter;
  StreamFramer framer = Opened(limits, context, counter);
  std::string batch;
  for (int i = 0; i < kMessagesPerRead; i++) batch += stanza;
  Measure(what, stanza.size(), kMessagesPerRead, kReads, [&] { static_cast<void>(framer.Feed(Bytes(batch), context, counter)); });

  Measure("  one a read", stanza.size(), 1, kReads * 50, [&] { static_cast<void>(framer.Feed(Bytes(stanza), context, counter)); });
  const auto half = Bytes(stanza).first(stanza.size() / 2);
  Measure("  in two reads", stanza.size(), 1, kReads * 50, [&] {
    const auto result = framer.Feed(half, context, counter);
    if (result.consumed == 0) static_cast<void>(framer.Feed(Bytes(stanza), context, counter));
  });
  if (counter.count < static_cast<uint64_t>(kMessagesPerRead) * kReads) std::printf("lost messages: %s\n", what);
}

}  // namespace

int main() {
  const ChildPattern patterns[] = {
      {"jabber:client", "body"},
      {"jabber:client", "subject"},
      {"http://jabber.org/protocol/chatstates", "*"},
      {"urn:xmpp:receipts", "*"},
      {"urn:xmpp:carbons:2", "*"},
      {"urn:xmpp:mam:2", "*"},
  };
  const ChildTable children(patterns);
  ScanContext context(children);
  std::printf("framer, %zu bytes each idle\n", sizeof(StreamFramer));
  MeasureFramer("chat message, many a read", kChat, context);
  MeasureFramer("chat message that names its namespace, many a read", kAlone, context);
  MeasureFramer("chat message in Cyrillic, many a read", kCyrillic, context);

  const std::string_view known[] = {"message", "body", "to", "from", "id", "type", "active", "request", "jabber:client",
                                    "http://jabber.org/protocol/chatstates", "urn:xmpp:receipts"};
  const NameTable names(known);
  std::vector<uint32_t> tokens;
  Measure("tokens of a chat message", kChat.size(), 1, kReads * 50, [&] {
    if (!WriteTokens(Bytes(kChat), OuterScope::Fragment(), names, tokens)) std::printf("refused\n");
  });
}
