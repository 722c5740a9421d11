/// Framing where each element comes in a frame: what begins and ends a stream, and what a frame may hold.
#include "check.h"
#include "core/xml/frame_text.h"
#include "xml/framer_kit.h"

namespace {

using namespace meerkat;
using namespace meerkat::test;
using enum StreamFailure;

constexpr std::string_view kOpen = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
constexpr std::string_view kClose = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";

/// A framer that gets whole frames.
struct Frames {
  explicit Frames(Framing framing) { kit.framer = StreamFramer(FramerKit::kDefaults, framing); }

  StreamFailure Feed(std::string_view frame, size_t size = SIZE_MAX) {
    kit.FeedInPieces(frame, std::min(size, frame.size() + 1));
    if (kit.failure != kNone) return kit.failure;
    return kit.framer.EndFrame(!kit.pending().empty());
  }

  FramerKit kit;
};

StreamFailure FailureOfFrame(std::string_view frame, Framing framing = Framing::kWebSocket) {
  Frames frames(framing);
  (void)frames.Feed(kOpen);
  return frames.Feed(frame);
}

TEST("a stream begins with <open/> and ends with <close/>, whatever their prefix (RFC 7395 sections 3.4 and 3.6)") {
  for (Framing framing : {Framing::kWebSocket, Framing::kBosh}) {
    Frames frames(framing);
    CHECK_EQUAL(frames.Feed("<f:open xmlns:f='urn:ietf:params:xml:ns:xmpp-framing' to='x'></f:open>"), kNone);
    CHECK_EQUAL(frames.kit.last().kind(), EventKind::kStreamOpened);
    CHECK_EQUAL(frames.kit.last().Span(word::kTo), "x");
    CHECK_EQUAL(frames.Feed("<close xmlns='jabber:client'/>"), kNone);
    CHECK_EQUAL(frames.kit.last().kind(), EventKind::kElement);
    CHECK_EQUAL(frames.Feed(kOpen), kNone);
    CHECK_EQUAL(frames.kit.last().kind(), EventKind::kElement);
    CHECK_EQUAL(frames.Feed(kClose), kNone);
    CHECK_EQUAL(frames.kit.last().kind(), EventKind::kStreamClosed);
    CHECK_EQUAL(frames.Feed("<anything"), kNone);
    CHECK_EQUAL(frames.kit.told.size(), 4u);
  }
}

TEST("anything else in the place of <open/> is refused") {
  for (std::string_view frame : {"<message/>", "<open/>", "<open xmlns='u'/>", "<x xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"}) {
    CHECK_EQUAL(Frames(Framing::kWebSocket).Feed(frame), kInvalidNamespace);
  }
  CHECK_EQUAL(Frames(Framing::kWebSocket).Feed("<?xml version='1.0'?>"), kRestrictedXml);
  CHECK_EQUAL(Frames(Framing::kWebSocket).Feed("text"), kBadFrame);
}

TEST("a frame is one whole element (RFC 7395 section 3.3), or any number of them for BOSH") {
  for (std::string_view frame : {"<a>", "<a", "<", "text", "<a/>text", "<a/><", "\xc3", "<a>&am"}) {
    CHECK_EQUAL(FailureOfFrame(frame), kBadFrame);
    CHECK_EQUAL(FailureOfFrame(frame, Framing::kBosh), kBadFrame);
  }
  CHECK_EQUAL(FailureOfFrame("<a/><b/>"), kBadFrame);
  CHECK_EQUAL(FailureOfFrame("<a/><b/> <c/>", Framing::kBosh), kNone);
  for (std::string_view frame : {"", " ", " <a/>\n"}) CHECK_EQUAL(FailureOfFrame(frame), kNone);
  CHECK_EQUAL(FailureOfFrame("</a>"), kNotWellFormed);
  CHECK_EQUAL(FailureOfFrame("<![CDATA[x]]>"), kBadFrame);
}

TEST("after a restart <open/> is expected anew, in a frame of its own") {
  Frames frames(Framing::kWebSocket);
  frames.kit.mode = static_cast<int>(Proceed::kRestart);
  CHECK_EQUAL(frames.Feed(kOpen), kNone);
  CHECK_EQUAL(frames.Feed(kOpen), kNone);
  CHECK_EQUAL(frames.kit.last().kind(), EventKind::kStreamOpened);
  CHECK_EQUAL(frames.Feed(std::string(kOpen) + std::string(kOpen)), kBadFrame);
}

TEST("an element's own jabber:client makes no difference but for the flag, wherever it is cut") {
  constexpr std::string_view kStanzas[] = {
      "<message xmlns='jabber:client' to='a@b' id='1'><body>x</body><x xmlns='u'><body/></x></message>",
      "<message to='a@b' id='1' xmlns=\"jabber:client\"><body>x</body></message>",
      "<message to='a@b' xmlns='jabber&#58;client'><body>x</body></message>",
      "<message xmlns='other' to='a@b'><body>x</body></message>",
      "<iq/>",
  };
  for (std::string_view stanza : kStanzas) {
    Frames whole(Framing::kWebSocket);
    (void)whole.Feed(kOpen);
    CHECK_EQUAL(whole.Feed(stanza), kNone);
    const Told& told = whole.kit.last();
    CHECK_EQUAL((told.flags() & envelope_flag::kOwnNamespace) != 0, stanza != "<iq/>");
    CHECK_EQUAL(told.stanza() == StanzaKind::kNonza, stanza.find("other") != std::string_view::npos);
    for (size_t size = 1; size < stanza.size(); size++) {
      Frames pieces(Framing::kWebSocket);
      (void)pieces.Feed(kOpen);
      CHECK_EQUAL(pieces.Feed(stanza, size), kNone);
      CHECK(std::memcmp(&pieces.kit.last().envelope, &told.envelope, sizeof(Envelope)) == 0);
    }
  }
  CHECK_EQUAL(FailureOfFrame("<message xmlns='jabber:client' xmlns='jabber:client'/>"), kNotWellFormed);
}

std::string StandingAlone(std::string_view element) {
  size_t at = 0;
  const std::string_view declaration = MissingDeclaration(element, at);
  return std::string(element.substr(0, at)).append(declaration).append(element.substr(at));
}

TEST("what a tag leaves to a stream header is put in, and nothing else (RFC 7395 section 3.3.3)") {
  CHECK_EQUAL(StandingAlone("<iq/>"), "<iq xmlns='jabber:client'/>");
  CHECK_EQUAL(StandingAlone("<message to='x>y'>z</message>"), "<message xmlns='jabber:client' to='x>y'>z</message>");
  CHECK_EQUAL(StandingAlone("<stream:features/>"), "<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>");
  for (std::string_view whole : {"<r xmlns='u'/>", "<stream:error xmlns:stream='s'/>", "<p:q xmlns:p='u'/>", "", "<", "</a>", "<?xml?>", "text"}) {
    CHECK_EQUAL(StandingAlone(whole), whole);
  }
  CHECK_EQUAL(StandingAlone("<a b=' xmlns=' xmlns:c='u'/>"), "<a xmlns='jabber:client' b=' xmlns=' xmlns:c='u'/>");
}

}  // namespace
