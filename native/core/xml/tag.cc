#include "core/xml/tag.h"

#include "core/xml/characters.h"
#include "core/xml/lexer.h"
#include "core/xml/scanner.h"

namespace meerkat {

namespace {

using Status = LexResult::Status;

class TagReader {
 public:
  TagReader(const uint8_t* base, uint32_t at, uint32_t end, uint32_t kept, Tag& tag) noexcept
      : base_(base), at_(base + at + 1), end_(base + end), kept_(kept), tag_(tag) {
    tag.start = at;
    tag.count = 0;
    tag.is_end = tag.is_empty = tag.has_bad_name = false;
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
    while (true) {
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

  /// Reads a name and the byte behind it, which is left.
  bool ReadName(uint32_t& name, uint32_t& colon, uint32_t& name_end) noexcept {
    if (IsOver()) return false;
    const uint8_t* const start = at_;
    const uint8_t* found = nullptr;
    bool expects_start = true;
    name = Offset(start);
    for (;;) {
      if (IsOver()) return false;
      const uint8_t byte = *at_;
      const uint8_t flags = kAsciiClasses[byte];
      uint32_t size = 1;
      bool is_start = flags & character_class::kNameStart;
      bool is_name = flags & character_class::kName;
      if (byte >= 0x80) {
        const Decoded character = DecodeCharacter(at_, end_);
        if (character.point == Utf8Decoder::kIncomplete) return false;
        if (character.point == Utf8Decoder::kInvalid) return Fail(StreamFailure::kBadCharacter);
        size = character.size;
        is_start = IsNameStart(character.point);
        is_name = is_start || IsNameCharacter(character.point);
      }
      if (at_ == start ? !is_start : !is_name) break;
      if (byte == ':') {
        tag_.has_bad_name |= expects_start || found != nullptr;
        found = at_;
        expects_start = true;
      } else {
        tag_.has_bad_name |= expects_start && !is_start;
        expects_start = false;
      }
      at_ += size;
    }
    if (at_ == start) return Refuse();
    tag_.has_bad_name |= expects_start;
    colon = found ? Offset(found) : 0;
    name_end = Offset(at_);
    return true;
  }

  bool ReadAttribute(const uint8_t* space) noexcept {
    Attribute& attribute = tag_.count < kept_ ? tag_.attributes[tag_.count] : spare_;
    attribute.space = Offset(space);
    if (!ReadName(attribute.name, attribute.colon, attribute.name_end)) return false;
    SkipSpace();
    if (IsOver()) return false;
    if (*at_ != '=') return Refuse();
    at_++;
    SkipSpace();
    if (IsOver()) return false;
    const uint8_t quote = *at_;
    if (quote != '"' && quote != '\'') return Refuse();
    at_++;
    tag_.count++;
    return ReadValue(attribute, quote);
  }

  bool ReadValue(Attribute& attribute, uint8_t quote) noexcept {
    attribute.value = Offset(at_);
    attribute.has_reference = attribute.has_white = false;
    attribute.is_ascii = true;
    while (true) {
      at_ = SkipPlain(at_, end_, static_cast<char>(quote), '<', '&');
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
  /// Takes the attributes that are only counted.
  Attribute spare_;
};

}  // namespace

bool Attribute::is_default_declaration(const uint8_t* base) const noexcept {
  return colon == 0 && Text(base, name, name_end) == "xmlns";
}

bool Attribute::is_prefix_declaration(const uint8_t* base) const noexcept {
  return colon != 0 && Text(base, name, colon) == "xmlns";
}

LexResult LexTag(const uint8_t* base, uint32_t at, uint32_t end, uint32_t kept, Tag& tag) noexcept {
  return TagReader(base, at, end, kept < kMostAttributes ? kept : kMostAttributes, tag).Read();
}

}  // namespace meerkat
