/** Reads the nested values of ASN.1 in DER, as far as certificates and parameters need it. */

export const INTEGER = 0x02;
export const OBJECT_IDENTIFIER = 0x06;
export const SEQUENCE = 0x30;

export interface Der {
  readonly tag: number;
  readonly body: Uint8Array;
}

/** The values that stand one after another in `der`, as far as they are readable. */
export function parts(der: Uint8Array | undefined): Der[] {
  const found: Der[] = [];
  for (let at = 0; der && at + 2 <= der.length; ) {
    const tag = der[at] as number;
    let length = der[at + 1] as number;
    let start = at + 2;
    if (length > 0x7f) {
      const size = length & 0x7f;
      length = 0;
      for (let byte = 0; byte < size; byte++) length = length * 256 + (der[start++] ?? 0);
    }
    found.push({ tag, body: der.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}
