/// Checks tags, references and CDATA openings one byte at a time, so that an unfinished one can be left and taken up again.
#pragma once

#include <cstdint>

#include "core/xml/characters.h"
#include "core/xml/envelope.h"

namespace meerkat {

/// The slow and resumable half of the scanner; `LexTag` is the fast one and finds the same faults.
class Lexer {
 public:
  enum class Status : uint8_t { kMore, kDone, kFailed };

  /// The next byte stands behind a `<`.
  void BeginMarkup() noexcept { Begin(State::kMarkup); }
  /// The next byte stands behind a `&`.
  void BeginReference() noexcept { BeginReference(State::kDone); }

  [[nodiscard]] Status Next(uint8_t byte) noexcept;
  /// Why the last byte was refused.
  [[nodiscard]] StreamFailure failure() const noexcept { return failure_; }
  /// What was just done was `<![CDATA[`.
  [[nodiscard]] bool is_cdata() const noexcept { return is_cdata_; }
  /// The code point of the reference that was just done.
  [[nodiscard]] uint32_t referenced() const noexcept { return referenced_; }

 private:
  enum class State : uint8_t {
    kMarkup,
    kBang,
    kCdata,
    kEndTagStart,
    kEndTagName,
    kEndTagSpace,
    kTagName,
    kTagSpace,
    kAttributeName,
    kEquals,
    kValueStart,
    kValue,
    kAfterValue,
    kEmptyTagEnd,
    kReferenceStart,
    kEntityName,
    kNumberStart,
    kDecimal,
    kHexadecimal,
    kDone,
  };

  void Begin(State state) noexcept {
    *this = Lexer();
    state_ = state;
  }
  void BeginReference(State outer) noexcept;
  Status Take(uint32_t c) noexcept;
  Status TakeInTag(uint32_t c) noexcept;
  Status TakeInReference(uint32_t c) noexcept;
  Status TakeEntityName(uint32_t c) noexcept;
  Status TakeDigit(uint32_t c) noexcept;
  Status AfterName(uint32_t c) noexcept;
  Status Equals(uint32_t c) noexcept;
  Status EndTagSpace(uint32_t c) noexcept;
  Status Enter(State state) noexcept {
    state_ = state;
    return Status::kMore;
  }
  Status Done() noexcept { return Status::kDone; }
  Status Fail(StreamFailure failure) noexcept {
    failure_ = failure;
    return Status::kFailed;
  }

  Utf8Decoder utf8_;
  /// Characters of an entity's name, the last one lowest; anything longer than four is no predefined one.
  uint32_t entity_ = 0;
  uint32_t referenced_ = 0;
  State state_ = State::kMarkup;
  State outer_ = State::kDone;
  uint8_t quote_ = 0;
  /// Characters of `[CDATA[` or of an entity's name, or whether there was a digit.
  uint8_t count_ = 0;
  StreamFailure failure_ = StreamFailure::kNone;
  bool is_cdata_ = false;
};

}  // namespace meerkat
