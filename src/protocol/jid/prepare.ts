/** The parts of an address brought into their canonical form (RFC 7622 section 3); ASCII text is scanned once. */
import { opaqueString, usernameCaseMapped } from '../precis/profiles.js';
import { prepareInternationalDomain } from './domain.js';

const LOCAL = 1;
const RESOURCE = 2;
const LABEL = 4;
const UPPER = 8;

const DOT = 0x2e;
const HYPHEN = 0x2d;
const MAX_BYTES = 1023;
const MAX_LABEL = 63;
const MAX_NAME = 253;
/** Preparation leaves at least a quarter of the UTF-16 units, so text that is longer is refused without it. */
const MAX_UNITS = 4 * MAX_BYTES;

/** What each ASCII character may be part of. */
const ascii = classifyAscii();

/** RFC 7622 section 3.3: the UsernameCaseMapped profile without `"&'/:<>@`. */
export function prepareLocal(text: string): string | undefined {
  const { length } = text;
  if (length === 0 || length > MAX_UNITS) return undefined;
  let flags = 0;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return prepareInternationalLocal(text);
    const flag = ascii[unit]!;
    if ((flag & LOCAL) === 0) return undefined;
    flags |= flag;
  }
  if (length > MAX_BYTES) return undefined;
  return (flags & UPPER) === 0 ? text : text.toLowerCase();
}

/** RFC 7622 section 3.4: the OpaqueString profile. */
export function prepareResource(text: string): string | undefined {
  const { length } = text;
  if (length === 0 || length > MAX_UNITS) return undefined;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return withinBytes(opaqueString(text));
    if ((ascii[unit]! & RESOURCE) === 0) return undefined;
  }
  return length > MAX_BYTES ? undefined : text;
}

/** RFC 7622 section 3.2: a name, an IPv4 address or an IPv6 address in brackets. */
export function prepareDomain(text: string): string | undefined {
  if (text.length > MAX_UNITS) return undefined;
  // RFC 7622 section 3.2: one final dot is not part of the name.
  const length = text.charCodeAt(text.length - 1) === DOT ? text.length - 1 : text.length;
  let flags = 0;
  let label = 0;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === DOT) {
      if (!isPlainLabel(text, label, i)) return prepareDomainSlowly(text);
      label = i + 1;
    } else {
      const flag = unit < 0x80 ? ascii[unit]! : 0;
      if ((flag & LABEL) === 0) return prepareDomainSlowly(text);
      flags |= flag;
    }
  }
  if (length > MAX_NAME || !isPlainLabel(text, label, length)) return prepareDomainSlowly(text);
  const name = length === text.length ? text : text.slice(0, length);
  return (flags & UPPER) === 0 ? name : name.toLowerCase();
}

/** Not empty, not too long, no hyphen at an end and not two where A-labels have them (RFC 5890 section 2.3.1). */
function isPlainLabel(text: string, start: number, end: number): boolean {
  if (start === end || end - start > MAX_LABEL) return false;
  if (text.charCodeAt(start) === HYPHEN || text.charCodeAt(end - 1) === HYPHEN) return false;
  return text.charCodeAt(start + 2) !== HYPHEN || text.charCodeAt(start + 3) !== HYPHEN;
}

function prepareDomainSlowly(text: string): string | undefined {
  return withinBytes(prepareInternationalDomain(text));
}

function prepareInternationalLocal(text: string): string | undefined {
  const prepared = usernameCaseMapped(text);
  return prepared === undefined || /["&'/:<>@]/.test(prepared) ? undefined : withinBytes(prepared);
}

function withinBytes(text: string | undefined): string | undefined {
  return text === undefined || Buffer.byteLength(text, 'utf8') > MAX_BYTES ? undefined : text;
}

function classifyAscii(): Uint8Array {
  const table = new Uint8Array(128);
  for (let unit = 0x20; unit < 0x7f; unit++) {
    const character = String.fromCharCode(unit);
    let flags = RESOURCE;
    if (!/[ "&'/:<>@]/.test(character)) flags |= LOCAL;
    if (/[A-Za-z0-9_-]/.test(character)) flags |= LABEL;
    if (/[A-Z]/.test(character)) flags |= UPPER;
    table[unit] = flags;
  }
  return table;
}
