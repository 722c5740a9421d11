/// The other side of a compressed stream, as zlib itself plays it.
#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

namespace meerkat::test {

/// Compresses as a client would.
class Compressor {
 public:
  explicit Compressor(int level = Z_DEFAULT_COMPRESSION, int window = MAX_WBITS) {
    deflateInit2(&stream_, level, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
  }
  ~Compressor() { deflateEnd(&stream_); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  std::string Write(std::string_view text, int flush = Z_SYNC_FLUSH) {
    std::string out;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream_.avail_in = static_cast<uInt>(text.size());
    char block[4096];
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(block);
      stream_.avail_out = sizeof block;
      deflate(&stream_, flush);
      out.append(block, sizeof block - stream_.avail_out);
    } while (stream_.avail_out == 0);
    return out;
  }

 private:
  z_stream stream_{};
};

/// Decompresses as a client would. What is not zlib gives a text that says so.
class Decompressor {
 public:
  Decompressor() { inflateInit(&stream_); }
  ~Decompressor() { inflateEnd(&stream_); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  std::string Read(std::string_view bytes) {
    std::string out;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    char block[4096];
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(block);
      stream_.avail_out = sizeof block;
      const int result = inflate(&stream_, Z_SYNC_FLUSH);
      if (result != Z_OK && result != Z_BUF_ERROR) return "zlib says " + std::to_string(result);
      out.append(block, sizeof block - stream_.avail_out);
    } while (stream_.avail_out == 0);
    return out;
  }

 private:
  z_stream stream_{};
};

}  // namespace meerkat::test
