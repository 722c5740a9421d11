/** Full-width and half-width characters replaced by what they are a form of (RFC 8264 section 5.2.1). */

/** Half-width Hangul letters in runs: first, last, and the letter that the first stands for. */
const hangul = [
  [0xffa0, 0xffa0, 0x3164],
  [0xffa1, 0xffbe, 0x3131],
  [0xffc2, 0xffc7, 0x314f],
  [0xffca, 0xffcf, 0x3155],
  [0xffd2, 0xffd7, 0x315b],
  [0xffda, 0xffdc, 0x3161],
] as const;

export function mapWidth(text: string): string {
  return text.replace(/[\u3000\uff01-\uffee]/g, narrow);
}

function narrow(character: string): string {
  const unit = character.charCodeAt(0);
  // The decomposition of these goes on under compatibility normalization; the mapping is its first step.
  if (unit === 0xffe3) return '\u00af';
  for (const [first, last, target] of hangul) {
    if (unit >= first && unit <= last) return String.fromCharCode(target + unit - first);
  }
  return character.normalize('NFKC');
}
