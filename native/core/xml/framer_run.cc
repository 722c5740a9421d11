#include "core/xml/framer_run.h"

#include <algorithm>
#include <limits>

#include "core/xml/xml_declaration.h"

namespace meerkat {

namespace {

constexpr std::string_view kDeclarationOpening = "<?xml";
constexpr uint32_t kEndless = std::numeric_limits<uint32_t>::max();

}  // namespace

StreamFramer::Run::Run(StreamFramer& framer, std::span<const uint8_t> bytes, ScanContext& context, Sink& sink) noexcept
    : framer_(framer), bytes_(bytes), context_(context), sink_(sink), scan_(std::move(framer.suspended_)) {}

[[gnu::flatten]] StreamFramer::Result StreamFramer::Run::Read() noexcept {
  Step step;
  do step = ReadState();
  while (step == Step::kGoOn);

  // An element of which not even the first tag is complete needs no state of its own.
  const bool is_half_read = step == Step::kNeedMore && scan_ && !scan_->is_complete();
  if (is_half_read) framer_.suspended_ = std::move(scan_);
  else context_.GiveBack(std::move(scan_));
  switch (step) {
    case Step::kHeld: return {consumed_, Status::kHeld, StreamFailure::kNone};
    case Step::kStopped: return {consumed_, Status::kStopped, StreamFailure::kNone};
    case Step::kFailed: return {consumed_, Status::kFailed, framer_.failure_};
    case Step::kClosed: return {bytes_.size(), Status::kClosed, StreamFailure::kNone};
    default: return {consumed_, Status::kNeedMore, StreamFailure::kNone};
  }
}

StreamFramer::Run::Step StreamFramer::Run::ReadState() noexcept {
  switch (framer_.state_) {
    case State::kProlog:
    case State::kMisc:
    case State::kBetween: return ReadOutside();
    case State::kDeclaration: return ReadDeclaration();
    case State::kHeader:
    case State::kInside: return ReadElement();
    case State::kClosed: return Step::kClosed;
    default: return Step::kFailed;
  }
}

/// White space before the header, and the white space keepalives of RFC 6120 section 4.6.1. U+FEFF is text even as the first
/// character: section 11.6 knows no byte order mark.
StreamFramer::Run::Step StreamFramer::Run::ReadOutside() noexcept {
  const uint32_t end = std::min(available(), LeftBeforeAuthentication());
  uint32_t at = 0;
  while (at < end && IsSpace(base()[at])) at++;
  if (at > 0) {
    Consume(at);
    if (framer_.state_ == State::kProlog) framer_.state_ = State::kMisc;
    return Step::kGoOn;
  }
  if (end == 0) return RunDry(0, end);

  if (base()[0] == '<') {
    if (framer_.framing_ != Framing::kStream) return BeginInFrame();
    if (framer_.state_ == State::kProlog) {
      if (End() < 2) return RunDry(0, End());
      framer_.state_ = base()[1] == '?' ? State::kDeclaration : State::kHeader;
    } else {
      framer_.state_ = framer_.state_ == State::kBetween ? State::kInside : State::kHeader;
    }
    framer_.scanned_ = 0;
    framer_.construct_ = Construct::kNone;
    return framer_.state_ == State::kDeclaration ? Step::kGoOn : ReadElement();
  }
  const Decoded character = DecodeCharacter(base(), base() + end);
  if (character.point == Utf8Decoder::kIncomplete) return RunDry(0, end);
  if (character.point == Utf8Decoder::kInvalid) return Fail(StreamFailure::kBadCharacter);
  const bool is_between = framer_.state_ == State::kBetween || framer_.framing_ != Framing::kStream;
  return Fail(is_between ? StreamFailure::kBadFormat : StreamFailure::kNotWellFormed);
}

/// Frames have no declaration, and their `<open/>` is an element like any other.
StreamFramer::Run::Step StreamFramer::Run::BeginInFrame() noexcept {
  if (framer_.framing_ == Framing::kWebSocket && framer_.has_frame_element_) return Fail(StreamFailure::kBadFrame);
  framer_.has_frame_element_ = true;
  framer_.state_ = State::kInside;
  framer_.scanned_ = 0;
  framer_.construct_ = Construct::kNone;
  return ReadElement();
}

StreamFramer::Run::Step StreamFramer::Run::ReadDeclaration() noexcept {
  const uint32_t end = EndOfMarkup(0);
  uint32_t at = framer_.scanned_;
  while (at < end) {
    const Decoded character = DecodeCharacter(base() + at, base() + end);
    if (character.point == Utf8Decoder::kIncomplete) break;
    if (character.point == Utf8Decoder::kInvalid) return Fail(StreamFailure::kBadCharacter);
    // RFC 6120 section 11.1: no other processing instruction.
    const bool is_opening = at < kDeclarationOpening.size()    ? base()[at] == kDeclarationOpening[at]
                            : at == kDeclarationOpening.size() ? IsSpace(base()[at])
                                                               : true;
    if (!is_opening) return Fail(StreamFailure::kRestrictedXml);
    at += character.size;
    if (character.point != '>') continue;
    const StreamFailure failure = JudgeXmlDeclaration(Text(base(), 0, at));
    if (failure != StreamFailure::kNone) return Fail(failure);
    Consume(at);
    framer_.state_ = State::kMisc;
    return Step::kGoOn;
  }
  return RunDry(at, end);
}

/// Goes on inside the header or an element.
StreamFramer::Run::Step StreamFramer::Run::ReadElement() noexcept {
  if (framer_.construct_ != Construct::kNone) return ResumeConstruct();
  if (framer_.state_ == State::kHeader) return ReadMarkup(framer_.scanned_, End());
  return scan_ && scan_->in_cdata() ? ReadCdata(End()) : ReadContent(End());
}

/// Everything usual at once, then what comes behind it.
StreamFramer::Run::Step StreamFramer::Run::ReadContent(uint32_t end) noexcept {
  const uint8_t* const bytes = base();
  ElementScan& scan = Scan();
  if (framer_.scanned_ == 0) scan.Begin();
  const uint32_t at = scan.ReadUsual(bytes, framer_.scanned_, end, *framer_.scope_, *framer_.limits_, context_.children());
  if (at > 0 && scan.is_complete()) return Complete(at);
  if (at == end) return RunDry(at, end);
  if (bytes[at] == '<') return ReadMarkup(at, end);
  const TextResult text = ScanText(bytes, at, end);
  return text.status == TextResult::Status::kEnd ? ReadMarkup(text.at, end) : LeaveText(text, end);
}

StreamFramer::Run::Step StreamFramer::Run::ReadCdata(uint32_t end) noexcept {
  const TextResult cdata = ScanCdata(base(), framer_.scanned_, end);
  if (cdata.status != TextResult::Status::kEnd) return LeaveText(cdata, end);
  framer_.scanned_ = cdata.at;
  scan_->set_in_cdata(false);
  return Step::kGoOn;
}

/// Where text stopped short of its end.
StreamFramer::Run::Step StreamFramer::Run::LeaveText(const TextResult& text, uint32_t end) noexcept {
  switch (text.status) {
    case TextResult::Status::kReference: return BeginConstruct(Construct::kReference, text.at);
    case TextResult::Status::kFailed: return Fail(text.failure);
    default: return RunDry(text.at, end);
  }
}

/// A `<` stands at `start`, with anything behind it.
StreamFramer::Run::Step StreamFramer::Run::ReadMarkup(uint32_t start, uint32_t end_of_element) noexcept {
  const uint8_t* const bytes = base();
  const uint32_t longest = std::min(framer_.limits_->max_tag_bytes, kMostTagBytes);
  const uint32_t end = end_of_element - start > longest ? start + longest : end_of_element;
  if (end - start < 2 || bytes[start + 1] == '!' || bytes[start + 1] == '?') return BeginConstruct(Construct::kMarkup, start);
  Tag tag;
  const LexResult read = LexTag(bytes, start, end, framer_.limits_->max_attributes, tag);
  if (read.status == LexResult::Status::kFailed) return Fail(read.failure);
  if (read.status == LexResult::Status::kIncomplete) return BeginConstruct(Construct::kMarkup, start);
  return TakeTag(tag);
}

StreamFramer::Run::Step StreamFramer::Run::BeginConstruct(Construct construct, uint32_t start) noexcept {
  framer_.construct_ = construct;
  framer_.construct_start_ = start;
  framer_.scanned_ = start + 1;
  if (construct == Construct::kMarkup) framer_.lexer_.BeginMarkup();
  else framer_.lexer_.BeginReference();
  return Step::kGoOn;
}

StreamFramer::Run::Step StreamFramer::Run::ResumeConstruct() noexcept {
  const bool is_markup = framer_.construct_ == Construct::kMarkup;
  const uint32_t end = is_markup ? EndOfMarkup(framer_.construct_start_) : End();
  uint32_t at = framer_.scanned_;
  Lexer::Status status = Lexer::Status::kMore;
  while (at < end && status == Lexer::Status::kMore) status = framer_.lexer_.Next(base()[at++]);
  if (status == Lexer::Status::kFailed) return Fail(framer_.lexer_.failure());
  if (status == Lexer::Status::kMore) return RunDry(at, end);

  framer_.construct_ = Construct::kNone;
  framer_.scanned_ = at;
  if (!is_markup) return Step::kGoOn;
  if (framer_.lexer_.is_cdata()) return TakeCdata();
  Tag tag;
  const LexResult read = LexTag(base(), framer_.construct_start_, at, framer_.limits_->max_attributes, tag);
  // The lexer found it right, so that this cannot happen; if they ever differ, the stream ends here.
  if (read.status != LexResult::Status::kDone) return Fail(StreamFailure::kNotWellFormed);
  return TakeTag(tag);
}

StreamFramer::Run::Step StreamFramer::Run::TakeCdata() noexcept {
  if (framer_.state_ == State::kHeader) return Fail(StreamFailure::kNotWellFormed);
  if (!scan_ || scan_->is_complete()) return Fail(StreamFailure::kBadFormat);
  scan_->set_in_cdata(true);
  return Step::kGoOn;
}

StreamFramer::Run::Step StreamFramer::Run::TakeTag(const Tag& tag) noexcept {
  if (framer_.state_ == State::kHeader) return TakeHeader(tag);
  if (!scan_ || scan_->is_complete()) {
    if (tag.is_end) return TakeStreamEnd(tag);
    Scan().Begin();
  }
  const StreamFailure failure =
      tag.is_end ? scan_->EndTag(base(), tag)
                 : scan_->StartTag(base(), tag, *framer_.scope_, *framer_.limits_, context_.children());
  if (failure != StreamFailure::kNone) return Fail(failure);
  return Advance(tag.end);
}

StreamFramer::Run::Step StreamFramer::Run::Advance(uint32_t tag_end) noexcept {
  framer_.scanned_ = tag_end;
  return scan_->is_complete() ? Complete(tag_end) : Step::kGoOn;
}

StreamFramer::Run::Step StreamFramer::Run::Complete(uint32_t size) noexcept {
  if (framer_.framing_ != Framing::kStream) return CompleteInFrame(size);
  return Tell(EventKind::kElement, size, State::kBetween);
}

/// RFC 7395 section 3.4 and 3.6: `<open/>` is the header, and `<close/>` the end.
StreamFramer::Run::Step StreamFramer::Run::CompleteInFrame(uint32_t size) noexcept {
  if (framer_.has_opened_) {
    if (!scan_->is_nonza() || !scan_->Is(base(), "close", kFramingNamespace)) return Tell(EventKind::kElement, size, State::kBetween);
    scan_->Begin();
    return Tell(EventKind::kStreamClosed, size, State::kClosed);
  }
  if (!scan_->Is(base(), "open", kFramingNamespace)) return Fail(StreamFailure::kInvalidNamespace);
  framer_.has_opened_ = true;
  return Tell(EventKind::kStreamOpened, size, State::kBetween);
}

StreamFramer::Run::Step StreamFramer::Run::TakeHeader(const Tag& tag) noexcept {
  if (tag.is_end) return Fail(StreamFailure::kNotWellFormed);
  const StreamFailure failure = Scan().Header(base(), tag, *framer_.limits_, framer_.scope_, framer_.owned_scope_);
  if (failure != StreamFailure::kNone) return Fail(failure);
  return Tell(EventKind::kStreamOpened, tag.end, State::kBetween);
}

StreamFramer::Run::Step StreamFramer::Run::TakeStreamEnd(const Tag& tag) noexcept {
  const std::string_view root = framer_.scope_->root;
  if (root.empty() || Text(base(), tag.name, tag.name_end) != root) return Fail(StreamFailure::kNotWellFormed);
  Scan().Begin();
  return Tell(EventKind::kStreamClosed, tag.end, State::kClosed);
}

StreamFramer::Run::Step StreamFramer::Run::Tell(EventKind kind, uint32_t size, State next) noexcept {
  const Envelope& envelope = scan_->Finish(kind, static_cast<uint32_t>(consumed_), size);
  Consume(size);
  framer_.state_ = next;
  framer_.held_ = framer_.lockstep_ && kind != EventKind::kStreamClosed;
  const bool goes_on = sink_.OnEnvelope(envelope);
  if (framer_.held_) return Step::kHeld;
  return goes_on || next == State::kClosed ? Step::kGoOn : Step::kStopped;
}

StreamFramer::Run::Step StreamFramer::Run::Fail(StreamFailure failure) noexcept {
  // Text has no place around the elements of a frame, either.
  const bool is_misplaced = failure == StreamFailure::kBadFormat && framer_.framing_ != Framing::kStream;
  if (is_misplaced) failure = StreamFailure::kBadFrame;
  framer_.state_ = State::kFailed;
  framer_.failure_ = failure;
  return Step::kFailed;
}

StreamFramer::Run::Step StreamFramer::Run::RunDry(uint32_t at, uint32_t end) noexcept {
  framer_.scanned_ = at;
  return end < available() ? Fail(LimitAt(end)) : Step::kNeedMore;
}

uint32_t StreamFramer::Run::LeftBeforeAuthentication() const noexcept {
  const uint32_t limit = framer_.limits_->max_bytes_before_authentication;
  if (limit == 0 || framer_.authenticated_) return kEndless;
  return limit - std::min(limit, framer_.before_authentication_);
}

uint32_t StreamFramer::Run::End() const noexcept {
  return std::min({available(), framer_.limits_->max_stanza_bytes, LeftBeforeAuthentication()});
}

uint32_t StreamFramer::Run::EndOfMarkup(uint32_t start) const noexcept {
  const uint32_t most = std::min(framer_.limits_->max_tag_bytes, kMostTagBytes);
  return std::min(End(), start > kEndless - most ? kEndless : start + most);
}

StreamFailure StreamFramer::Run::LimitAt(uint32_t end) const noexcept {
  const bool is_outside = framer_.state_ == State::kProlog || framer_.state_ == State::kMisc || framer_.state_ == State::kBetween;
  if (!is_outside && end == framer_.limits_->max_stanza_bytes) return StreamFailure::kStanzaTooLarge;
  if (end == LeftBeforeAuthentication()) return StreamFailure::kTooMuchBeforeAuthentication;
  return is_outside ? StreamFailure::kStanzaTooLarge : StreamFailure::kTagTooLarge;
}

ElementScan& StreamFramer::Run::Scan() noexcept {
  if (!scan_) scan_ = context_.Take();
  return *scan_;
}

void StreamFramer::Run::Consume(uint32_t size) noexcept {
  consumed_ += size;
  framer_.scanned_ = 0;
  if (framer_.before_authentication_ <= kEndless - size) framer_.before_authentication_ += size;
}

}  // namespace meerkat
