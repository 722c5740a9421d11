/** Domain parts that a scan of ASCII cannot settle: internationalized names, A-labels, IPv6 (RFC 7622 section 3.2). */
import { isRightToLeft, obeysBidiRule } from '../precis/bidi.js';
import { inLabel, isLabelMark } from '../precis/derived.js';
import { codePoints, consistsOf } from '../precis/profiles.js';
import { mapWidth } from '../precis/width.js';
import { decodePunycode, encodePunycode } from './punycode.js';

const ACE_PREFIX = 'xn--';
const MAX_LABEL = 63;
const MAX_NAME = 253;

/** The canonical form: U-labels in lower case, no final dot. `undefined` when invalid. */
export function prepareInternationalDomain(text: string): string | undefined {
  if (text.startsWith('[')) return prepareIpv6(text);
  const mapped = mapDomain(text);
  const name = mapped.endsWith('.') ? mapped.slice(0, -1) : mapped;
  const labels: number[][] = [];
  let asciiLength = -1;
  for (const text of name.split('.')) {
    const label = prepareLabel(text);
    if (label === undefined) return undefined;
    const length = toAscii(label).length;
    if (length > MAX_LABEL) return undefined;
    asciiLength += length + 1;
    labels.push(label);
  }
  if (asciiLength > MAX_NAME) return undefined;
  // RFC 5893 section 2: one label that runs from right to left binds all others to the rule.
  if (labels.some(isRightToLeft) && !labels.every(obeysBidiRule)) return undefined;
  return labels.map((label) => String.fromCodePoint(...label)).join('.');
}

/** The name as DNS and certificates have it, in A-labels. `domain` is prepared. */
export function domainToAscii(domain: string): string {
  return domain
    .split('.')
    .map((label) => toAscii(codePoints(label)))
    .join('.');
}

/** RFC 5895 section 2. */
function mapDomain(text: string): string {
  const lower = mapWidth(text).toLowerCase().normalize('NFC').replaceAll('\u3002', '.');
  // The letters of Cherokee are valid in upper case only, since they fold to it (RFC 5892 section 2.2).
  return lower.replace(/[\uab70-\uabbf\u13f8-\u13fd]/g, (letter) => letter.toUpperCase());
}

/** As code points, with an A-label decoded. */
function prepareLabel(text: string): number[] | undefined {
  const label = codePoints(text);
  if (label.some((codePoint) => codePoint >= 0x80)) return isULabel(text, label) ? label : undefined;
  if (!text.startsWith(ACE_PREFIX)) return isAsciiLabel(text) ? label : undefined;
  const decoded = decodePunycode(text.slice(ACE_PREFIX.length));
  if (decoded === undefined || decoded.every((codePoint) => codePoint < 0x80)) return undefined;
  if (!isULabel(String.fromCodePoint(...decoded), decoded)) return undefined;
  return toAscii(decoded) === text ? decoded : undefined;
}

/** RFC 5890 section 2.3.1. The underscore is no host name's, but names with it are in use on private networks. */
function isAsciiLabel(text: string): boolean {
  return /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/.test(text) && !hasReservedHyphens(text);
}

/** RFC 5891 section 4.2. */
function isULabel(text: string, label: readonly number[]): boolean {
  if (text.startsWith('-') || text.endsWith('-') || hasReservedHyphens(text)) return false;
  if (isLabelMark(label[0]!) || text.normalize('NFC') !== text) return false;
  return consistsOf(label, inLabel);
}

function hasReservedHyphens(text: string): boolean {
  return text.startsWith('--', 2);
}

function toAscii(label: readonly number[]): string {
  if (label.every((codePoint) => codePoint < 0x80)) return String.fromCodePoint(...label);
  return ACE_PREFIX + encodePunycode(label);
}

/** In the form of RFC 5952, which URL writes. */
function prepareIpv6(text: string): string | undefined {
  if (text.length > 47 || !/^\[[0-9A-Fa-f:.]+\]$/.test(text)) return undefined;
  const url = `http://${text}/`;
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}
