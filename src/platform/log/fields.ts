/** Decides what of a log entry's fields may be written. */
import { Jid } from '../../protocol/jid.js';

/** Compared without case, hyphens and underscores; a name that ends in one of these counts too (`newPassword`). */
const SECRET_ENDINGS = [
  'password',
  'passphrase',
  'secret',
  'token',
  'cookie',
  'authorization',
  'credentials',
  'privatekey',
  'apikey',
  'storedkey',
  'serverkey',
  'saltedpassword',
];
/** What people wrote to each other has no place in a log. */
const WITHHELD = new Set(['body', 'subject', 'xml', 'exmlpacket', 'payload']);

const MAX_TEXT = 500;
const MAX_STACK = 2000;
const MAX_ITEMS = 20;
const MAX_DEPTH = 4;

type Fields = Record<string, unknown>;

export function publicFields(fields: Readonly<Fields> | undefined): Fields {
  return fields === undefined ? {} : publicObject(fields, 0);
}

function publicObject(fields: Readonly<Fields>, depth: number): Fields {
  const out: Fields = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) out[name] = publicField(name, value, depth);
  }
  return out;
}

function publicField(name: string, value: unknown, depth: number): unknown {
  const plain = name.toLowerCase().replace(/[-_]/g, '');
  if (SECRET_ENDINGS.some((ending) => plain.endsWith(ending))) return '[secret]';
  if (WITHHELD.has(plain)) return '[withheld]';
  return publicValue(value, depth);
}

function publicValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cut(value, MAX_TEXT);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return publicError(value, depth);
  if (value instanceof Jid) return value.toString();
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[no date]' : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= MAX_DEPTH) return '[…]';
  if (Array.isArray(value)) return publicList(value, depth);
  // Other classes may hold anything, a whole stanza for one.
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `[${prototype.constructor?.name ?? 'object'}]`;
  return publicObject(value as Fields, depth + 1);
}

function publicList(list: readonly unknown[], depth: number): unknown[] {
  const shown = list.slice(0, MAX_ITEMS).map((item) => publicValue(item, depth + 1));
  return list.length > MAX_ITEMS ? [...shown, `[${list.length - MAX_ITEMS} more]`] : shown;
}

function publicError(error: Error, depth: number): Fields {
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: cut(error.message, MAX_TEXT),
    ...(typeof code === 'string' && { code }),
    ...(error.stack !== undefined && { stack: cut(error.stack, MAX_STACK) }),
    ...(error.cause !== undefined && depth < MAX_DEPTH && { cause: publicValue(error.cause, depth + 1) }),
  };
}

/** Long texts are cut, so that an entry stays small enough to be written in one piece and peers cannot fill the disk. */
function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}
