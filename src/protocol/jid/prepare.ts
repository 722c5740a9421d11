/** The parts of an address brought into their canonical form (RFC 7622 section 3); text that is ASCII is scanned once. */

const LOCAL = 1;
const RESOURCE = 2;
const LABEL = 4;
const UPPER = 8;
const HYPHEN = 16;
const DIGIT = 32;

const MAX_BYTES = 1023;
const MAX_LABEL_BYTES = 63;

/** What each ASCII character may be part of. */
const ascii = classify();

/** RFC 7622 section 3.3: the UsernameCaseMapped profile without `"&'/:<>@`. */
export function prepareLocal(text: string): string | undefined {
  const { length } = text;
  let flags = 0;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return undefined;
    const flag = ascii[unit]!;
    if ((flag & LOCAL) === 0) return undefined;
    flags |= flag;
  }
  if (length === 0 || length > MAX_BYTES) return undefined;
  return flags & UPPER ? text.toLowerCase() : text;
}

/** RFC 7622 section 3.4: the OpaqueString profile. */
export function prepareResource(text: string): string | undefined {
  const { length } = text;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return undefined;
    if ((ascii[unit]! & RESOURCE) === 0) return undefined;
  }
  return length === 0 || length > MAX_BYTES ? undefined : text;
}

/** RFC 7622 section 3.2: a name, an IPv4 address or an IPv6 address in brackets. */
export function prepareDomain(text: string): string | undefined {
  // RFC 7622 section 3.2: one final dot is not part of the name.
  const length = text.charCodeAt(text.length - 1) === 0x2e ? text.length - 1 : text.length;
  let flags = 0;
  let labelStart = 0;
  for (let i = 0; i <= length; i++) {
    const unit = i === length ? 0x2e : text.charCodeAt(i);
    if (unit === 0x2e) {
      if (i === labelStart || i - labelStart > MAX_LABEL_BYTES) return undefined;
      if (text.charCodeAt(labelStart) === 0x2d || text.charCodeAt(i - 1) === 0x2d) return undefined;
      labelStart = i + 1;
      continue;
    }
    if (unit >= 0x80) return undefined;
    const flag = ascii[unit]!;
    if ((flag & LABEL) === 0) return undefined;
    flags |= flag;
  }
  const name = length === text.length ? text : text.slice(0, length);
  return flags & UPPER ? name.toLowerCase() : name;
}

function classify(): Uint8Array {
  const table = new Uint8Array(128);
  for (let unit = 0x20; unit < 0x7f; unit++) {
    const character = String.fromCharCode(unit);
    let flags = RESOURCE;
    if (unit !== 0x20 && !`"&'/:<>@`.includes(character)) flags |= LOCAL;
    if (/[A-Za-z0-9_-]/.test(character)) flags |= LABEL;
    if (/[A-Z]/.test(character)) flags |= UPPER;
    if (/[0-9]/.test(character)) flags |= DIGIT;
    if (character === '-') flags |= HYPHEN;
    table[unit] = flags;
  }
  return table;
}
