/// Feeds a framer as its owner does: keeps what it did not consume, and remembers the elements that it told.
#pragma once

#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/xml/stream_framer.h"

namespace meerkat::test {

inline constexpr std::string_view kClientHeader =
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>";

inline std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

struct Told {
  Envelope envelope;
  std::string text;

  [[nodiscard]] EventKind kind() const { return static_cast<EventKind>(envelope.words[word::kKind] & 0xff); }
  [[nodiscard]] uint32_t flags() const { return envelope.words[word::kKind] & ~0xffu; }
  [[nodiscard]] StanzaKind stanza() const { return static_cast<StanzaKind>(envelope.words[word::kStanza] & 0xff); }
  [[nodiscard]] std::string Span(size_t field) const {
    const uint32_t span = envelope.words[field];
    return span == 0 ? "absent" : text.substr(span >> 16, span & 0xffff);
  }
};

class FramerKit final : public StreamFramer::Sink {
 public:
  explicit FramerKit(const Limits& limits = kDefaults, const ChildTable& children = kNoChildren)
      : framer(limits), context(children) {}

  /// Goes on by itself after each event, in the mode `mode`.
  StreamFramer::Status Feed(std::string_view bytes) {
    pending_.append(bytes);
    while (true) {
      // A block of its own size, so that reading past its end is noticed.
      std::vector<uint8_t> exact(pending_.begin(), pending_.end());
      bytes_ = exact;
      const StreamFramer::Result result = framer.Feed(exact, context, *this);
      most_held = std::max(most_held, pending_.size() - result.consumed);
      pending_.erase(0, result.consumed);
      failure = result.failure;
      status = result.status;
      if (status == StreamFramer::Status::kHeld && mode != kStaysHeld) framer.Proceed(static_cast<Proceed>(mode));
      else if (status != StreamFramer::Status::kStopped) return status;
    }
  }

  /// One read of `size` bytes after the other.
  StreamFramer::Status FeedInPieces(std::string_view bytes, size_t size) {
    for (size_t at = 0; at < bytes.size(); at += size) {
      if (Feed(bytes.substr(at, size)) == StreamFramer::Status::kFailed) break;
    }
    return status;
  }

  bool OnEnvelope(const Envelope& envelope) noexcept override {
    const uint32_t start = envelope.words[word::kStart];
    const std::span<const uint8_t> element = bytes_.subspan(start, envelope.words[word::kEnd] - start);
    told.push_back({envelope, std::string(element.begin(), element.end())});
    told.back().envelope.words[word::kStart] = 0;
    told.back().envelope.words[word::kEnd] = static_cast<uint32_t>(element.size());
    return !stops;
  }

  [[nodiscard]] const Told& last() const { return told.back(); }
  [[nodiscard]] const std::string& pending() const { return pending_; }

  static constexpr int kStaysHeld = -1;
  static inline const Limits kDefaults;
  static inline const ChildTable kNoChildren;

  StreamFramer framer;
  ScanContext context;
  int mode = static_cast<int>(Proceed::kStream);
  bool stops = false;
  StreamFramer::Status status = StreamFramer::Status::kNeedMore;
  StreamFailure failure = StreamFailure::kNone;
  size_t most_held = 0;
  std::vector<Told> told;

 private:
  std::span<const uint8_t> bytes_;
  std::string pending_;
};

/// What becomes of a whole stream.
inline StreamFailure FailureOf(std::string_view stream, const Limits& limits = FramerKit::kDefaults) {
  FramerKit kit(limits);
  kit.Feed(stream);
  return kit.failure;
}

}  // namespace meerkat::test
