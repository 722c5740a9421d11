/** Decodes UTF-8 one byte at a time, refusing whatever RFC 3629 does not allow, across any cuts of the input. */

export const INCOMPLETE = -1;
export const INVALID = -2;

export class Utf8Decoder {
  #point = 0;
  /** Continuation bytes that are still to come. */
  #missing = 0;
  /** Bounds of the next byte: narrower than 80..BF behind some lead bytes (RFC 3629 section 4). */
  #lowest = 0x80;
  #highest = 0xbf;

  /** True in the middle of a character. */
  get isInside(): boolean {
    return this.#missing > 0;
  }

  /** The code point that this byte completes, or `INCOMPLETE`, or `INVALID`. */
  next(byte: number): number {
    if (this.#missing > 0) return this.#continuation(byte);
    if (byte < 0x80) return byte;
    return this.#lead(byte);
  }

  #lead(byte: number): number {
    if (byte < 0xc2 || byte > 0xf4) return INVALID;
    this.#missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    this.#point = byte & (0x3f >> this.#missing);
    // Overlong forms, surrogates and what lies above U+10FFFF show in the second byte.
    this.#lowest = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
    this.#highest = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
    return INCOMPLETE;
  }

  #continuation(byte: number): number {
    if (byte < this.#lowest || byte > this.#highest) return INVALID;
    this.#lowest = 0x80;
    this.#highest = 0xbf;
    this.#point = (this.#point << 6) | (byte & 0x3f);
    this.#missing -= 1;
    return this.#missing > 0 ? INCOMPLETE : this.#point;
  }
}
