#include "core/zlib/deflate_stream.h"

#include <algorithm>
#include <cstring>

namespace meerkat {

namespace {

/// RFC 1950 section 2.2: deflate with a window of 32 KiB, the default effort, no dictionary.
constexpr uint8_t kHeader[] = {0x78, 0x9c};
constexpr int kMemoryLevel = 8;
constexpr size_t kLeastRoom = 64;
constexpr int kPieces = 64;

/// Until zlib has no more to give. False when it refuses.
bool Run(z_stream& stream, int flush, BlockPool& pool, OutputQueue& out) {
  do {
    uint8_t* const to = out.Reserve(pool, kLeastRoom);
    const size_t room = out.room();
    stream.next_out = to;
    stream.avail_out = static_cast<uInt>(room);
    const int result = deflate(&stream, flush);
    if (result != Z_OK && result != Z_BUF_ERROR) return false;
    out.Commit(room - stream.avail_out);
  } while (stream.avail_out == 0);
  return true;
}

}  // namespace

Deflater::~Deflater() {
  if (is_made_) deflateEnd(&stream_);
}

z_stream* Deflater::Begin() {
  if (is_made_) return deflateReset(&stream_) == Z_OK ? &stream_ : nullptr;
  memory_.Serve(stream_);
  // Raw, because a zlib header can stand at the beginning only.
  is_made_ = deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK;
  return is_made_ ? &stream_ : nullptr;
}

bool DeflateStream::Write(Deflater& deflater, BlockPool& pool, OutputQueue& clear, size_t most, OutputQueue& out) {
  z_stream* const stream = deflater.Begin();
  if (!stream) return false;
  if (!history_) {
    out.Append(pool, kHeader, sizeof kHeader);
    history_ = std::make_unique_for_overwrite<uint8_t[]>(kHistory);
  } else if (deflateSetDictionary(stream, history_.get(), history_size_) != Z_OK) {
    return false;
  }
  for (size_t left = std::min(most, clear.bytes()); left > 0;) {
    iovec pieces[kPieces];
    const int count = clear.Gather(pieces, kPieces);
    size_t taken = 0;
    for (int i = 0; i < count && taken < left; i++) {
      const size_t size = std::min(pieces[i].iov_len, left - taken);
      const auto* const bytes = static_cast<const uint8_t*>(pieces[i].iov_base);
      stream->next_in = const_cast<Bytef*>(bytes);
      stream->avail_in = static_cast<uInt>(size);
      if (!Run(*stream, Z_NO_FLUSH, pool, out)) return false;
      Remember(bytes, size);
      taken += size;
    }
    clear.Consume(pool, taken);
    left -= taken;
  }
  stream->avail_in = 0;
  return Run(*stream, Z_SYNC_FLUSH, pool, out);
}

void DeflateStream::Remember(const uint8_t* bytes, size_t size) {
  const size_t fresh = std::min(size, kHistory);
  const size_t kept = std::min<size_t>(history_size_, kHistory - fresh);
  std::memmove(history_.get(), history_.get() + history_size_ - kept, kept);
  std::memcpy(history_.get() + kept, bytes + size - fresh, fresh);
  history_size_ = static_cast<uint32_t>(kept + fresh);
}

}  // namespace meerkat
