/// Framing over many reads: lockstep, stopping, limits while bytes arrive, and memory.
#include "check.h"
#include "xml/framer_kit.h"

namespace {

using namespace meerkat;
using namespace meerkat::test;
using enum StreamFailure;

const std::string kStream = std::string(kClientHeader) +
                            " <message to='\xc3\xa9@b' id='1&#x32;'><body>\xd0\x9f\xd1\x80&amp;\xf0\x9f\x98\x80<![CDATA[ ]] ]]></body></message>\n"
                            "<iq type='get' id='>'><q xmlns='urn:q' xmlns:p=\"urn:p\"><p:r p:s='/'/></q></iq ><presence/></stream:stream>";

TEST("however the bytes are cut, the events are the same") {
  FramerKit whole;
  whole.Feed(kStream);
  CHECK_EQUAL(whole.status, StreamFramer::Status::kClosed);
  CHECK_EQUAL(whole.told.size(), 5u);
  for (size_t size = 1; size < 70; size++) {
    FramerKit kit;
    kit.mode = static_cast<int>(size % 2 ? Proceed::kStream : Proceed::kStep);
    kit.stops = size % 3 == 0;
    kit.FeedInPieces(kStream, size);
    CHECK_EQUAL(kit.told.size(), whole.told.size());
    for (size_t i = 0; i < std::min(kit.told.size(), whole.told.size()); i++) {
      CHECK_EQUAL(kit.told[i].text, whole.told[i].text);
      CHECK(std::memcmp(&kit.told[i].envelope, &whole.told[i].envelope, sizeof(Envelope)) == 0);
    }
  }
}

TEST("in lockstep nothing behind an event is read before the next step") {
  FramerKit kit;
  kit.mode = FramerKit::kStaysHeld;
  kit.Feed(std::string(kClientHeader) + "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>\xff");
  CHECK_EQUAL(kit.told.size(), 1u);
  kit.framer.Proceed(Proceed::kStep);
  CHECK_EQUAL(kit.Feed(""), StreamFramer::Status::kHeld);
  CHECK_EQUAL(kit.told.size(), 2u);
  CHECK_EQUAL(kit.pending(), "\xff");
  CHECK_EQUAL(kit.Feed("more"), StreamFramer::Status::kHeld);
  CHECK_EQUAL(kit.pending(), "\xffmore");
}

/// Takes one envelope a time.
class OneByOne final : public StreamFramer::Sink {
 public:
  bool OnEnvelope(const Envelope&) noexcept override {
    count++;
    return false;
  }
  int count = 0;
};

TEST("a sink that stops gets the rest when it asks again") {
  ScanContext context(FramerKit::kNoChildren);
  OneByOne sink;
  StreamFramer framer = StreamFramer::ForFragment(FramerKit::kDefaults, OuterScope::Fragment());
  const std::string_view two = "<a/> <b/>";
  const auto first = framer.Feed(Bytes(two), context, sink);
  CHECK_EQUAL(first.status, StreamFramer::Status::kStopped);
  CHECK_EQUAL(first.consumed, 4u);
  const auto second = framer.Feed(Bytes(two.substr(4)), context, sink);
  CHECK_EQUAL(second.consumed, 5u);
  CHECK_EQUAL(sink.count, 2);
}

TEST("an idle framer is small, and holds memory only within an element") {
  CHECK(sizeof(StreamFramer) <= 96);
  FramerKit kit;
  kit.Feed(std::string(kClientHeader) + "<message to='a'");
  CHECK_EQUAL(kit.framer.heap_bytes(), 0u);
  CHECK(kit.framer.is_inside());
  kit.Feed("><body>");
  CHECK(kit.framer.heap_bytes() > 0);
  kit.Feed("</body></message>");
  CHECK_EQUAL(kit.framer.heap_bytes(), 0u);
  CHECK(!kit.framer.is_inside());
  CHECK_EQUAL(kit.pending(), "");
}

TEST("a framer moves with its connection in the middle of an element") {
  FramerKit kit;
  kit.Feed("<x:stream xmlns:x='http://etherx.jabber.org/streams' xmlns='jabber:client'><iq id='1'><a>b");
  FramerKit other;
  other.framer = std::move(kit.framer);
  other.Feed(kit.pending() + "</a></iq></x:stream>");
  CHECK_EQUAL(other.status, StreamFramer::Status::kClosed);
  CHECK_EQUAL(other.told.size(), 2u);
}

struct LimitCase {
  const char* what;
  Limits limits;
  std::string inside;
  StreamFailure failure;
};

/// A stream that keeps to the limit, and one byte or item more.
std::vector<LimitCase> LimitCases() {
  const auto with = [](auto member, uint32_t value) {
    Limits limits;
    limits.*member = value;
    return limits;
  };
  const std::string text(200, 'x');
  const std::string attributes = "<iq a='' b='' c=''/>";
  return {
      {"stanza", with(&Limits::max_stanza_bytes, 209), "<iq>" + text + "</iq>", kNone},
      {"stanza", with(&Limits::max_stanza_bytes, 208), "<iq>" + text + "</iq>", kStanzaTooLarge},
      {"stanza that never ends", with(&Limits::max_stanza_bytes, 200), "<iq>" + text, kStanzaTooLarge},
      {"CDATA that never ends", with(&Limits::max_stanza_bytes, 200), "<iq><![CDATA[" + text, kStanzaTooLarge},
      {"reference that never ends", with(&Limits::max_stanza_bytes, 200), "<iq>&#" + std::string(200, '0'), kStanzaTooLarge},
      {"tag", with(&Limits::max_tag_bytes, 210), "<iq a='" + text + "'/>", kNone},
      {"tag", with(&Limits::max_tag_bytes, 209), "<iq a='" + text + "'/>", kTagTooLarge},
      {"tag that never ends", with(&Limits::max_tag_bytes, 150), "<iq a='" + text, kTagTooLarge},
      {"name that never ends", with(&Limits::max_tag_bytes, 150), "<" + text, kTagTooLarge},
      {"end tag that never ends", with(&Limits::max_tag_bytes, 150), "<iq></iq" + std::string(200, ' '), kTagTooLarge},
      {"depth", with(&Limits::max_depth, 3), "<a><b><c/></b></a>", kNone},
      {"depth", with(&Limits::max_depth, 3), "<a><b><c><d/>", kTooDeep},
      {"attributes", with(&Limits::max_attributes, 3), attributes, kNone},
      {"attributes", with(&Limits::max_attributes, 3), "<iq a='' b='' c='' d=''/>", kTooManyAttributes},
      {"children", with(&Limits::max_children, 3), "<a><b><c/></b><d/></a>", kNone},
      {"children", with(&Limits::max_children, 3), "<a><b><c/></b><d/><e/>", kTooManyChildren},
      {"before authentication", with(&Limits::max_bytes_before_authentication, 300), "<iq>" + text.substr(0, 100), kNone},
      {"before authentication", with(&Limits::max_bytes_before_authentication, 300), "<iq>" + text, kTooMuchBeforeAuthentication},
      {"white space before authentication", with(&Limits::max_bytes_before_authentication, 300), std::string(200, ' '),
       kTooMuchBeforeAuthentication},
  };
}

TEST("limits hold while bytes arrive, whatever the cuts, and nothing beyond them is kept") {
  for (LimitCase& each : LimitCases()) {
    // The header is longer than some of these tags may be.
    const bool is_tag_limit = each.limits.max_tag_bytes < 300;
    const bool is_stanza_limit = each.limits.max_stanza_bytes < 300;
    const std::string header = is_tag_limit || is_stanza_limit || each.limits.max_attributes < 5
                                   ? "<stream xmlns='http://etherx.jabber.org/streams'>"
                                   : std::string(kClientHeader);
    for (const size_t size : {1u, 7u, 10000u}) {
      FramerKit kit(each.limits);
      kit.FeedInPieces(header + each.inside, size);
      CHECK_EQUAL(kit.failure, each.failure);
      if (kit.failure != each.failure) std::printf("  %s, cut by %zu\n", each.what, size);
      if (size == 1) CHECK(kit.most_held <= each.limits.max_stanza_bytes + 1);
    }
  }
}

TEST("authentication lifts the limit on bytes") {
  Limits limits;
  limits.max_bytes_before_authentication = 200;
  FramerKit kit(limits);
  kit.Feed(kClientHeader);
  kit.framer.Authenticated();
  kit.Feed("<iq>" + std::string(1000, 'x') + "</iq>");
  CHECK_EQUAL(kit.last().text.size(), 1009u);
}

TEST("of a tag as long as can be, every span fits") {
  Limits limits;
  limits.max_tag_bytes = 1000000;
  const std::string longest = "<iq a='" + std::string(kMostTagBytes - 16, 'x') + "' to=''/>";
  FramerKit kit(limits);
  kit.Feed(std::string(kClientHeader) + longest);
  CHECK_EQUAL(kit.failure, longest.size() <= kMostTagBytes ? kNone : kTagTooLarge);
  CHECK_EQUAL(FailureOf(std::string(kClientHeader) + "<iq a='" + std::string(kMostTagBytes, 'x'), limits), kTagTooLarge);
}

TEST("many attributes are counted beyond those that are kept") {
  std::string tag = "<iq";
  for (int i = 0; i < 300; i++) tag += " a" + std::to_string(i) + "=''";
  Limits limits;
  limits.max_attributes = 100000;
  CHECK_EQUAL(FailureOf(std::string(kClientHeader) + tag + "/>", limits), kTooManyAttributes);
  CHECK_EQUAL(FailureOf(std::string(kClientHeader) + tag + " x=x/>", limits), kNotWellFormed);
}

}  // namespace
