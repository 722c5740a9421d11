/// Stream headers: what is taken, what is refused and why (RFC 6120 sections 4.7 to 4.9).
#include "check.h"
#include "xml/framer_kit.h"

namespace {

using namespace meerkat;
using namespace meerkat::test;
using enum StreamFailure;

TEST("RFC 6120 section 4.7: a header is told with its addresses") {
  FramerKit kit;
  kit.mode = FramerKit::kStaysHeld;
  kit.Feed("<?xml version='1.0'?>\n<stream:stream from='a@localhost' to='localhost' xml:lang='en' xmlns='jabber:client' "
           "xmlns:stream='http://etherx.jabber.org/streams'>");
  CHECK_EQUAL(kit.status, StreamFramer::Status::kHeld);
  CHECK_EQUAL(kit.told.size(), 1u);
  CHECK_EQUAL(kit.last().kind(), EventKind::kStreamOpened);
  CHECK_EQUAL(kit.last().Span(word::kTo), "localhost");
  CHECK_EQUAL(kit.last().Span(word::kFrom), "a@localhost");
  CHECK_EQUAL(kit.last().Span(word::kLang), "en");
  CHECK_EQUAL(kit.last().Span(word::kId), "absent");
  CHECK_EQUAL(kit.framer.scope().default_ns, "jabber:client");
  CHECK_EQUAL(kit.framer.heap_bytes(), 0u);
}

TEST("an unusual header keeps the prefixes that it declares") {
  FramerKit kit;
  CHECK_EQUAL(kit.Feed("<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:server' xmlns:db='jabber:server:&#100;ialback'>"),
              StreamFramer::Status::kNeedMore);
  std::string_view ns;
  CHECK(kit.framer.scope().Find("db", ns));
  CHECK_EQUAL(ns, "jabber:server:dialback");
  CHECK_EQUAL(kit.framer.scope().root, "s:stream");
  CHECK(kit.framer.heap_bytes() > 0);
  kit.Feed("</s:stream>");
  CHECK_EQUAL(kit.status, StreamFramer::Status::kClosed);
}

TEST("the streams namespace may be the default one (RFC 6120 section 4.8.3)") {
  FramerKit kit;
  kit.Feed("<stream xmlns='http://etherx.jabber.org/streams'><message xmlns='jabber:client'/><message/></stream>");
  CHECK_EQUAL(kit.status, StreamFramer::Status::kClosed);
  CHECK_EQUAL(kit.told[1].stanza(), StanzaKind::kMessage);
  CHECK_EQUAL(kit.told[2].stanza(), StanzaKind::kNonza);
}

TEST("RFC 6120 section 11.6: U+FEFF is no byte order mark, not even as the first character") {
  const std::string stream = "\xef\xbb\xbf" + std::string(kClientHeader);
  for (size_t size = 1; size < 5; size++) {
    FramerKit kit;
    kit.FeedInPieces(stream, size);
    CHECK_EQUAL(kit.failure, kNotWellFormed);
    CHECK(kit.told.empty());
  }
  CHECK_EQUAL(FailureOf(" \xef\xbb\xbf<"), kNotWellFormed);
  CHECK_EQUAL(FailureOf("\xef\xbb\xbe"), kNotWellFormed);
  CHECK_EQUAL(FailureOf("\xef\xbf\xbe"), kBadCharacter);
}

TEST("RFC 6120 section 11.6: only UTF-8") {
  CHECK_EQUAL(FailureOf("<?xml version='1.0' encoding='utf-8' standalone='yes' ?>"), kNone);
  CHECK_EQUAL(FailureOf("<?xml version=\"1.1\" encoding=\"UTF-8\"?>"), kNone);
  CHECK_EQUAL(FailureOf("<?xml version='1.0' encoding='ISO-8859-1'?>"), kUnsupportedEncoding);
  CHECK_EQUAL(FailureOf("<?xml version='1.0' encoding='UTF-16'?>"), kUnsupportedEncoding);
  CHECK_EQUAL(FailureOf("<?xml encoding='UTF-8'?>"), kNotWellFormed);
  CHECK_EQUAL(FailureOf("<?xml version='2.0'?>"), kNotWellFormed);
  CHECK_EQUAL(FailureOf("<?xml version='1.0' standalone='maybe'?>"), kNotWellFormed);
  CHECK_EQUAL(FailureOf("<?xml version='1.0'>"), kNotWellFormed);
  CHECK_EQUAL(FailureOf("<?xml version='1.\xc3\xa9'?>"), kNotWellFormed);
  CHECK_EQUAL(FailureOf("<?xml version='1.0\xff"), kBadCharacter);
}

TEST("RFC 6120 section 11.1: no other instruction, no comment, no document type") {
  CHECK_EQUAL(FailureOf("<?php "), kRestrictedXml);
  CHECK_EQUAL(FailureOf("<?xml-stylesheet "), kRestrictedXml);
  CHECK_EQUAL(FailureOf(" <?xml version='1.0'?>"), kRestrictedXml);
  CHECK_EQUAL(FailureOf("<?xml version='1.0'?><?xml version='1.0'?>"), kRestrictedXml);
  CHECK_EQUAL(FailureOf("<!-- c -->"), kRestrictedXml);
  CHECK_EQUAL(FailureOf("<!D"), kRestrictedXml);
  CHECK_EQUAL(FailureOf("<![CDATA[x]]>"), kNotWellFormed);
}

TEST("RFC 6120 section 4.9.3.10: the root is `stream` of the streams namespace") {
  CHECK_EQUAL(FailureOf("<stream:stream xmlns:stream='http://etherx.jabber.org/stream' xmlns='jabber:client'>"), kInvalidNamespace);
  CHECK_EQUAL(FailureOf("<stream:features xmlns:stream='http://etherx.jabber.org/streams'>"), kInvalidNamespace);
  CHECK_EQUAL(FailureOf("<stream xmlns='jabber:client'>"), kInvalidNamespace);
  CHECK_EQUAL(FailureOf("<stream>"), kInvalidNamespace);
}

TEST("RFC 6120 section 4.9.3.2: prefixes have to be declared, and rightly so") {
  CHECK_EQUAL(FailureOf("<stream:stream xmlns='jabber:client'>"), kBadNamespacePrefix);
  CHECK_EQUAL(FailureOf("<stream:stream xmlns:stream=''>"), kBadNamespacePrefix);
  CHECK_EQUAL(FailureOf("<xmlns:stream xmlns:stream='http://etherx.jabber.org/streams'>"), kBadNamespacePrefix);
  CHECK_EQUAL(FailureOf("<stream xmlns='http://www.w3.org/2000/xmlns/'>"), kBadNamespacePrefix);
  CHECK_EQUAL(FailureOf("<stream xmlns:xml='urn:x'>"), kBadNamespacePrefix);
  CHECK_EQUAL(FailureOf("<stream xmlns:a='http://www.w3.org/XML/1998/namespac&#x65;'>"), kBadNamespacePrefix);
}

TEST("a header that is not one") {
  CHECK_EQUAL(FailureOf("GET / HTTP/1.1\r\n"), kNotWellFormed);
  CHECK_EQUAL(FailureOf("\x16\x03\x01"), kBadCharacter);
  CHECK_EQUAL(FailureOf("</stream:stream>"), kNotWellFormed);
  CHECK_EQUAL(FailureOf("<stream:stream xmlns:stream='http://etherx.jabber.org/streams'/>"), kBadFormat);
  CHECK_EQUAL(FailureOf("<a:b:c xmlns:a='urn:x'>"), kNotWellFormed);
}

TEST("RFC 6120 section 4.3.3: after a restart a header is expected anew") {
  FramerKit kit;
  kit.mode = FramerKit::kStaysHeld;
  kit.Feed("<x:stream xmlns:x='http://etherx.jabber.org/streams'>");
  kit.framer.Proceed(Proceed::kRestart);
  kit.Feed(std::string("<?xml version='1.0'?>") + std::string(kClientHeader) + "<iq/>");
  CHECK_EQUAL(kit.status, StreamFramer::Status::kHeld);
  CHECK_EQUAL(kit.told.size(), 2u);
  CHECK_EQUAL(kit.framer.scope().root, "stream:stream");
  CHECK_EQUAL(kit.pending(), "<iq/>");
  CHECK_EQUAL(kit.framer.heap_bytes(), 0u);
  kit.framer.Proceed(Proceed::kStep);
  kit.Feed("");
  CHECK_EQUAL(kit.last().stanza(), StanzaKind::kIq);
}

}  // namespace
