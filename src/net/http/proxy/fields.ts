/** Header fields on their way through a proxy (RFC 9110 section 7.6). */
import { HOP_BY_HOP_FIELDS as HOP_BY_HOP } from '../../../platform/hop-by-hop.js';
import type { AnswerFields, HttpRequest } from '../handler.js';

/** What the client says of itself here, anybody may say. */
const FORWARDING = /^(?:forwarded|x-forwarded-.*|x-real-ip)$/;
/** Control characters. What is no UTF-8 comes as nothing. */
const SPOILT = /[^\t\x20-\x7e\x80-\uffff]/;
const ASCII = /^[\t\x20-\x7e]*$/;
/** Set for the answer as this server gives it. */
const OWN_ANSWER = new Set(['content-length', 'server', 'date']);

/** Undefined when there is one that could not be sent on as it came. */
export function requestFields(
  request: HttpRequest,
  custom: Readonly<Record<string, string>>,
  via: string,
): Record<string, string> | undefined {
  const fields: Record<string, string> = {};
  const dropped = named(request.header('connection'));
  for (const [name, value] of request.fields) {
    if (HOP_BY_HOP.has(name) || dropped.has(name) || FORWARDING.test(name)) continue;
    if (SPOILT.test(value)) return undefined;
    // The bytes that came, as they are written.
    fields[name] = ASCII.test(value) ? value : Buffer.from(value).toString('latin1');
  }
  const { client } = request;
  const host = request.header('host') as string;
  const before = fields['via'];
  return {
    ...fields,
    host,
    via: before === undefined ? via : `${before}, ${via}`,
    'x-forwarded-for': client.address,
    'x-forwarded-proto': client.scheme,
    'x-forwarded-host': host,
    ...custom,
  };
}

export function answerFields(fields: Readonly<Record<string, string | string[] | undefined>>): AnswerFields {
  const dropped = named(String(fields['connection'] ?? ''));
  const kept = Object.entries(fields).filter(
    ([name]) => !HOP_BY_HOP.has(name) && !OWN_ANSWER.has(name) && !dropped.has(name),
  );
  return Object.fromEntries(
    kept.map(([name, value = '']) => [name, typeof value === 'string' ? bytesOf(value) : value.map(bytesOf)]),
  );
}

/** What came is told as a character for each byte. */
function bytesOf(value: string): string | Uint8Array {
  return ASCII.test(value) ? value : Buffer.from(value, 'latin1');
}

/** What `Connection` lists. Where a message ends is not its to say. */
function named(connection: string | undefined): ReadonlySet<string> {
  const names = (connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  return new Set(names.filter((name) => name !== 'content-length' && name !== 'host'));
}
