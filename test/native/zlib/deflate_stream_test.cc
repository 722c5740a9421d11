/// Compression: each write can be read at once, whoever else used the working memory in between.
#include "core/zlib/deflate_stream.h"

#include <string>

#include "check.h"
#include "peer.h"

namespace {

using namespace meerkat;
using test::Decompressor;

std::string Drain(OutputQueue& queue, BlockPool& pool) {
  std::string all;
  while (!queue.empty()) {
    iovec piece;
    queue.Gather(&piece, 1);
    all.append(static_cast<char*>(piece.iov_base), piece.iov_len);
    queue.Consume(pool, piece.iov_len);
  }
  return all;
}

std::string Stanza(int number) {
  return "<message from='alice@localhost/a' to='bob@localhost/b' type='chat' id='" + std::to_string(number) +
         "'><body>the text of message " + std::to_string(number * 7919 % 1000) + "</body></message>";
}

TEST("RFC 1950: many streams share one working memory, and each peer reads every write at once") {
  BlockPool pool;
  Deflater deflater;
  DeflateStream streams[3];
  Decompressor peers[3];
  for (int turn = 0; turn < 60; turn++) {
    for (int i = 0; i < 3; i++) {
      OutputQueue clear, out;
      std::string expected;
      for (int part = 0; part <= turn % 5; part++) {
        expected += Stanza(turn * 10 + part + i);
        clear.Append(pool, expected.data() + clear.bytes(), expected.size() - clear.bytes());
        clear.Finish();
      }
      CHECK(streams[i].Write(deflater, pool, clear, SIZE_MAX, out));
      CHECK(clear.empty());
      CHECK_EQUAL(clear.writes(), 0u);
      CHECK(peers[i].Read(Drain(out, pool)) == expected);
      CHECK(streams[i].heap_bytes() <= 4096u);
    }
  }
}

TEST("what looks like earlier stanzas becomes small") {
  BlockPool pool;
  Deflater deflater;
  DeflateStream stream;
  size_t size = 0;
  for (int i = 0; i < 50; i++) {
    OutputQueue clear, out;
    clear.Append(pool, Stanza(i).data(), Stanza(i).size());
    CHECK(stream.Write(deflater, pool, clear, SIZE_MAX, out));
    size = out.bytes();
  }
  CHECK(size * 4 < Stanza(50).size());
}

TEST("long writes, and those cut short by their limit, come whole") {
  BlockPool pool;
  Deflater deflater;
  DeflateStream stream;
  Decompressor peer;
  std::string expected;
  OutputQueue clear;
  for (int i = 0; i < 3000; i++) expected += Stanza(i);
  clear.Append(pool, expected.data(), expected.size());
  std::string got;
  while (!clear.empty()) {
    OutputQueue out;
    CHECK(stream.Write(deflater, pool, clear, 65536, out));
    got += peer.Read(Drain(out, pool));
  }
  CHECK(got == expected);
  CHECK(deflater.bytes() < 512u * 1024);
}

}  // namespace
