/// Runs over text and attribute values to the next byte that needs a look, sixteen at a time where the processor can.
#pragma once

#include <bit>
#include <cstdint>

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

/// The first byte at or behind `at` that is `first`, `second`, `third`, a control character or not ASCII; else `end`.
inline const uint8_t* SkipPlain(const uint8_t* at, const uint8_t* end, char first, char second, char third) noexcept {
#if defined(MEERKAT_SCANNER_SSE2)
  const __m128i one = _mm_set1_epi8(first);
  const __m128i two = _mm_set1_epi8(second);
  const __m128i three = _mm_set1_epi8(third);
  const __m128i space = _mm_set1_epi8(0x20);
  for (; end - at >= 16; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    // As signed numbers, control characters and bytes above 0x7f are both less than a space.
    const __m128i odd = _mm_or_si128(_mm_cmplt_epi8(block, space), _mm_cmpeq_epi8(block, one));
    const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(block, two), _mm_cmpeq_epi8(block, three));
    const int found = _mm_movemask_epi8(_mm_or_si128(odd, marks));
    if (found != 0) return at + std::countr_zero(static_cast<unsigned>(found));
  }
#elif defined(MEERKAT_SCANNER_NEON)
  const int8x16_t space = vdupq_n_s8(0x20);
  for (; end - at >= 16; at += 16) {
    const uint8x16_t block = vld1q_u8(at);
    uint8x16_t found = vcltq_s8(vreinterpretq_s8_u8(block), space);
    found = vorrq_u8(found, vceqq_u8(block, vdupq_n_u8(static_cast<uint8_t>(first))));
    found = vorrq_u8(found, vceqq_u8(block, vdupq_n_u8(static_cast<uint8_t>(second))));
    found = vorrq_u8(found, vceqq_u8(block, vdupq_n_u8(static_cast<uint8_t>(third))));
    // Four bits for each byte.
    const uint64_t bits = vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(found), 4)), 0);
    if (bits != 0) return at + (std::countr_zero(bits) >> 2);
  }
#endif
  for (; at < end; at++) {
    const char c = static_cast<char>(*at);
    if (c == first || c == second || c == third || *at < 0x20 || *at > 0x7f) return at;
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

}  // namespace meerkat
