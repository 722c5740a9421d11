/** The order in which both XEPs sort texts. */

/** By the bytes of their UTF-8 (i;octet, RFC 4790 section 9.3). */
export function sorted(texts: readonly string[]): string[] {
  return texts
    .map((text) => ({ text, bytes: Buffer.from(text) }))
    .sort((one, other) => Buffer.compare(one.bytes, other.bytes))
    .map(({ text }) => text);
}
