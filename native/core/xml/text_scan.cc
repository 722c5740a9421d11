#include "core/xml/text_scan.h"

#include "core/xml/characters.h"
#include "core/xml/lexer.h"
#include "core/xml/scanner.h"

namespace meerkat {

namespace {

using Status = TextResult::Status;

/// Steps over a control character, or some above ASCII. False at half a character or, with a failure, at a forbidden one.
bool StepOver(const uint8_t*& at, const uint8_t* end, StreamFailure& failure) noexcept {
  if (*at < 0x80) {
    if (!IsSpace(*at)) failure = StreamFailure::kBadCharacter;
    else at++;
    return failure == StreamFailure::kNone;
  }
  const uint8_t* const usual = SkipUsualNonAscii(at, end);
  if (usual != at) {
    at = usual;
    return true;
  }
  const Decoded character = DecodeCharacter(at, end);
  if (character.point == Utf8Decoder::kInvalid) failure = StreamFailure::kBadCharacter;
  if (character.point >= Utf8Decoder::kIncomplete) return false;
  at += character.size;
  return true;
}

/// `at` is that of a `>`. Markup ends in `>`, so that both brackets can only be of the text that is read.
bool ClosesBrackets(const uint8_t* base, const uint8_t* at) noexcept {
  return at - base >= 2 && at[-1] == ']' && at[-2] == ']';
}

/// Moves behind a reference; false, with `at` where it was, when it is not complete or, with a failure, not allowed.
bool StepOverReference(const uint8_t*& at, const uint8_t* end, StreamFailure& failure) noexcept {
  Lexer lexer;
  lexer.BeginReference();
  for (const uint8_t* next = at + 1; next < end; next++) {
    const Lexer::Status status = lexer.Next(*next);
    if (status == Lexer::Status::kMore) continue;
    if (status == Lexer::Status::kDone) at = next + 1;
    failure = lexer.failure();
    return status == Lexer::Status::kDone;
  }
  return false;
}

TextResult Stop(Status status, const uint8_t* base, const uint8_t* at, StreamFailure failure) noexcept {
  return {failure == StreamFailure::kNone ? status : Status::kFailed, static_cast<uint32_t>(at - base), failure};
}

}  // namespace

TextResult ScanText(const uint8_t* base, uint32_t from, uint32_t until) noexcept {
  const uint8_t* at = base + from;
  const uint8_t* const end = base + until;
  StreamFailure failure = StreamFailure::kNone;
  while ((at = SkipPlain<'<', '&', '>'>(at, end)) < end) {
    if (*at == '<') return Stop(Status::kEnd, base, at, failure);
    if (*at == '>') {
      // XML 1.0 production 14.
      if (ClosesBrackets(base, at)) return Stop(Status::kFailed, base, at, StreamFailure::kNotWellFormed);
      at++;
    } else if (*at == '&') {
      if (!StepOverReference(at, end, failure)) return Stop(Status::kReference, base, at, failure);
    } else if (!StepOver(at, end, failure)) {
      return Stop(Status::kIncomplete, base, at, failure);
    }
  }
  return Stop(Status::kIncomplete, base, at, failure);
}

TextResult ScanCdata(const uint8_t* base, uint32_t from, uint32_t until) noexcept {
  const uint8_t* at = base + from;
  const uint8_t* const end = base + until;
  StreamFailure failure = StreamFailure::kNone;
  while ((at = SkipPlain<'>'>(at, end)) < end) {
    if (*at == '>') {
      if (ClosesBrackets(base, at++)) return Stop(Status::kEnd, base, at, failure);
    } else if (!StepOver(at, end, failure)) {
      return Stop(Status::kIncomplete, base, at, failure);
    }
  }
  return Stop(Status::kIncomplete, base, at, failure);
}

}  // namespace meerkat
