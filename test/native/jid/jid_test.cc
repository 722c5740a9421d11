/// Addresses: the rules of RFC 7622 section 3.1, and what ASCII alone settles.
#include "check.h"
#include "core/jid/jid.h"

namespace {

using namespace meerkat;
using enum JidStatus;

void CheckParts(std::string_view text, std::string_view local, std::string_view domain, std::string_view resource, JidStatus status) {
  const Jid jid = SplitJid(text);
  CHECK_EQUAL(jid.local, local);
  CHECK_EQUAL(jid.domain, domain);
  CHECK_EQUAL(jid.resource, resource);
  CHECK_EQUAL(jid.status, status);
  if (jid.status != status) std::printf("  of %.*s\n", static_cast<int>(text.size()), text.data());
}

TEST("RFC 7622 section 3.1: the resource begins at the first slash, the domain behind the first at sign before it") {
  CheckParts("juliet@example.com/foo@bar/x", "juliet", "example.com", "foo@bar/x", kCanonical);
  CheckParts("example.com/a@b", "", "example.com", "a@b", kCanonical);
  CheckParts("example.com", "", "example.com", "", kCanonical);
  CheckParts("a@b", "a", "b", "", kCanonical);
  CheckParts("a@b@c", "a", "b@c", "", kInvalid);
  CHECK_EQUAL(SplitJid("juliet@example.com/foo").bare, "juliet@example.com");
}

TEST("RFC 7622 section 3.5: the examples of ASCII") {
  CheckParts("foo\\20bar@example.com", "foo\\20bar", "example.com", "", kCanonical);
  CheckParts("juliet@example.com/foo bar", "juliet", "example.com", "foo bar", kCanonical);
  CheckParts("\"juliet\"@example.com", "\"juliet\"", "example.com", "", kInvalid);
  CheckParts("foo bar@example.com", "foo bar", "example.com", "", kInvalid);
  CheckParts("@example.com/", "", "example.com", "", kInvalid);
  CheckParts("@example.com", "", "example.com", "", kInvalid);
  CheckParts("juliet@example.com/", "juliet", "example.com", "", kInvalid);
  CheckParts("juliet@", "juliet", "", "", kInvalid);
  CheckParts("", "", "", "", kInvalid);
  CheckParts("/x", "", "", "x", kInvalid);
}

TEST("what may change is left to the full path") {
  for (const char* text : {"Juliet@example.com", "juliet@Example.com", "juliet@example.com.", "\xcf\x80@example.com", "a@\xc3\xa9.com", "a@b/\xe2\x99\x9a",
                           "a@[::1]", "a@xn--bcher-kva.ch", "a@-b", "a@b..c", "a@b-"}) {
    CHECK_EQUAL(SplitJid(text).status, kNeedsPreparation);
  }
}

TEST("what no preparation could mend is invalid") {
  for (const char* text : {"a\x7f@b", "a@b/\x01", "a@b c", "a@b%c", "a@b/x\x7f", "A@b c", "a&b@c", "a@b:1"}) CHECK_EQUAL(SplitJid(text).status, kInvalid);
}

TEST("RFC 7622 section 3: no part is longer than 1023 bytes, no name longer than 253, no label longer than 63") {
  const std::string longest(1023, 'a');
  CHECK_EQUAL(SplitJid(longest + "@b/" + longest).status, kCanonical);
  CHECK_EQUAL(SplitJid(longest + "a@b").status, kInvalid);
  CHECK_EQUAL(SplitJid("a@b/" + longest + "a").status, kInvalid);
  const std::string label(63, 'a');
  CHECK_EQUAL(SplitJid(label + "." + label + "." + label + "." + label.substr(2)).status, kCanonical);
  CHECK_EQUAL(SplitJid(label + "." + label + "." + label + "." + label.substr(1)).status, kNeedsPreparation);
  CHECK_EQUAL(SplitJid(label + "a").status, kNeedsPreparation);
}

TEST("the home of an address is the same as JavaScript finds") {
  CHECK_EQUAL(HashBareJid("juliet@example.com"), 2309692281u);
  CHECK_EQUAL(HashBareJid("foo\\20bar@example.com"), 1627803219u);
  CHECK_EQUAL(HashBareJid("fu\xc3\x9f" "ball@example.com"), 4268592210u);
}

}  // namespace
