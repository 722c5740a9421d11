/// The character classes of XML 1.0 (fifth edition), and UTF-8 as RFC 3629 has it.
#pragma once

#include <array>
#include <cstdint>

namespace meerkat {

namespace character_class {
inline constexpr uint8_t kNameStart = 1;
inline constexpr uint8_t kName = 2;
inline constexpr uint8_t kSpace = 4;
/// A name may begin with it, and it is no colon.
inline constexpr uint8_t kPlain = 8;
/// A name may hold it, and it is no colon.
inline constexpr uint8_t kPlainName = 16;
}  // namespace character_class

consteval std::array<uint8_t, 256> ClassifyAscii() {
  using namespace character_class;
  std::array<uint8_t, 256> classes{};
  for (int c = 'a'; c <= 'z'; c++) classes[c] = kNameStart | kName | kPlain | kPlainName;
  for (int c = 'A'; c <= 'Z'; c++) classes[c] = kNameStart | kName | kPlain | kPlainName;
  for (int c = '0'; c <= '9'; c++) classes[c] = kName | kPlainName;
  classes['_'] = kNameStart | kName | kPlain | kPlainName;
  classes[':'] = kNameStart | kName;
  classes['-'] = classes['.'] = kName | kPlainName;
  classes[' '] = classes['\t'] = classes['\r'] = classes['\n'] = kSpace;
  return classes;
}

/// By byte; 0 for bytes that are not ASCII.
inline constexpr std::array<uint8_t, 256> kAsciiClasses = ClassifyAscii();

/// Production 3.
constexpr bool IsSpace(uint8_t byte) noexcept { return kAsciiClasses[byte] == character_class::kSpace; }
/// Production 2.
constexpr bool IsXmlCharacter(uint32_t c) noexcept {
  if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
  return c <= 0xd7ff || (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}
/// Production 4, colon included.
[[nodiscard]] bool IsNameStart(uint32_t c) noexcept;
/// Production 4a.
[[nodiscard]] bool IsNameCharacter(uint32_t c) noexcept;

/// Decodes UTF-8 one byte at a time, across any cuts of the input.
class Utf8Decoder {
 public:
  static constexpr uint32_t kIncomplete = 0xfffffffe;
  static constexpr uint32_t kInvalid = 0xffffffff;

  /// The code point that this byte completes, or one of the above.
  [[nodiscard]] uint32_t Next(uint8_t byte) noexcept {
    if (missing_ == 0) return byte < 0x80 ? byte : Lead(byte);
    if (byte < lowest_ || byte > highest_) return kInvalid;
    lowest_ = 0x80;
    highest_ = 0xbf;
    point_ = point_ << 6 | (byte & 0x3f);
    return --missing_ == 0 ? point_ : kIncomplete;
  }
  /// True in the middle of a character.
  [[nodiscard]] bool is_inside() const noexcept { return missing_ > 0; }

 private:
  uint32_t Lead(uint8_t byte) noexcept;

  uint32_t point_ = 0;
  uint8_t missing_ = 0;
  /// Bounds of the next byte: narrower than 80..BF behind some lead bytes (RFC 3629 section 4).
  uint8_t lowest_ = 0x80;
  uint8_t highest_ = 0xbf;
};

struct Decoded {
  /// Or one of Utf8Decoder's two. An allowed character otherwise.
  uint32_t point;
  uint32_t size;
};

/// Reads the character at `at`, which is before `end`. What XML forbids is invalid.
[[nodiscard]] inline Decoded DecodeCharacter(const uint8_t* at, const uint8_t* end) noexcept {
  Utf8Decoder decoder;
  uint32_t point = Utf8Decoder::kIncomplete;
  uint32_t size = 0;
  while (point == Utf8Decoder::kIncomplete && at + size < end) point = decoder.Next(at[size++]);
  if (point < 0x110000 && !IsXmlCharacter(point)) point = Utf8Decoder::kInvalid;
  return {point, size};
}

constexpr bool IsContinuation(uint8_t byte) noexcept { return (byte & 0xc0) == 0x80; }

/// Runs over the characters of most scripts, and the spaces between their words, as long as nothing about them is in doubt.
[[nodiscard]] inline const uint8_t* SkipUsualNonAscii(const uint8_t* at, const uint8_t* end) noexcept {
  while (end - at >= 3) {
    const uint8_t lead = *at;
    if (lead == ' ') at++;
    else if (lead >= 0xc2 && lead <= 0xdf && IsContinuation(at[1])) at += 2;
    else if (lead >= 0xe1 && lead <= 0xec && IsContinuation(at[1]) && IsContinuation(at[2])) at += 3;
    else break;
  }
  return at;
}

}  // namespace meerkat
