/** ASN.1 in its distinguished encoding (X.690 section 10), as far as certificates use it, read strictly. */

export class MalformedDer extends Error {}

export interface DerValue {
  /** Class, form and number, as in the first byte. */
  readonly tag: number;
  /** A view into the bytes that were read. */
  readonly content: Uint8Array;
}

export const tag = {
  OCTET_STRING: 0x04,
  OBJECT_IDENTIFIER: 0x06,
  UTF8_STRING: 0x0c,
  PRINTABLE_STRING: 0x13,
  IA5_STRING: 0x16,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/** Tag of a context-specific value, `[number]`. */
export function contextTag(number: number, isConstructed: boolean): number {
  return 0x80 | (isConstructed ? 0x20 : 0) | number;
}

/** All values, one after the other. Throws `MalformedDer`. */
export function readDer(bytes: Uint8Array): DerValue[] {
  const values: DerValue[] = [];
  let at = 0;
  while (at < bytes.length) {
    const { start, end } = readLength(bytes, at + 1);
    values.push({ tag: bytes[at]!, content: bytes.subarray(start, end) });
    at = end;
  }
  return values;
}

/** What a value of this tag consists of. */
export function childrenOf(value: DerValue | undefined, expected: number): DerValue[] {
  return readDer(contentOf(value, expected));
}

export function contentOf(value: DerValue | undefined, expected: number): Uint8Array {
  if (value?.tag !== expected) throw new MalformedDer('another tag was expected');
  return value.content;
}

/** As numbers with dots. */
export function oidOf(value: DerValue | undefined): string {
  const parts: number[] = [];
  let part = 0;
  for (const byte of contentOf(value, tag.OBJECT_IDENTIFIER)) {
    part = part * 128 + (byte & 0x7f);
    if (part > Number.MAX_SAFE_INTEGER / 128) throw new MalformedDer('an object identifier is too long');
    if (byte & 0x80) continue;
    if (parts.length === 0)
      parts.push(Math.min(Math.floor(part / 40), 2), part - Math.min(Math.floor(part / 40), 2) * 40);
    else parts.push(part);
    part = 0;
  }
  return parts.join('.');
}

/** X.690 sections 8.1.3 and 10.1: definite, in the fewest bytes, within what is there. */
function readLength(bytes: Uint8Array, at: number): { start: number; end: number } {
  const first = bytes[at];
  if (first === undefined || (bytes[at - 1]! & 0x1f) === 0x1f)
    throw new MalformedDer('cut off, or a tag of many bytes');
  let length = first;
  let start = at + 1;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 3 || start + count > bytes.length) throw new MalformedDer('an impossible length');
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + bytes[start++]!;
    if (length < 0x80 || length < 256 ** (count - 1)) throw new MalformedDer('a length with needless bytes');
  }
  if (start + length > bytes.length) throw new MalformedDer('cut off');
  return { start, end: start + length };
}
