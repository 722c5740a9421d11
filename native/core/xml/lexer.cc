#include "core/xml/lexer.h"

#include <string_view>

namespace meerkat {

namespace {

constexpr std::string_view kCdataOpening = "[CDATA[";
constexpr uint32_t kBeyondUnicode = 0x110000;
constexpr uint8_t kLongestEntity = 4;

constexpr uint32_t Pack(std::string_view name) {
  uint32_t packed = 0;
  for (char c : name) packed = packed << 8 | static_cast<uint8_t>(c);
  return packed;
}

bool IsSpaceCharacter(uint32_t c) noexcept { return c < 0x80 && IsSpace(static_cast<uint8_t>(c)); }

}  // namespace

void Lexer::BeginReference(State outer) noexcept {
  if (outer == State::kDone) *this = Lexer();
  outer_ = outer;
  state_ = State::kReferenceStart;
}

Lexer::Status Lexer::Next(uint8_t byte) noexcept {
  const uint32_t c = utf8_.Next(byte);
  if (c == Utf8Decoder::kIncomplete) return Status::kMore;
  if (c == Utf8Decoder::kInvalid || !IsXmlCharacter(c)) return Fail(StreamFailure::kBadCharacter);
  return Take(c);
}

Lexer::Status Lexer::Take(uint32_t c) noexcept {
  switch (state_) {
    case State::kMarkup:
      // RFC 6120 section 11.1: no processing instructions.
      if (c == '?') return Fail(StreamFailure::kRestrictedXml);
      if (c == '/') return Enter(State::kEndTagStart);
      if (c == '!') return Enter(State::kBang);
      return IsNameStart(c) ? Enter(State::kTagName) : Fail(StreamFailure::kNotWellFormed);
    case State::kBang:
      // RFC 6120 section 11.1: neither comments nor document type declarations.
      if (c != '[') return Fail(StreamFailure::kRestrictedXml);
      count_ = 1;
      return Enter(State::kCdata);
    case State::kCdata:
      if (c != static_cast<uint8_t>(kCdataOpening[count_])) return Fail(StreamFailure::kNotWellFormed);
      is_cdata_ = ++count_ == kCdataOpening.size();
      return is_cdata_ ? Done() : Status::kMore;
    case State::kReferenceStart:
    case State::kEntityName:
    case State::kNumberStart:
    case State::kDecimal:
    case State::kHexadecimal:
      return TakeInReference(c);
    default:
      return TakeInTag(c);
  }
}

Lexer::Status Lexer::TakeInTag(uint32_t c) noexcept {
  switch (state_) {
    case State::kEndTagStart:
      return IsNameStart(c) ? Enter(State::kEndTagName) : Fail(StreamFailure::kNotWellFormed);
    case State::kEndTagName:
      return IsNameCharacter(c) ? Status::kMore : EndTagSpace(c);
    case State::kEndTagSpace:
      return EndTagSpace(c);
    case State::kTagName:
      return IsNameCharacter(c) ? Status::kMore : AfterName(c);
    case State::kAfterValue:
      return AfterName(c);
    case State::kTagSpace:
      return IsNameStart(c) ? Enter(State::kAttributeName) : AfterName(c);
    case State::kAttributeName:
      return IsNameCharacter(c) ? Status::kMore : Equals(c);
    case State::kEquals:
      return Equals(c);
    case State::kValueStart:
      if (IsSpaceCharacter(c)) return Status::kMore;
      if (c != '"' && c != '\'') return Fail(StreamFailure::kNotWellFormed);
      quote_ = static_cast<uint8_t>(c);
      return Enter(State::kValue);
    case State::kValue:
      if (c == quote_) return Enter(State::kAfterValue);
      if (c == '&') BeginReference(State::kValue);
      return c == '<' ? Fail(StreamFailure::kNotWellFormed) : Status::kMore;
    default:
      return c == '>' ? Done() : Fail(StreamFailure::kNotWellFormed);
  }
}

Lexer::Status Lexer::AfterName(uint32_t c) noexcept {
  if (IsSpaceCharacter(c)) return Enter(State::kTagSpace);
  if (c == '/') return Enter(State::kEmptyTagEnd);
  return c == '>' ? Done() : Fail(StreamFailure::kNotWellFormed);
}

Lexer::Status Lexer::Equals(uint32_t c) noexcept {
  if (c == '=') return Enter(State::kValueStart);
  return IsSpaceCharacter(c) ? Enter(State::kEquals) : Fail(StreamFailure::kNotWellFormed);
}

Lexer::Status Lexer::EndTagSpace(uint32_t c) noexcept {
  if (c == '>') return Done();
  return IsSpaceCharacter(c) ? Enter(State::kEndTagSpace) : Fail(StreamFailure::kNotWellFormed);
}

Lexer::Status Lexer::TakeInReference(uint32_t c) noexcept {
  switch (state_) {
    case State::kReferenceStart:
      if (c == '#') return Enter(State::kNumberStart);
      if (!IsNameStart(c)) return Fail(StreamFailure::kNotWellFormed);
      entity_ = 0;
      count_ = 0;
      state_ = State::kEntityName;
      return TakeEntityName(c);
    case State::kEntityName:
      return TakeEntityName(c);
    case State::kNumberStart:
      referenced_ = 0;
      count_ = 0;
      if (c == 'x') return Enter(State::kHexadecimal);
      state_ = State::kDecimal;
      return TakeDigit(c);
    default:
      return TakeDigit(c);
  }
}

Lexer::Status Lexer::TakeEntityName(uint32_t c) noexcept {
  if (c != ';') {
    if (!IsNameCharacter(c)) return Fail(StreamFailure::kNotWellFormed);
    if (count_ <= kLongestEntity) count_++;
    // Characters above ASCII leave a zero byte, which no predefined name has.
    entity_ = entity_ << 8 | (c < 0x80 ? c : 0);
    return Status::kMore;
  }
  // RFC 6120 section 11.1: no entities but the predefined ones.
  if (count_ > kLongestEntity) return Fail(StreamFailure::kRestrictedXml);
  switch (entity_) {
    case Pack("lt"): referenced_ = '<'; break;
    case Pack("gt"): referenced_ = '>'; break;
    case Pack("amp"): referenced_ = '&'; break;
    case Pack("apos"): referenced_ = '\''; break;
    case Pack("quot"): referenced_ = '"'; break;
    default: return Fail(StreamFailure::kRestrictedXml);
  }
  if (outer_ == State::kDone) return Done();
  return Enter(outer_);
}

Lexer::Status Lexer::TakeDigit(uint32_t c) noexcept {
  if (c == ';') {
    if (count_ == 0) return Fail(StreamFailure::kNotWellFormed);
    if (!IsXmlCharacter(referenced_)) return Fail(StreamFailure::kBadCharacter);
    return outer_ == State::kDone ? Done() : Enter(outer_);
  }
  const uint32_t radix = state_ == State::kHexadecimal ? 16 : 10;
  const uint32_t lower = c | 0x20;
  uint32_t digit = radix;
  if (c >= '0' && c <= '9') digit = c - '0';
  else if (c < 0x80 && lower >= 'a' && lower <= 'f') digit = lower - 'a' + 10;
  if (digit >= radix) return Fail(StreamFailure::kNotWellFormed);
  count_ = 1;
  referenced_ = referenced_ * radix + digit;
  // Kept just above the last code point, so that it cannot overflow into a valid one.
  if (referenced_ > kBeyondUnicode) referenced_ = kBeyondUnicode;
  return Status::kMore;
}

}  // namespace meerkat
