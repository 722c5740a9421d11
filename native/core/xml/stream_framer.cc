#include "core/xml/stream_framer.h"

#include "core/xml/framer_run.h"

namespace meerkat {

StreamFramer::Result StreamFramer::Feed(std::span<const uint8_t> bytes, ScanContext& context, Sink& sink) noexcept {
  if (state_ == State::kFailed) return {0, Status::kFailed, failure_};
  if (held_) return {0, Status::kHeld, StreamFailure::kNone};
  if (state_ == State::kClosed) return {bytes.size(), Status::kClosed, StreamFailure::kNone};
  return Run(*this, bytes, context, sink).Read();
}

void StreamFramer::Proceed(enum Proceed how) noexcept {
  held_ = false;
  lockstep_ = how != Proceed::kStream;
  if (how != Proceed::kRestart || state_ == State::kFailed) return;
  state_ = State::kProlog;
  has_opened_ = false;
  scope_ = &OuterScope::Fragment();
  owned_scope_.reset();
  suspended_.reset();
  construct_ = Construct::kNone;
  scanned_ = 0;
}

StreamFailure StreamFramer::EndFrame(bool has_rest) noexcept {
  has_frame_element_ = false;
  if (state_ == State::kFailed) return failure_;
  if (state_ == State::kClosed || !(is_inside() || has_rest)) return StreamFailure::kNone;
  state_ = State::kFailed;
  return failure_ = StreamFailure::kBadFrame;
}

size_t StreamFramer::heap_bytes() const noexcept {
  return (owned_scope_ ? owned_scope_->bytes() : 0) + (suspended_ ? suspended_->bytes() : 0);
}

ElementResult ScanElement(std::span<const uint8_t> bytes, const OuterScope& scope, const Limits& limits,
                          ScanContext& context) noexcept {
  class Keeper final : public StreamFramer::Sink {
   public:
    bool OnEnvelope(const Envelope& envelope) noexcept override {
      last = envelope;
      count++;
      return true;
    }
    Envelope last = {};
    int count = 0;
  };

  Keeper keeper;
  StreamFramer framer = StreamFramer::ForFragment(limits, scope);
  const StreamFramer::Result result = framer.Feed(bytes, context, keeper);
  StreamFailure failure = result.failure;
  // Less or more than one element, or an end tag of a stream that there is none of.
  const bool is_one = keeper.count == 1 && !framer.is_inside() && result.consumed == bytes.size() &&
                      (keeper.last.words[word::kKind] & 0xff) == static_cast<uint32_t>(EventKind::kElement);
  if (failure == StreamFailure::kNone && !is_one) failure = StreamFailure::kNotWellFormed;
  return {failure, keeper.last};
}

StreamFramer StreamFramer::ForFragment(const Limits& limits, const OuterScope& scope) noexcept {
  StreamFramer framer(limits);
  framer.scope_ = &scope;
  framer.state_ = State::kBetween;
  framer.lockstep_ = false;
  framer.authenticated_ = true;
  return framer;
}

}  // namespace meerkat
