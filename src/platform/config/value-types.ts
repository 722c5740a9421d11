/**
 * The grammar in which the catalogue writes types, and the check of single values against it:
 * `string:path`, `integer>0|infinity`, `array:string:domain+unique`, `tables`, ...
 */
import { isIP } from 'node:net';
import { Jid, prepareDomain } from '../../protocol/jid.js';
import { isListedOrigin } from '../origin.js';
import { PathPattern } from '../path-pattern.js';
import { quote } from './problems.js';

export type ScalarKind = 'string' | 'boolean' | 'false' | 'integer' | 'port' | 'float' | 'string|integer';

export interface ScalarType {
  readonly is: 'scalar';
  readonly kind: ScalarKind;
  /** For integers. */
  readonly minimum?: number | undefined;
  /** A word allowed in place of a number. */
  readonly word?: string | undefined;
  readonly format?: string | undefined;
}

export type ValueType =
  | ScalarType
  | { readonly is: 'array'; readonly of: ScalarType; readonly isUnique: boolean; readonly isNonEmpty: boolean }
  | { readonly is: 'map'; readonly of: ScalarType }
  | { readonly is: 'table' | 'tables' | 'any' };

export function parseType(grammar: string): ValueType {
  if (grammar === 'table' || grammar === 'tables' || grammar === 'any') return { is: grammar };
  if (grammar.startsWith('map:')) return { is: 'map', of: parseScalar(grammar.slice(4)) };
  if (!grammar.startsWith('array:')) return parseScalar(grammar);
  const [item, ...flags] = grammar.slice(6).split('+');
  return {
    is: 'array',
    of: parseScalar(item!),
    isUnique: flags.includes('unique'),
    isNonEmpty: flags.includes('nonempty'),
  };
}

function parseScalar(grammar: string): ScalarType {
  if (grammar === 'string|integer') return { is: 'scalar', kind: grammar };
  const [base, word] = grammar.split('|');
  const [kind, format] = base!.split(':');
  if (kind === 'integer>0') return { is: 'scalar', kind: 'integer', minimum: 1, word };
  if (kind === 'integer>=0') return { is: 'scalar', kind: 'integer', minimum: 0, word };
  return { is: 'scalar', kind: kind as ScalarKind, format };
}

/** In words, behind "expected". */
export function describeType(type: ValueType): string {
  switch (type.is) {
    case 'scalar':
      return describeScalar(type);
    case 'array':
      return `${type.isNonEmpty ? 'a non-empty array' : 'an array'} of ${plural(describeScalar(type.of))}`;
    case 'map':
      return `a table whose values are ${plural(describeScalar(type.of))}`;
    case 'tables':
      return 'an array of tables';
    default:
      return 'a table';
  }
}

function describeScalar({ kind, minimum, word, format }: ScalarType): string {
  const orWord = word === undefined ? '' : ` or "${word}"`;
  if (kind === 'integer')
    return `${['a non-negative integer', 'a positive integer'][minimum ?? -1] ?? 'an integer'}${orWord}`;
  if (kind === 'port') return 'an integer from 0 to 65535';
  if (kind === 'boolean') return 'true or false';
  if (kind === 'false') return 'false';
  if (kind === 'float') return 'a number';
  if (kind === 'string|integer') return 'a string or an integer';
  return format === undefined ? 'a string' : (formats[format]?.words ?? 'a non-empty string');
}

/** Of words such as `an IP address or a network such as 10.0.0.0/8`. */
function plural(words: string): string {
  const [nouns = '', examples = ''] = words.split(/(?= such as )/);
  const several = nouns.split(' or ').map((noun) => `${noun.replace(/^an? /, '')}${noun.endsWith('s') ? 'es' : 's'}`);
  return `${several.join(' or ')}${examples}`;
}

/** What is wrong with a value, as `[kind, text]`; undefined when it fits. Integers arrive as `bigint`. */
export type Fault = readonly ['type' | 'value', string];

export function checkScalar(
  type: ScalarType,
  values: readonly unknown[] | undefined,
  value: unknown,
): Fault | undefined {
  if (value === type.word && type.word !== undefined) return undefined;
  if (!isOfKind(type.kind, value))
    return ['type', `${quote(value)} is not allowed, expected ${expected(type, values)}`];
  if (values && !values.includes(typeof value === 'bigint' ? Number(value) : value)) {
    return ['value', `${quote(value)} is not allowed, expected ${expected(type, values)}`];
  }
  if (typeof value === 'bigint') return checkRange(type, value);
  if (typeof value === 'string' && type.format !== undefined) return checkFormat(type.format, value);
  return undefined;
}

function expected(type: ScalarType, values: readonly unknown[] | undefined): string {
  if (!values) return describeScalar(type);
  const list = values.map(quote);
  return list.length === 1 ? list[0]! : `one of ${list.join(', ')}`;
}

function isOfKind(kind: ScalarKind, value: unknown): boolean {
  switch (kind) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'false':
      return value === false;
    case 'integer':
    case 'port':
      return typeof value === 'bigint';
    case 'float':
      return typeof value === 'number' || typeof value === 'bigint';
    case 'string|integer':
      return typeof value === 'string' || typeof value === 'bigint';
    default:
      return typeof value === 'string';
  }
}

function checkRange(type: ScalarType, value: bigint): Fault | undefined {
  const { kind, minimum = Number.MIN_SAFE_INTEGER } = type;
  const [low, high] = kind === 'port' ? [0, 65535] : [minimum, Number.MAX_SAFE_INTEGER];
  if (value >= low && value <= high) return undefined;
  const isHuge = value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER;
  return ['value', `${value} is ${isHuge ? 'too large a number' : 'out of range'}, expected ${describeScalar(type)}`];
}

interface Format {
  readonly words: string;
  readonly fits: (text: string) => boolean;
}

const isNonEmpty = (text: string) => text !== '';

/** Formats that are not listed only have to be non-empty. */
const formats: Readonly<Record<string, Format>> = {
  domain: { words: 'a domain name', fits: (text) => prepareDomain(text) !== undefined },
  name: { words: 'a non-empty name', fits: isNonEmpty },
  path: { words: 'a path', fits: (text) => text !== '' && !text.includes('\0') },
  'access-rule': { words: 'the name of an access rule', fits: isNonEmpty },
  shaper: { words: 'the name of a shaper', fits: isNonEmpty },
  ip: { words: 'an IP address', fits: (text) => isIP(text) !== 0 },
  network: { words: 'an IP address or a network such as 10.0.0.0/8', fits: isNetwork },
  regexp: { words: 'a regular expression', fits: isRegexp },
  glob: { words: 'a pattern with * and ?', fits: isNonEmpty },
  language: { words: 'a language tag such as "en"', fits: (text) => /^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$/.test(text) },
  'http-host': {
    words: 'http://host or https://host, with a port if need be',
    fits: (text) => /^https?:\/\/\S+$/.test(text),
  },
  // RFC 6120 section 4.9.3.19.
  location: {
    words: 'host, host:port or [IPv6 address]:port',
    fits: (text) => /^(\[[0-9A-Fa-f:.]+\]|[^\s:[\]/]+)(:[1-9][0-9]{0,4})?$/.test(text),
  },
  'path-pattern': {
    words: 'a path such as "/ws-xmpp", "/api/:name" or "/[...]"',
    fits: (text) => PathPattern.isValid(text),
  },
  origin: {
    words: 'an origin such as "https://chat.example.org", "null", or "loopback"',
    fits: (text) => isListedOrigin(text),
  },
  url: { words: 'a URL', fits: (text) => URL.canParse(text) },
  jid: { words: 'a JID', fits: (text) => Jid.parse(text) !== undefined },
  localpart: { words: 'a string', fits: () => true },
  dn: { words: 'a distinguished name', fits: () => true },
  'ldap-filter': { words: 'an LDAP filter', fits: () => true },
};

function checkFormat(format: string, value: string): Fault | undefined {
  const { words, fits } = formats[format] ?? { words: 'a non-empty string', fits: isNonEmpty };
  return fits(value) ? undefined : ['value', `${quote(value)} is not allowed, expected ${words}`];
}

/** An address alone, or with the number of bits that count. */
export function isNetwork(text: string): boolean {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
  const version = match ? isIP(match[1]!) : 0;
  return version !== 0 && Number(match![2] ?? 0) <= (version === 4 ? 32 : 128);
}

function isRegexp(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}
