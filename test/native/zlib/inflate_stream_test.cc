/// Decompression: whatever the pieces, the same bytes; nothing held between blocks but what may be referred to; bombs stopped early.
#include "core/zlib/inflate_stream.h"

#include <string>

#include "check.h"
#include "peer.h"

namespace {

using namespace meerkat;
using test::Compressor;
using Result = InflateStream::Result;

struct Reader {
  /// Gives `bytes` in pieces of `step`, takes them in pieces of `room`; stops at the first failure.
  Result Give(std::string_view bytes, size_t step = SIZE_MAX, size_t room = 4096) {
    std::string block(room, '\0');
    for (size_t at = 0; at < bytes.size();) {
      const std::string_view piece = bytes.substr(at, step);
      at += piece.size();
      std::span<const uint8_t> left(reinterpret_cast<const uint8_t*>(piece.data()), piece.size());
      for (Result result = Result::kFull; result == Result::kFull || !left.empty();) {
        size_t size = 0;
        result = stream.Read(pool, left, reinterpret_cast<uint8_t*>(block.data()), room, size);
        given += size;
        if (keeps) text.append(block, 0, size);
        peak = std::max(peak, stream.heap_bytes());
        if (result == Result::kFailed || result == Result::kTooMuch) return result;
      }
      taken += piece.size();
    }
    return Result::kMore;
  }

  InflaterPool pool;
  InflateStream stream;
  bool keeps = true;
  std::string text;
  size_t given = 0;
  size_t taken = 0;
  size_t peak = 0;
};

std::string Chat(int lines) {
  std::string text;
  uint32_t word = 12345;
  for (int i = 0; i < lines; i++) {
    word = word * 1664525 + 1013904223;
    text += "<message to='bob@localhost' type='chat' id='" + std::to_string(word) + "'><body>line " +
            std::to_string(i * 7919 % 1000) + " of a conversation</body></message>";
  }
  return text;
}

TEST("RFC 1950: a stream comes out as it went in, whatever the pieces on both sides and however it was flushed") {
  for (const int flush : {Z_SYNC_FLUSH, Z_PARTIAL_FLUSH, Z_FULL_FLUSH, Z_NO_FLUSH, Z_BLOCK}) {
    for (const int window : {9, 12, 15}) {
      for (const size_t step : {size_t{1}, size_t{7}, size_t{1000}, SIZE_MAX}) {
        for (const size_t room : {1u, 100u, 65536u}) {
          Compressor peer(6, window);
          Reader reader;
          std::string expected;
          for (int turn = 0; turn < 12; turn++) {
            const std::string clear = Chat(1 + turn * 3);
            expected += clear;
            CHECK(reader.Give(peer.Write(clear, flush), step, room) == Result::kMore);
          }
          CHECK(reader.Give(peer.Write("", Z_SYNC_FLUSH), step, room) == Result::kMore);
          CHECK(reader.text == expected);
        }
      }
    }
  }
}

TEST("between two blocks a stream holds its history and no working memory, and goes on from it") {
  Compressor peer;
  Reader reader;
  CHECK(reader.Give(peer.Write("<presence/>")) == Result::kMore);
  CHECK_EQUAL(reader.stream.heap_bytes(), 11u);
  for (int i = 0; i < 100; i++) CHECK(reader.Give(peer.Write(Chat(50))) == Result::kMore);
  CHECK(reader.stream.heap_bytes() <= 32768u);
  CHECK_EQUAL(reader.given, 11 + 100 * Chat(50).size());
}

TEST("in the middle of a block the working memory stays, until the block is complete") {
  Compressor peer;
  Reader reader;
  const std::string bytes = peer.Write(Chat(20));
  CHECK(reader.Give(std::string_view(bytes).substr(0, bytes.size() / 2)) == Result::kMore);
  CHECK(reader.stream.heap_bytes() > 4096u);
  CHECK(reader.Give(std::string_view(bytes).substr(bytes.size() / 2)) == Result::kMore);
  CHECK_EQUAL(reader.stream.heap_bytes(), Chat(20).size());
  CHECK(reader.text == Chat(20));
}

TEST("a pool serves many streams one after another, and none sees the history of another") {
  InflaterPool pool;
  InflateStream first, second;
  Compressor peer;
  const std::string bytes = peer.Write(Chat(10));
  const std::string again = peer.Write(Chat(10));
  uint8_t to[8192];
  size_t size = 0;
  std::span<const uint8_t> left(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  CHECK(first.Read(pool, left, to, sizeof to, size) == Result::kMore);
  CHECK(pool.idle_bytes() > 0);
  // The second block leans on the first: without it there is nothing to copy from.
  const std::string torn = bytes.substr(0, 2) + again;
  left = {reinterpret_cast<const uint8_t*>(torn.data()), torn.size()};
  CHECK(second.Read(pool, left, to, sizeof to, size) == Result::kFailed);
  CHECK_EQUAL(size, 0u);
}

TEST("a gigabyte of zeros is stopped after a few hundred kilobytes, drip-fed or not, with little memory") {
  Compressor peer(9);
  const std::string megabyte(1 << 20, '\0');
  std::string bomb;
  for (int i = 0; i < 8; i++) bomb += peer.Write(megabyte, Z_NO_FLUSH);
  bomb += peer.Write("", Z_SYNC_FLUSH);
  for (const size_t step : {size_t{1}, size_t{100}, SIZE_MAX}) {
    Reader reader;
    reader.keeps = false;
    CHECK(reader.Give(bomb, step) == Result::kTooMuch);
    CHECK(reader.given < 512u * 1024);
    CHECK(reader.peak < 64u * 1024);
    CHECK_EQUAL(reader.stream.heap_bytes(), 0u);
    // For good.
    CHECK(reader.Give("x") == Result::kTooMuch);
  }
}

TEST("good behaviour before a bomb does not buy much of it") {
  Compressor peer(9);
  Reader reader;
  reader.keeps = false;
  for (int i = 0; i < 200; i++) CHECK(reader.Give(peer.Write(Chat(20))) == Result::kMore);
  const size_t before = reader.given;
  CHECK(reader.Give(peer.Write(std::string(8 << 20, ' '))) == Result::kTooMuch);
  CHECK(reader.given - before < 512u * 1024);
}

TEST("a stanza of one letter, and the same stanza over and over, are no bombs") {
  Compressor peer(9);
  Reader reader;
  reader.keeps = false;
  CHECK(reader.Give(peer.Write(std::string(200'000, 'x'))) == Result::kMore);
  for (int i = 0; i < 2000; i++) CHECK(reader.Give(peer.Write(Chat(1))) == Result::kMore);
}

TEST("empty blocks without end are too much") {
  Compressor peer;
  Reader reader;
  CHECK(reader.Give(peer.Write("<presence/>")) == Result::kMore);
  std::string nothing;
  while (nothing.size() < 60'000) nothing += peer.Write("", Z_FULL_FLUSH) + std::string("\0\0\0\xff\xff", 5);
  CHECK(reader.Give(nothing, 1000) == Result::kMore);
  CHECK(reader.Give(peer.Write("<presence/>"), 1000) == Result::kMore);
  CHECK(reader.Give(nothing + nothing, 1000) == Result::kTooMuch);
  CHECK(reader.text == "<presence/><presence/>");
}

TEST("what is not zlib fails at once: a bad header, a preset dictionary, a broken block, bytes behind the end") {
  Compressor peer;
  const std::string good = peer.Write("<presence/>");
  const std::string all[] = {"<stream:stream>", "GET / HTTP/1.1", std::string("\x78\xbb", 2), std::string("\x88\x1c", 2),
                             good.substr(0, 2) + "\x07", good + "\x06"};
  for (const std::string& bytes : all) {
    Reader reader;
    CHECK(reader.Give(bytes) == Result::kFailed);
    CHECK(reader.Give(good) == Result::kFailed);
    CHECK_EQUAL(reader.stream.heap_bytes(), 0u);
  }
  Compressor other;
  Reader reader;
  CHECK(reader.Give(other.Write("</stream:stream>", Z_FINISH), 1) == Result::kMore);
  CHECK(reader.text == "</stream:stream>");
  CHECK(reader.Give("abcdef") == Result::kFailed);
}

}  // namespace
