/// Elements as tokens: what they say once written out again.
#include "check.h"
#include "xml/framer_kit.h"
#include "xml/token_text.h"

namespace {

using namespace meerkat;
using namespace meerkat::test;

constexpr std::string_view kKnown[] = {"message", "jabber:client", "to", "body", "xmlns"};

std::string Written(std::string_view element, const OuterScope& scope = OuterScope::Fragment()) {
  const NameTable names(kKnown);
  std::vector<uint32_t> tokens;
  if (!WriteTokens(Bytes(element), scope, names, tokens)) return "refused";
  return TokenText(tokens, element, kKnown).Write();
}

TEST("names are resolved, known and unknown ones") {
  CHECK_EQUAL(Written("<message to='a'><body/><x xmlns='urn:x'><y/></x></message>"),
              "<message xmlns='jabber:client' to='a'><body xmlns='jabber:client'></body><x xmlns='urn:x'><y xmlns='urn:x'></y></x></message>");
  CHECK_EQUAL(Written("<p:a xmlns:p='urn:p' xmlns='urn:d'><p:b/><c xmlns=''/><d/></p:a>"),
              "<a xmlns='urn:p'><b xmlns='urn:p'></b><c xmlns=''></c><d xmlns='urn:d'></d></a>");
}

TEST("text and values are what they mean") {
  CHECK_EQUAL(Written("<a b='&lt;\t&#x9;\r\n&quot;'>x &amp;\r\n&#13;<![CDATA[<&amp;>]]>\xc3\xa9</a>"),
              "<a xmlns='jabber:client' b='&lt; &#9; \"'>x &amp;&#10;&#13;&lt;&amp;amp;&gt;\xc3\xa9</a>");
  CHECK_EQUAL(Written("<a><![CDATA[]]></a>"), "<a xmlns='jabber:client'></a>");
}

TEST("prefixed attributes keep their prefix and declare it, wherever it came from") {
  CHECK_EQUAL(Written("<a xml:lang='de' xmlns:p='urn:&#x70;' p:x='1' p:y='2'><b p:z='3'/></a>"),
              "<a xmlns='jabber:client' xml:lang='de' p:x='1' xmlns:p='urn:p' p:y='2'><b xmlns='jabber:client' p:z='3' xmlns:p='urn:p'></b></a>");
  FramerKit kit;
  kit.Feed("<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='urn:d' xmlns:q='urn:q'>");
  CHECK_EQUAL(Written("<s:a q:b=''><c/></s:a>", kit.framer.scope()),
              "<a xmlns='http://etherx.jabber.org/streams' q:b='' xmlns:q='urn:q'><c xmlns='urn:d'></c></a>");
}

TEST("a namespace that the header declared is written once, however many elements are in it") {
  FramerKit kit;
  kit.Feed("<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='urn:d' xmlns:q='urn:" + std::string(1000, 'q') + "'>");
  std::string element = "<a>";
  for (int i = 0; i < 1000; i++) element += "<q:b q:c=''/>";
  element += "</a>";
  const NameTable names(kKnown);
  std::vector<uint32_t> tokens;
  CHECK(WriteTokens(Bytes(element), kit.framer.scope(), names, tokens));
  CHECK(tokens.size() * sizeof(uint32_t) < 100'000);
  const std::string written = TokenText(tokens, element, kKnown).Write();
  const std::string child = "<b xmlns='urn:" + std::string(1000, 'q') + "' q:c='' xmlns:q='urn:" + std::string(1000, 'q') + "'></b>";
  CHECK_EQUAL(written.size(), 1000 * child.size() + std::string("<a xmlns='urn:d'></a>").size());
  CHECK(written.ends_with(child + child + "</a>"));
}

TEST("a header has the default namespace that it declares as an attribute") {
  const NameTable names(kKnown);
  std::vector<uint32_t> tokens;
  CHECK(WriteHeaderTokens(Bytes(kClientHeader), names, tokens));
  CHECK_EQUAL(TokenText(tokens, kClientHeader, kKnown).Write(),
              "<stream xmlns='http://etherx.jabber.org/streams' xmlns='jabber:client' to='localhost' version='1.0'></stream>");
}

TEST("what no framer would have let through is refused, not misread") {
  for (const char* bad : {"", "x", "<a>", "<a></a>x", "</a>", "<a", "<a>&x;</a>", "<p:a/>", "<a><b></a>", "<a p:b=''/>", "<a><![CDATA[x</a>"}) {
    CHECK_EQUAL(Written(bad), "refused");
  }
}

TEST("of a name table the first of equal names counts, and absent ones are unknown") {
  constexpr std::string_view kTwice[] = {"a", "b", "a"};
  const NameTable names(kTwice);
  CHECK_EQUAL(names.Find("a"), 0u);
  CHECK_EQUAL(names.Find("b"), 1u);
  CHECK_EQUAL(names.Find(""), NameTable::kUnknown);
  CHECK_EQUAL(NameTable(std::span<const std::string_view>()).Find("a"), NameTable::kUnknown);
}

}  // namespace
