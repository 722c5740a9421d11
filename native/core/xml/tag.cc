#include "core/xml/tag.h"

#include "core/xml/characters.h"
#include "core/xml/lexer.h"
#include "core/xml/plain_tag.h"
#include "core/xml/scanner.h"

namespace meerkat {

namespace {

using Status = LexResult::Status;

AttributeKind KindOf(const uint8_t* base, const Attribute& attribute) noexcept {
  const uint8_t* name = base + attribute.name;
  const uint32_t length = attribute.name_end - attribute.name;
  if (attribute.colon == 0) return PlainKindOf(name, length);
  if (attribute.colon == attribute.name + 5 && IsText(name, "xmlns")) return AttributeKind::kPrefixDeclaration;
  return length == 8 && IsText(name, "xml:lang") ? AttributeKind::kLang : AttributeKind::kOther;
}

class TagReader {
 public:
  TagReader(const uint8_t* base, uint32_t at, uint32_t end, uint32_t kept, Tag& tag) noexcept
      : base_(base), at_(base + at + 1), end_(base + end), kept_(kept), tag_(tag) {
    tag.start = at;
    tag.count = 0;
    tag.is_end = tag.is_empty = tag.has_bad_name = tag.has_declaration = tag.has_prefix = tag.may_repeat = false;
  }

  LexResult Read() noexcept {
    const bool done = ReadTag();
    return {done ? Status::kDone : failure_ == StreamFailure::kNone ? Status::kIncomplete : Status::kFailed, failure_};
  }

 private:
  [[nodiscard]] uint32_t Offset(const uint8_t* at) const noexcept { return static_cast<uint32_t>(at - base_); }
  [[nodiscard]] bool IsOver() const noexcept { return at_ == end_; }

  bool Fail(StreamFailure failure) noexcept {
    failure_ = failure;
    return false;
  }

  /// The character here has no place here; says which rule it breaks. Half a character may still turn out to break another one.
  bool Refuse() noexcept {
    const Decoded character = DecodeCharacter(at_, end_);
    if (character.point == Utf8Decoder::kIncomplete) return false;
    return Fail(character.point == Utf8Decoder::kInvalid ? StreamFailure::kBadCharacter : StreamFailure::kNotWellFormed);
  }

  void SkipSpace() noexcept {
    while (!IsOver() && IsSpace(*at_)) at_++;
  }

  bool ReadTag() noexcept {
    if (IsOver()) return false;
    if (*at_ == '/') return ReadEndTag();
    if (!ReadName(tag_.name, tag_.colon, tag_.name_end)) return false;
    tag_.has_prefix = tag_.colon != 0;
    while (true) {
      if (IsOver()) return false;
      if (*at_ == '>') return Finish();
      const uint8_t* space = at_;
      SkipSpace();
      if (IsOver()) return false;
      if (*at_ == '>') return Finish();
      if (*at_ == '/') return ReadEmptyEnd();
      if (at_ == space) return Refuse();
      if (!ReadAttribute(space)) return false;
    }
  }

  bool Finish() noexcept {
    tag_.end = Offset(++at_);
    return true;
  }

  bool ReadEmptyEnd() noexcept {
    at_++;
    if (IsOver()) return false;
    if (*at_ != '>') return Refuse();
    tag_.is_empty = true;
    return Finish();
  }

  bool ReadEndTag() noexcept {
    at_++;
    tag_.is_end = true;
    if (!ReadName(tag_.name, tag_.colon, tag_.name_end)) return false;
    SkipSpace();
    if (IsOver()) return false;
    return *at_ == '>' ? Finish() : Refuse();
  }

  /// Reads a name; the byte behind it is left, but has to be there.
  bool ReadName(uint32_t& name, uint32_t& colon, uint32_t& name_end) noexcept {
    const uint8_t* const start = at_;
    at_ = SkipAsciiName(at_, end_);
    if (IsOver()) return false;
    name = Offset(start);
    colon = 0;
    if (at_ == start || *at_ >= 0x80 || *at_ == ':') {
      at_ = start;
      return ReadOddName(colon, name_end);
    }
    name_end = Offset(at_);
    return true;
  }

  /// A name with a colon, or with more than ASCII.
  bool ReadOddName(uint32_t& colon, uint32_t& name_end) noexcept {
    const uint8_t* const start = at_;
    bool expects_start = true;
    while (!IsOver()) {
      const Decoded character = DecodeCharacter(at_, end_);
      if (character.point == Utf8Decoder::kIncomplete) return false;
      if (character.point == Utf8Decoder::kInvalid) return Fail(StreamFailure::kBadCharacter);
      const bool is_start = IsNameStart(character.point);
      if (!is_start && (at_ == start || !IsNameCharacter(character.point))) break;
      const bool is_colon = character.point == ':';
      if (is_colon) tag_.has_bad_name |= colon != 0;
      tag_.has_bad_name |= expects_start && (is_colon || !is_start);
      if (is_colon) colon = Offset(at_);
      expects_start = is_colon;
      at_ += character.size;
    }
    if (IsOver()) return false;
    if (at_ == start) return Refuse();
    tag_.has_bad_name |= expects_start;
    name_end = Offset(at_);
    return true;
  }

  bool ReadAttribute(const uint8_t* space) noexcept {
    Attribute& attribute = tag_.count < kept_ ? tag_.attributes[tag_.count] : spare_;
    attribute.space = Offset(space);
    if (!ReadName(attribute.name, attribute.colon, attribute.name_end)) return false;
    if (*at_ != '=') SkipSpace();
    if (IsOver()) return false;
    if (*at_ != '=') return Refuse();
    at_++;
    SkipSpace();
    if (IsOver()) return false;
    const uint8_t quote = *at_;
    if (quote != '"' && quote != '\'') return Refuse();
    at_++;
    tag_.count++;
    attribute.kind = KindOf(base_, attribute);
    tag_.has_declaration |= attribute.is_declaration();
    tag_.has_prefix |= attribute.colon != 0 && attribute.kind == AttributeKind::kOther;
    const uint64_t mark = Mark(base_ + (attribute.colon == 0 ? attribute.name : attribute.colon + 1), base_ + attribute.name_end);
    tag_.may_repeat |= (seen_ & mark) != 0;
    seen_ |= mark;
    return ReadValue(attribute, quote);
  }

  bool ReadValue(Attribute& attribute, uint8_t quote) noexcept {
    attribute.value = Offset(at_);
    attribute.has_reference = attribute.has_white = false;
    attribute.is_ascii = true;
    while (true) {
      at_ = SkipPlain<'"', '\'', '<', '&'>(at_, end_);
      if (IsOver()) return false;
      const uint8_t byte = *at_;
      if (byte == quote) break;
      if (byte == '&') {
        attribute.has_reference = true;
        if (!ReadReference()) return false;
      } else if (byte == '<') {
        return Fail(StreamFailure::kNotWellFormed);
      } else if (byte < 0x20) {
        if (!IsSpace(byte)) return Fail(StreamFailure::kBadCharacter);
        attribute.has_white = true;
        at_++;
      } else if (byte < 0x80) {
        at_++;  // the other quote
      } else {
        attribute.is_ascii = false;
        const Decoded character = DecodeCharacter(at_, end_);
        if (character.point == Utf8Decoder::kIncomplete) return false;
        if (character.point == Utf8Decoder::kInvalid) return Fail(StreamFailure::kBadCharacter);
        at_ += character.size;
      }
    }
    attribute.value_end = Offset(at_++);
    return true;
  }

  bool ReadReference() noexcept {
    Lexer lexer;
    lexer.BeginReference();
    at_++;
    while (!IsOver()) {
      const Lexer::Status status = lexer.Next(*at_);
      if (status == Lexer::Status::kFailed) return Fail(lexer.failure());
      at_++;
      if (status == Lexer::Status::kDone) return true;
    }
    return false;
  }

  const uint8_t* const base_;
  const uint8_t* at_;
  const uint8_t* const end_;
  const uint32_t kept_;
  Tag& tag_;
  StreamFailure failure_ = StreamFailure::kNone;
  uint64_t seen_ = 0;
  /// Takes the attributes that are only counted.
  Attribute spare_;
};

}  // namespace

LexResult LexTag(const uint8_t* base, uint32_t at, uint32_t end, uint32_t kept, Tag& tag) noexcept {
  kept = kept < kMostAttributes ? kept : kMostAttributes;
  if (LexPlainTag(base, at, end, kept, tag)) return {Status::kDone, StreamFailure::kNone};
  return TagReader(base, at, end, kept, tag).Read();
}

}  // namespace meerkat
