/// Frames that were fed and are not read: pieces and ends stay where they were, and memory goes with them.
#include "core/net/frame_inbox.h"

#include <string>

#include "check.h"

namespace {

using namespace meerkat;

void Add(FrameInbox& inbox, const std::string& text, bool is_last) {
  inbox.Add(reinterpret_cast<const uint8_t*>(text.data()), text.size(), is_last);
}

/// Reads on to the end of a frame, `room` bytes at a time; a `|` stands for the end.
std::string Frame(FrameInbox& inbox, size_t room) {
  std::string read;
  bool is_end = false;
  while (!is_end && !inbox.empty()) {
    uint8_t bytes[64];
    const size_t size = inbox.Read(bytes, room, is_end);
    read.append(reinterpret_cast<char*>(bytes), size);
  }
  return is_end ? read + "|" : read;
}

TEST("frames end where they were said to end, however little is read at once") {
  for (size_t room : {1, 2, 3, 64}) {
    FrameInbox inbox;
    Add(inbox, "one", true);
    Add(inbox, "tw", false);
    Add(inbox, "o", true);
    Add(inbox, "", true);
    Add(inbox, "left", false);
    Add(inbox, "", true);
    CHECK_EQUAL(Frame(inbox, room), "one|");
    CHECK_EQUAL(Frame(inbox, room), "two|");
    CHECK_EQUAL(Frame(inbox, room), "|");
    CHECK_EQUAL(Frame(inbox, room), "left|");
    CHECK(inbox.empty());
  }
}

TEST("what is read makes room, also when there is always something left") {
  FrameInbox inbox;
  Add(inbox, std::string(60, 'x'), true);
  for (int count = 0; count < 10'000; count++) {
    Add(inbox, std::string(60, 'x'), true);
    CHECK_EQUAL(Frame(inbox, 64).size(), 61u);
  }
  CHECK(inbox.memory() < 1000);
  CHECK_EQUAL(inbox.bytes(), 60 + FrameInbox::kHeadBytes);
  CHECK_EQUAL(Frame(inbox, 64).size(), 61u);
  CHECK_EQUAL(inbox.memory(), 0u);
  CHECK_EQUAL(inbox.bytes(), 0u);
}

TEST("clearing in the middle of a piece leaves nothing behind") {
  FrameInbox inbox;
  Add(inbox, "abcdef", true);
  bool is_end = false;
  uint8_t bytes[2];
  CHECK_EQUAL(inbox.Read(bytes, sizeof bytes, is_end), 2u);
  inbox.Clear();
  Add(inbox, "gh", true);
  CHECK_EQUAL(Frame(inbox, 64), "gh|");
}

}  // namespace
