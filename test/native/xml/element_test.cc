/// Top-level elements: what their envelopes say, and what is refused.
#include "check.h"
#include "xml/framer_kit.h"

namespace {

using namespace meerkat;
using namespace meerkat::test;
using enum StreamFailure;

/// What becomes of an element in an open client stream.
StreamFailure Inside(std::string_view bytes, const Limits& limits = FramerKit::kDefaults) {
  return FailureOf(std::string(kClientHeader).append(bytes), limits);
}

FramerKit Read(std::string_view bytes, const ChildTable& children = FramerKit::kNoChildren) {
  FramerKit kit(FramerKit::kDefaults, children);
  kit.Feed(std::string(kClientHeader).append(bytes));
  CHECK_EQUAL(kit.failure, kNone);
  return kit;
}

TEST("an envelope tells kind, type, addresses and where the `from` goes") {
  const std::string text = "<iq  type='set'\n from='a@b/c' to=\"d@e\" id='' xml:lang='de'><q xmlns='urn:q'><r/></q></iq >";
  const FramerKit kit = Read("  " + text + "\n");
  const Told& iq = kit.last();
  CHECK_EQUAL(iq.text, text);
  CHECK_EQUAL(iq.stanza(), StanzaKind::kIq);
  CHECK_EQUAL(iq.envelope.words[word::kStanza] >> 8 & 0xff, 7u);
  CHECK_EQUAL(iq.envelope.words[word::kStanza] >> 16, 2u);
  CHECK_EQUAL(iq.Span(word::kFrom), "a@b/c");
  CHECK_EQUAL(iq.Span(word::kFromCut), "\n from='a@b/c'");
  CHECK_EQUAL(iq.Span(word::kTo), "d@e");
  CHECK_EQUAL(iq.Span(word::kId), "");
  CHECK_EQUAL(iq.Span(word::kLang), "de");
  CHECK_EQUAL(iq.envelope.words[word::kHead] & 0xffff, 3u);
  CHECK_EQUAL(text.substr(0, iq.envelope.words[word::kHead] >> 16), text.substr(0, text.find("<q")));
  CHECK_EQUAL(iq.flags(), 0u);
}

TEST("a stanza is one in the stream's own namespace only") {
  CHECK_EQUAL(Read("<message/>").last().stanza(), StanzaKind::kMessage);
  CHECK_EQUAL(Read("<presence/>").last().stanza(), StanzaKind::kPresence);
  CHECK_EQUAL(Read("<message xmlns='jabber:client'/>").last().stanza(), StanzaKind::kMessage);
  CHECK_EQUAL(Read("<message xmlns='jabber:server'/>").last().stanza(), StanzaKind::kNonza);
  CHECK_EQUAL(Read("<c:message xmlns:c='jabber:client'/>").last().stanza(), StanzaKind::kMessage);
  CHECK_EQUAL(Read("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>x</auth>").last().stanza(), StanzaKind::kNonza);
  FramerKit server;
  server.Feed("<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'><message/>");
  CHECK_EQUAL(server.last().stanza(), StanzaKind::kMessage);
}

TEST("a namespace name may be long, but not so long that naming it for each element would matter") {
  const std::string name(1024, 'n');
  CHECK_EQUAL(Inside("<a xmlns='" + name + "'/>"), kNone);
  CHECK_EQUAL(Inside("<a xmlns='" + name + "n'/>"), kTagTooLarge);
  CHECK_EQUAL(Inside("<a xmlns:b='" + name + "n'/>"), kTagTooLarge);
  CHECK_EQUAL(FailureOf("<s:stream xmlns:s='" + name + "n'>"), kTagTooLarge);
}

TEST("attributes of equal expanded names are found among many prefixes, and in any order of declarations") {
  std::string declarations;
  std::string attributes;
  for (int i = 0; i < 30; i++) {
    const std::string prefix = "p" + std::to_string(i);
    declarations += " xmlns:" + prefix + "='urn:" + std::string(900, 'x') + std::to_string(i) + "'";
    attributes += " " + prefix + ":z=''";
  }
  Limits limits;
  limits.max_tag_bytes = kMostTagBytes;
  const auto inside = [&](const std::string& more, const std::string& odd) {
    return Inside("<a" + declarations + more + "><b" + attributes + odd + "/></a>", limits);
  };
  const std::string last = "urn:" + std::string(899, 'x') + "&#120;29";
  CHECK_EQUAL(inside("", ""), kNone);
  CHECK_EQUAL(inside(" xmlns:q='" + last + "'", ""), kNone);
  CHECK_EQUAL(inside(" xmlns:q='" + last + "'", " q:z=''"), kNotWellFormed);
  CHECK_EQUAL(inside(" xmlns:q='" + last + "'", " q:y=''"), kNone);
  // The inner declaration holds, and no longer behind its element.
  CHECK_EQUAL(Inside("<a xmlns:p='u' xmlns:q='v'><b xmlns:q='u' p:x='' q:x=''/></a>"), kNotWellFormed);
  CHECK_EQUAL(Inside("<a xmlns:p='u' xmlns:q='v'><b xmlns:q='u'/><b p:x='' q:x=''/></a>"), kNone);
  CHECK_EQUAL(Inside("<a><b xmlns:q='u'/><q:b/></a>"), kBadNamespacePrefix);
}

TEST("flags: escaped and non-ASCII addresses, and scopes that lean on the header") {
  using namespace envelope_flag;
  CHECK_EQUAL(Read("<iq id='a&amp;b' x='\xc3\xa9'/>").last().flags(), kEscaped);
  CHECK_EQUAL(Read("<iq id='a\tb' x='y'/>").last().flags(), kEscaped);
  CHECK_EQUAL(Read("<iq id='a b' x='\t'/>").last().flags(), 0u);
  CHECK_EQUAL(Read("<iq to='\xc3\xa9@b' x='&lt;'/>").last().flags(), kNonAscii);
  CHECK_EQUAL(Read("<stream:features/>").last().flags(), kForeignScope);
  CHECK_EQUAL(Read("<c:iq xmlns:c='jabber:client'/>").last().flags(), kForeignScope);
  CHECK_EQUAL(Read("<iq><stream:x/></iq>").last().flags(), kForeignScope);
  CHECK_EQUAL(Read("<iq><x stream:y=''/></iq>").last().flags(), kForeignScope);
  CHECK_EQUAL(Read("<iq><stream:x xmlns:stream='urn:x'/></iq>").last().flags(), 0u);
  CHECK_EQUAL(Read("<iq xml:lang='en'><p:x xmlns:p='urn:x' p:y=''/></iq>").last().flags(), 0u);
}

TEST("direct children are marked, by name or by namespace alone") {
  const ChildPattern patterns[] = {
      {"jabber:client", "body"}, {"urn:a", "*"}, {"urn:a", "x"}, {"urn:b", "y"}, {"urn:&", "z"},
  };
  const ChildTable children(patterns);
  const auto mask = [&](std::string_view inner) {
    return Read("<message>" + std::string(inner) + "</message>", children).last().envelope.words[word::kChildrenLow];
  };
  CHECK_EQUAL(mask(""), 0u);
  CHECK_EQUAL(mask("<body/>"), 1u);
  CHECK_EQUAL(mask("<body xmlns='urn:b'/>"), 0u);
  CHECK_EQUAL(mask("<z xmlns='urn:a'/>"), 2u);
  CHECK_EQUAL(mask("<p:x xmlns:p='urn:a'/>"), 6u);
  CHECK_EQUAL(mask("<w><body/></w>"), 0u);
  CHECK_EQUAL(mask("<w xmlns='urn:w'></w><body/>"), 1u);
  CHECK_EQUAL(mask("<z xmlns='urn:&amp;'/><y xmlns='urn:&#98;'/>"), 24u);
}

TEST("the sixty-fourth pattern has the highest bit, and there is no further one") {
  std::vector<ChildPattern> patterns(65, ChildPattern{"urn:none", "none"});
  patterns[63] = {"urn:a", "last"};
  patterns[64] = {"urn:a", "beyond"};
  const ChildTable children(patterns);
  CHECK_EQUAL(children.Match("urn:a", "last"), uint64_t{1} << 63);
  CHECK_EQUAL(children.Match("urn:a", "beyond"), 0u);
  CHECK_EQUAL(Read("<iq><last xmlns='urn:a'/></iq>", children).last().envelope.words[word::kChildrenHigh], 0x80000000u);
}

TEST("RFC 6120 section 11.1: restricted XML inside stanzas") {
  CHECK_EQUAL(Inside("<iq><!-- c --></iq>"), kRestrictedXml);
  CHECK_EQUAL(Inside("<iq><?x ?></iq>"), kRestrictedXml);
  CHECK_EQUAL(Inside("<!DOCTYPE x>"), kRestrictedXml);
  CHECK_EQUAL(Inside("<iq>&nbsp;</iq>"), kRestrictedXml);
  CHECK_EQUAL(Inside("<iq>&lts;</iq>"), kRestrictedXml);
  CHECK_EQUAL(Inside("<iq id='&unknown;'/>"), kRestrictedXml);
  CHECK_EQUAL(Inside("<iq>&lt;&gt;&amp;&apos;&quot;&#9;&#x10FFFF;</iq>"), kNone);
  CHECK_EQUAL(Inside("<iq><![CDATA[<&]]]>]]></iq>"), kNotWellFormed);
  CHECK_EQUAL(Inside("<iq><![CDATA[<&>]]x]]]></iq>"), kNone);
}

TEST("well-formedness") {
  for (const char* bad : {"<iq></message>", "<iq><a></iq>", "<iq a=b/>", "<iq a='b'c='d'/>", "<iq a/>", "<iq a='<'/>", "<iq a='1' a='2'/>",
                          "< iq/>", "<1iq/>", "<iq/ >", "<iq>]]></iq>", "<iq>&</iq>", "<iq>&#;</iq>", "<iq>&#xg;</iq>", "<iq>&#X41;</iq>",
                          "<iq><![CDATX", "<a:b:c/>", "<:a/>", "<a:/>", "<iq b:1='x'/>", "<iq a='&lt'/>", "<iq></ iq>", "</stream>",
                          "<iq xmlns:a='urn:x' xmlns:b='urn:&#120;' a:c='1' b:c='2'/>", "<iq xmlns:a='u' xmlns:a='u'/>", "<iq\xc2\xa0/>"}) {
    CHECK_EQUAL(Inside(bad), kNotWellFormed);
    if (Inside(bad) != kNotWellFormed) std::printf("  in %s\n", bad);
  }
  CHECK_EQUAL(Inside("<iq a='>' b=\"'\" c = 'x'\t\r\n/>"), kNone);
  CHECK_EQUAL(Inside("<iq xmlns:a='urn:x' a:c='1' c='2' xml:c='3'/>"), kNone);
  CHECK_EQUAL(Inside("<iq>]] ></iq ><\xc3\xa9\xcc\x81/>"), kNone);
}

TEST("Namespaces in XML: prefixes") {
  CHECK_EQUAL(Inside("<a:iq/>"), kBadNamespacePrefix);
  CHECK_EQUAL(Inside("<iq a:b=''/>"), kBadNamespacePrefix);
  CHECK_EQUAL(Inside("<iq><a xmlns:p='urn:p'/><p:b/></iq>"), kBadNamespacePrefix);
  CHECK_EQUAL(Inside("<iq><a xmlns:p='urn:p'></a><p:b/></iq>"), kBadNamespacePrefix);
  CHECK_EQUAL(Inside("<iq><a xmlns:p='urn:p'></a ><p:b/></iq>"), kBadNamespacePrefix);
  CHECK_EQUAL(Inside("<iq xmlns:p=''/>"), kBadNamespacePrefix);
  CHECK_EQUAL(Inside("<iq xmlns:xmlns='urn:x'/>"), kBadNamespacePrefix);
  CHECK_EQUAL(Inside("<iq xmlns='http://www.w3.org/XML/1998/namespace'/>"), kBadNamespacePrefix);
  CHECK_EQUAL(Inside("<iq xmlns:xml='http://www.w3.org/XML/1998/namespace' xmlns=''/>"), kNone);
}

TEST("RFC 6120 section 4.6.1: only white space between stanzas") {
  CHECK_EQUAL(Inside(" \t\r\n"), kNone);
  CHECK_EQUAL(Inside("x"), kBadFormat);
  CHECK_EQUAL(Inside("<iq/>\xc3\xa9"), kBadFormat);
  CHECK_EQUAL(Inside("&lt;"), kBadFormat);
  CHECK_EQUAL(Inside("<![CDATA[ ]]>"), kBadFormat);
  CHECK_EQUAL(Inside(std::string_view("\0", 1)), kBadCharacter);
  FramerKit kit;
  kit.Feed(std::string(kClientHeader) + "   ");
  CHECK_EQUAL(kit.pending(), "");
}

TEST("UTF-8 and the characters of XML, in text, values, names and CDATA") {
  for (const char* bad : {"\xff", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
                          "\xf0\x80\x80\x80", "\xef\xbf\xbe", "\xef\xbf\xbf", "\x01", "\x1f", "\x80", "\xc3("}) {
    const std::string text = bad;
    CHECK_EQUAL(Inside("<iq>" + text), kBadCharacter);
    CHECK_EQUAL(Inside("<iq a='" + text), kBadCharacter);
    CHECK_EQUAL(Inside("<iq a='" + text + "'/>"), kBadCharacter);
    CHECK_EQUAL(Inside("<iq" + text + "/>"), kBadCharacter);
    CHECK_EQUAL(Inside("<iq><![CDATA[" + text), kBadCharacter);
  }
  CHECK_EQUAL(Inside("<iq>&#0;"), kBadCharacter);
  CHECK_EQUAL(Inside("<iq>&#xD800;"), kBadCharacter);
  CHECK_EQUAL(Inside("<iq>&#xFFFF;"), kBadCharacter);
  CHECK_EQUAL(Inside("<iq>&#x110000;"), kBadCharacter);
  CHECK_EQUAL(Inside("<iq>&#4294967361;"), kBadCharacter);
  CHECK_EQUAL(Inside("<iq>\x7f\xc2\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbd\xf0\x90\x80\x80\xf4\x8f\xbf\xbf</iq>"), kNone);
}

/// Judged one byte at a time.
bool IsText(std::string_view text) {
  Utf8Decoder decoder;
  for (const char c : text) {
    const uint32_t point = decoder.Next(static_cast<uint8_t>(c));
    if (point != Utf8Decoder::kIncomplete && (point == Utf8Decoder::kInvalid || !IsXmlCharacter(point))) return false;
  }
  return !decoder.is_inside();
}

TEST("every two bytes are judged alike, fast or slow") {
  ScanContext context(FramerKit::kNoChildren);
  for (int lead = 0x80; lead < 0x100; lead++) {
    for (int second = 0; second < 0x100; second++) {
      if (second == '<' || second == '&') continue;
      for (const char* rest : {"xyz", "\x80yz", "\x80\x80z"}) {
        const std::string text = std::string{static_cast<char>(lead), static_cast<char>(second)} + rest;
        const std::string element = "<iq>" + text + "</iq>";
        const ElementResult read = ScanElement(Bytes(element), OuterScope::Fragment(), FramerKit::kDefaults, context);
        CHECK_EQUAL(read.failure, IsText(text) ? kNone : kBadCharacter);
      }
    }
  }
}

TEST("the end of the stream is told, and nothing behind it is read") {
  FramerKit kit = Read("<iq/></stream:stream >");
  CHECK_EQUAL(kit.status, StreamFramer::Status::kClosed);
  CHECK_EQUAL(kit.last().kind(), EventKind::kStreamClosed);
  CHECK_EQUAL(kit.Feed("\xff<<<"), StreamFramer::Status::kClosed);
  CHECK_EQUAL(kit.pending(), "");
  CHECK_EQUAL(Inside("</stream>"), kNotWellFormed);
}

TEST("a single element outside of any stream") {
  ScanContext context(FramerKit::kNoChildren);
  const Limits limits;
  const auto scan = [&](std::string_view text) { return ScanElement(Bytes(text), OuterScope::Fragment(), limits, context); };
  CHECK_EQUAL(scan("<message to='a'><body>x</body></message>").failure, kNone);
  CHECK_EQUAL(scan("<message to='a'><body>x</body></message>").envelope.words[word::kStanza], 0x10001u);
  CHECK_EQUAL(scan("<message>").failure, kNotWellFormed);
  CHECK_EQUAL(scan("<message/><message/>").failure, kNotWellFormed);
  CHECK_EQUAL(scan("<message/>x").failure, kBadFormat);
  CHECK_EQUAL(scan("<message/><").failure, kNotWellFormed);
  CHECK_EQUAL(scan("</message>").failure, kNotWellFormed);
  CHECK_EQUAL(scan("").failure, kNotWellFormed);
  CHECK_EQUAL(scan("<stream:x/>").failure, kBadNamespacePrefix);
  CHECK_EQUAL(scan("<message/>\xc3").failure, kNotWellFormed);
}

}  // namespace
