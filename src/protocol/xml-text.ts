/** Text as it stands in XML, and back. */

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&apos;', '"': '&quot;' };
const NEEDS_ESCAPE = /[&<>'"]/;
const EVERY_ESCAPE = /[&<>'"]/g;

/** Text made safe for character data and attribute values alike. */
export function escapeXml(text: string): string {
  return NEEDS_ESCAPE.test(text) ? text.replace(EVERY_ESCAPE, (character) => ESCAPES[character] as string) : text;
}

const NAMED_REFERENCES: Record<string, string> = { amp: '&', lt: '<', gt: '>', apos: "'", quot: '"' };

/** Undoes the five predefined entities and character references (XML 1.0 section 4.1); anything else stays as it is. */
export function unescapeXml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(amp|lt|gt|apos|quot));/g, (whole, hex, decimal, name) => {
    if (name !== undefined) return NAMED_REFERENCES[name] as string;
    const codePoint = hex === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16);
    return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : whole;
  });
}
