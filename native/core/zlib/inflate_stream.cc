#include "core/zlib/inflate_stream.h"

#include <algorithm>
#include <cstring>

namespace meerkat {

namespace {

constexpr size_t kMostHistory = 32768;
/// RFC 1950 section 2.2: CM is 8 for deflate, and CINFO the window as a power of two, less eight.
constexpr uint8_t kDeflate = 8;
constexpr uint8_t kMostWindow = 7;
constexpr uint8_t kPresetDictionary = 0x20;
/// zlib.h: what `data_type` says after a call of `inflate`.
constexpr int kUnusedBits = 7;
constexpr int kLastBlock = 64;
constexpr int kBetweenBlocks = 128;

}  // namespace

std::unique_ptr<Inflater> Inflater::Create() {
  std::unique_ptr<Inflater> inflater(new Inflater());
  inflater->memory_.Serve(inflater->stream_);
  if (inflateInit2(&inflater->stream_, -MAX_WBITS) != Z_OK) return nullptr;
  return inflater;
}

Inflater::~Inflater() { inflateEnd(&stream_); }

std::unique_ptr<Inflater> InflaterPool::Take() {
  if (idle_.empty()) return Inflater::Create();
  std::unique_ptr<Inflater> inflater = std::move(idle_.back());
  idle_.pop_back();
  return inflater;
}

void InflaterPool::Give(std::unique_ptr<Inflater> inflater) {
  if (idle_.size() < kMostIdle) idle_.push_back(std::move(inflater));
}

size_t InflaterPool::idle_bytes() const noexcept {
  size_t bytes = 0;
  for (const auto& inflater : idle_) bytes += inflater->bytes();
  return bytes;
}

InflateStream::Result InflateStream::Read(InflaterPool& pool, std::span<const uint8_t>& bytes, uint8_t* to, size_t room,
                                          size_t& size) {
  size = 0;
  if (failure_ != Result::kMore) return failure_;
  if (!ReadHeader(bytes)) return Fail(Result::kFailed);
  if (has_ended_) return ReadTrailer(bytes);
  if (bytes.empty() && !has_more_) return Result::kMore;
  if (!Wake(pool)) return Fail(Result::kFailed);
  z_stream& stream = inflater_->stream();
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(std::min<size_t>(bytes.size(), UINT32_MAX));
  stream.next_out = to;
  stream.avail_out = static_cast<uInt>(std::min<size_t>(room, UINT32_MAX));
  const size_t offered = stream.avail_in;
  const size_t most = stream.avail_out;
  const int result = inflate(&stream, Z_NO_FLUSH);
  const size_t taken = offered - stream.avail_in;
  size = most - stream.avail_out;
  // Z_BUF_ERROR: there was neither more to read nor more to write.
  if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
    size = 0;
    return Fail(Result::kFailed);
  }
  if (!guard_.Take(taken, size)) {
    size = 0;
    return Fail(Result::kTooMuch);
  }
  const uint8_t last = taken > 0 ? bytes[taken - 1] : 0;
  bytes = bytes.subspan(taken);
  has_ended_ = result == Z_STREAM_END;
  has_more_ = !has_ended_ && stream.avail_out == 0;
  if (has_more_) return Result::kFull;
  if (has_ended_) {
    pool.Give(std::move(inflater_));
    const Result result = ReadTrailer(bytes);
    if (result == Result::kFailed) size = 0;
    return result;
  }
  const int state = stream.data_type;
  if (taken > 0 && (state & kBetweenBlocks) && !(state & kLastBlock)) {
    last_bit_count_ = static_cast<uint8_t>(state & kUnusedBits);
    last_bits_ = static_cast<uint8_t>(last_bit_count_ ? last >> (8 - last_bit_count_) : 0);
    Rest(pool);
  }
  return Result::kMore;
}

/// A raw stream can be taken up anywhere between two blocks, one with a zlib header only at its beginning.
bool InflateStream::ReadHeader(std::span<const uint8_t>& bytes) noexcept {
  while (header_size_ < kHeaderBytes && !bytes.empty()) {
    header_[header_size_++] = bytes.front();
    bytes = bytes.subspan(1);
  }
  if (header_size_ < 1 || (header_[0] & 0x0f) != kDeflate || header_[0] >> 4 > kMostWindow) return header_size_ < 1;
  if (header_size_ < kHeaderBytes) return true;
  return (header_[0] * 256 + header_[1]) % 31 == 0 && !(header_[1] & kPresetDictionary);
}

/// RFC 1950 section 2.2: a checksum stands behind the end, and in a stream nothing behind that.
InflateStream::Result InflateStream::ReadTrailer(std::span<const uint8_t>& bytes) noexcept {
  if (bytes.size() > trailer_left_) return Fail(Result::kFailed);
  trailer_left_ -= static_cast<uint8_t>(bytes.size());
  bytes = {};
  return Result::kMore;
}

/// Takes up the stream where `Rest` left it.
bool InflateStream::Wake(InflaterPool& pool) {
  if (inflater_) return true;
  inflater_ = pool.Take();
  if (!inflater_) return false;
  z_stream& stream = inflater_->stream();
  if (inflateReset2(&stream, -(8 + (header_[0] >> 4))) != Z_OK) return false;
  if (last_bit_count_ && inflatePrime(&stream, last_bit_count_, last_bits_) != Z_OK) return false;
  if (history_size_ && inflateSetDictionary(&stream, history_.get(), history_size_) != Z_OK) return false;
  history_.reset();
  history_size_ = 0;
  return true;
}

/// Keeps what the peer may refer to, and gives the rest back. Nothing changes when zlib refuses.
void InflateStream::Rest(InflaterPool& pool) {
  uint8_t window[kMostHistory];
  uInt size = 0;
  if (inflateGetDictionary(&inflater_->stream(), window, &size) != Z_OK || size > sizeof window) return;
  if (size) {
    history_ = std::make_unique_for_overwrite<uint8_t[]>(size);
    std::memcpy(history_.get(), window, size);
  }
  history_size_ = size;
  pool.Give(std::move(inflater_));
}

InflateStream::Result InflateStream::Fail(Result result) noexcept {
  inflater_.reset();
  history_.reset();
  history_size_ = 0;
  has_more_ = false;
  return failure_ = result;
}

}  // namespace meerkat
