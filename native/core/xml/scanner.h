/// Runs over text and attribute values to the next byte that needs a look, sixteen at a time where the processor can.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "core/xml/characters.h"

#if defined(MEERKAT_SCALAR_SCANNER)
// The plain loop, for tests and comparisons.
#elif defined(__SSE2__)
#include <emmintrin.h>
#define MEERKAT_SCANNER_SSE2 1
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#define MEERKAT_SCANNER_NEON 1
#endif

namespace meerkat {

/// The first byte at or behind `at` that is one of `marks`, a control character or not ASCII; else `end`.
template <char... marks>
inline const uint8_t* SkipPlain(const uint8_t* at, const uint8_t* end) noexcept {
#if defined(MEERKAT_SCANNER_SSE2)
  for (; end - at >= 16; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    // As signed numbers, control characters and bytes above 0x7f are both less than a space.
    __m128i odd = _mm_cmplt_epi8(block, _mm_set1_epi8(0x20));
    ((odd = _mm_or_si128(odd, _mm_cmpeq_epi8(block, _mm_set1_epi8(marks)))), ...);
    const int found = _mm_movemask_epi8(odd);
    if (found != 0) return at + std::countr_zero(static_cast<unsigned>(found));
  }
#elif defined(MEERKAT_SCANNER_NEON)
  for (; end - at >= 16; at += 16) {
    const uint8x16_t block = vld1q_u8(at);
    uint8x16_t odd = vcltq_s8(vreinterpretq_s8_u8(block), vdupq_n_s8(0x20));
    ((odd = vorrq_u8(odd, vceqq_u8(block, vdupq_n_u8(static_cast<uint8_t>(marks))))), ...);
    // Four bits for each byte.
    const uint64_t bits = vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(odd), 4)), 0);
    if (bits != 0) return at + (std::countr_zero(bits) >> 2);
  }
#endif
  for (; at < end; at++) {
    if (*at < 0x20 || *at > 0x7f || ((*at == static_cast<uint8_t>(marks)) || ...)) return at;
  }
  return end;
}

/// The first byte at or behind `at` that is no lower-case letter, or `end`. Most names consist of those alone.
inline const uint8_t* SkipLowerCase(const uint8_t* at, const uint8_t* end) noexcept {
#if defined(MEERKAT_SCANNER_SSE2)
  if (end - at >= 16) {
    // Moved so that as signed numbers all letters are less than anything else.
    const __m128i moved = _mm_sub_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)), _mm_set1_epi8(static_cast<char>('a' + 128)));
    const int letters = _mm_movemask_epi8(_mm_cmplt_epi8(moved, _mm_set1_epi8(-128 + 26)));
    if (letters != 0xffff) return at + std::countr_one(static_cast<unsigned>(letters));
    at += 16;
  }
#endif
  while (at < end && *at >= 'a' && *at <= 'z') at++;
  return at;
}

/// One past the ASCII name without a colon that begins at `at`; `at` itself when there is none. Whether the name ends there, the
/// byte behind it has to tell.
inline const uint8_t* SkipAsciiName(const uint8_t* at, const uint8_t* end) noexcept {
  const uint8_t* const start = at;
  at = SkipLowerCase(at, end);
  if (at == end || !(kAsciiClasses[*at] & character_class::kPlainName)) return at;
  if (at == start && !(kAsciiClasses[*at] & character_class::kPlain)) return at;
  while (at < end && (kAsciiClasses[*at] & character_class::kPlainName)) at++;
  return at;
}

/// `memcmp` without a call for what is short, as names are.
inline bool SameBytes(const uint8_t* left, const uint8_t* right, size_t size) noexcept {
  const auto same = [=]<typename Word>(size_t at, Word) {
    Word one, other;
    std::memcpy(&one, left + at, sizeof(Word));
    std::memcpy(&other, right + at, sizeof(Word));
    return one == other;
  };
  if (size > 16) return std::memcmp(left, right, size) == 0;
  // Twice the same width, which may overlap.
  if (size >= 8) return same(0, uint64_t{}) && same(size - 8, uint64_t{});
  if (size >= 4) return same(0, uint32_t{}) && same(size - 4, uint32_t{});
  for (size_t at = 0; at < size; at++) {
    if (left[at] != right[at]) return false;
  }
  return true;
}

}  // namespace meerkat
