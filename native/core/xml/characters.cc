#include "core/xml/characters.h"

namespace meerkat {

namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};

/// NameStartChar above ASCII.
constexpr Range kNameStartRanges[] = {
    {0xc0, 0xd6},     {0xd8, 0xf6},     {0xf8, 0x2ff},    {0x370, 0x37d},   {0x37f, 0x1fff},   {0x200c, 0x200d},
    {0x2070, 0x218f}, {0x2c00, 0x2fef}, {0x3001, 0xd7ff}, {0xf900, 0xfdcf}, {0xfdf0, 0xfffd}, {0x10000, 0xeffff},
};

}  // namespace

bool IsNameStart(uint32_t c) noexcept {
  if (c < 0x80) return kAsciiClasses[c] & character_class::kNameStart;
  for (const Range& range : kNameStartRanges) {
    if (c >= range.first && c <= range.last) return true;
  }
  return false;
}

bool IsNameCharacter(uint32_t c) noexcept {
  if (c < 0x80) return kAsciiClasses[c] & character_class::kName;
  return c == 0xb7 || (c >= 0x300 && c <= 0x36f) || c == 0x203f || c == 0x2040 || IsNameStart(c);
}

uint32_t Utf8Decoder::Lead(uint8_t byte) noexcept {
  if (byte < 0xc2 || byte > 0xf4) return kInvalid;
  missing_ = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
  point_ = byte & (0x3f >> missing_);
  // Overlong forms, surrogates and what lies above U+10FFFF show in the second byte.
  lowest_ = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
  highest_ = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
  return kIncomplete;
}

}  // namespace meerkat
