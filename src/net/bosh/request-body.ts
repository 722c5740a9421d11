/** Reads the body of a request: the attributes of `<body/>`, and its payload untouched (XEP-0124 section 5). */
import type { Element } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import type { BoshRequest, StreamOpening } from './binding.js';

export interface Creation {
  readonly request: BoshRequest;
  readonly to: string | undefined;
  /** Seconds. */
  readonly wait: number | undefined;
  readonly hold: number | undefined;
  readonly version: readonly [number, number] | undefined;
  readonly clientAcks: boolean;
  /** The Content-Type of all answers. */
  readonly content: string | undefined;
}

export type Incoming = { readonly creation: Creation } | { readonly sid: string; readonly request: BoshRequest };

type Parse = (xml: Uint8Array) => Element | undefined;

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const QUOTES = [0x22, 0x27];
const PROLOG = /^\uFEFF?\s*(?:<\?xml\s[^>]*\?>\s*)?/;
/** Keeps nothing of the body. */
const NO_PAYLOAD = new Uint8Array();
/** A prolog is no longer than this. */
const MAX_PROLOG_BYTES = 256;
const TYPE = /^[\w.+-]+\/[\w.+-]+(?:\s*;\s*charset=[\w-]+)?$/;

/** Undefined for what is no such body. */
export function readBody(bytes: Buffer, parse: Parse): Incoming | undefined {
  const parts = split(bytes);
  const element = parts && parse(parts.tag);
  if (!parts || !element?.is('body', ns.HTTP_BIND)) return undefined;
  return new BodyReader(element, parts.payload).read();
}

/** The start tag as an element without content, and what stands between the tags. */
function split(bytes: Buffer): { tag: Uint8Array; payload: Uint8Array } | undefined {
  const prolog = PROLOG.exec(bytes.toString('utf8', 0, MAX_PROLOG_BYTES))?.[0] ?? '';
  const start = Buffer.byteLength(prolog);
  const end = tagEnd(bytes, start);
  if (end === undefined) return undefined;
  const rest = trimmedEnd(bytes);
  if (bytes[end - 1] === SLASH) {
    if (rest !== end + 1) return undefined;
    return { tag: bytes.subarray(start, end + 1), payload: NO_PAYLOAD };
  }
  const name = /^<[^\s>/]+/.exec(bytes.toString('utf8', start, Math.min(end, start + MAX_PROLOG_BYTES)))?.[0].slice(1);
  const closing = bytes.lastIndexOf(LT);
  if (closing <= end || !new RegExp(`^</${escaped(name ?? '')}\\s*>$`).test(bytes.toString('utf8', closing, rest))) {
    return undefined;
  }
  const tag = Buffer.concat([bytes.subarray(start, end), Buffer.from('/>')]);
  return { tag, payload: trimmed(bytes.subarray(end + 1, closing)) };
}

function tagEnd(bytes: Buffer, start: number): number | undefined {
  if (bytes[start] !== LT) return undefined;
  let quote: number | undefined;
  for (let at = start + 1; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (quote !== undefined) quote = byte === quote ? undefined : quote;
    else if (QUOTES.includes(byte)) quote = byte;
    else if (byte === GT) return at;
  }
  return undefined;
}

function trimmedEnd(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && isSpace(bytes[end - 1])) end--;
  return end;
}

/** White space alone is no payload. */
function trimmed(bytes: Buffer): Uint8Array {
  let start = 0;
  while (isSpace(bytes[start])) start++;
  return start === bytes.length ? NO_PAYLOAD : bytes.subarray(start);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

class BodyReader {
  readonly #attrs: Readonly<Record<string, string>>;
  readonly #payload: Uint8Array;
  /** In front of the attributes of XEP-0206. */
  readonly #prefix: string | undefined;
  #isGood = true;

  constructor({ attrs }: Element, payload: Uint8Array) {
    this.#attrs = attrs;
    this.#payload = payload;
    this.#prefix = Object.keys(attrs)
      .find((name) => name.startsWith('xmlns:') && attrs[name] === ns.XBOSH)
      ?.slice(6);
  }

  read(): Incoming | undefined {
    const { sid } = this.#attrs;
    const request = this.#request(sid === undefined);
    const incoming = sid === undefined ? { creation: this.#creation(request) } : { sid, request };
    return this.#isGood && request.rid > 0 ? incoming : undefined;
  }

  #request(isFirst: boolean): BoshRequest {
    const { key, newkey, type, pause } = this.#attrs;
    if (type !== undefined && type !== 'terminate' && type !== 'error') this.#isGood = false;
    const isRestart = isFirst || ['true', '1'].includes(this.#own('restart') ?? '');
    const seconds = pause === undefined || isFirst ? undefined : this.#number('pause');
    return {
      rid: this.#number('rid') ?? 0,
      payload: this.#payload,
      isTerminating: type === 'terminate' && !isFirst,
      pauseMs: seconds === undefined ? undefined : seconds * 1_000,
      restart: isRestart ? this.#opening() : undefined,
      ack: isFirst ? undefined : this.#number('ack'),
      key,
      newKey: newkey,
    };
  }

  #opening(): StreamOpening {
    const { to = '', from } = this.#attrs;
    // XEP-0206 section 3 has clients say their version, and some of them do not: they speak 1.0 nevertheless.
    return { to, from, lang: this.#attrs['xml:lang'], version: this.#own('version') ?? '1.0' };
  }

  #creation(request: BoshRequest): Creation {
    const { to, ver, content, ack } = this.#attrs;
    const version = ver === undefined ? undefined : /^(\d{1,4})\.(\d{1,4})$/.exec(ver);
    if (version === null || (content !== undefined && !TYPE.test(content))) this.#isGood = false;
    return {
      request,
      to: to === '' ? undefined : to,
      wait: this.#number('wait'),
      hold: this.#number('hold'),
      version: version ? [Number(version[1]), Number(version[2])] : undefined,
      clientAcks: ack === '1',
      content,
    };
  }

  #own(name: string): string | undefined {
    return this.#prefix === undefined ? undefined : this.#attrs[`${this.#prefix}:${name}`];
  }

  #number(name: string): number | undefined {
    const text = this.#attrs[name];
    if (text === undefined) return undefined;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(value)) this.#isGood = false;
    return value;
  }
}
