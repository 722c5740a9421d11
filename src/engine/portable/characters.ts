/** The character classes of XML 1.0 (fifth edition), by code point. */

/** Pairs of first and last code point of NameStartChar above ASCII (production 4), the colon being dealt with apart. */
const NAME_START: readonly (readonly [number, number])[] = [
  [0xc0, 0xd6],
  [0xd8, 0xf6],
  [0xf8, 0x2ff],
  [0x370, 0x37d],
  [0x37f, 0x1fff],
  [0x200c, 0x200d],
  [0x2070, 0x218f],
  [0x2c00, 0x2fef],
  [0x3001, 0xd7ff],
  [0xf900, 0xfdcf],
  [0xfdf0, 0xfffd],
  [0x10000, 0xeffff],
];

export const LESS_THAN = 0x3c;
export const GREATER_THAN = 0x3e;
export const SLASH = 0x2f;
export const BANG = 0x21;
export const QUESTION = 0x3f;
export const EQUALS = 0x3d;
export const QUOTE = 0x22;
export const APOSTROPHE = 0x27;
export const AMPERSAND = 0x26;
export const SEMICOLON = 0x3b;
export const HASH = 0x23;
export const COLON = 0x3a;
export const LEFT_BRACKET = 0x5b;
export const RIGHT_BRACKET = 0x5d;

/** Production 3. */
export function isSpace(c: number): boolean {
  return c === 0x20 || c === 0x0a || c === 0x09 || c === 0x0d;
}

/** Production 2: what may stand in a document at all. */
export function isXmlCharacter(c: number): boolean {
  if (c < 0x20) return c === 0x09 || c === 0x0a || c === 0x0d;
  return c <= 0xd7ff || (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

/** Production 4, colon included. */
export function isNameStart(c: number): boolean {
  if (c < 0x80) return (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || c === 0x5f || c === COLON;
  return NAME_START.some(([first, last]) => c >= first && c <= last);
}

/** Production 4a. */
export function isNameCharacter(c: number): boolean {
  if (isNameStart(c)) return true;
  if (c < 0x80) return (c >= 0x30 && c <= 0x39) || c === 0x2d || c === 0x2e;
  return c === 0xb7 || (c >= 0x300 && c <= 0x36f) || c === 0x203f || c === 0x2040;
}
