/** Erlang's external term format, read within bounds and written: what MongooseIM puts into columns of bytes. */
import { deflateSync, inflateSync } from 'node:zlib';

export class Atom {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

export class Tuple {
  readonly elements: readonly Term[];

  constructor(elements: readonly Term[]) {
    this.elements = elements;
  }
}

/** A binary is bytes, a list an array, a map a list of pairs in their order. */
export type Term = number | bigint | Atom | Uint8Array | Tuple | TermMap | readonly Term[];

export class TermMap {
  readonly pairs: readonly (readonly [Term, Term])[];

  constructor(pairs: readonly (readonly [Term, Term])[]) {
    this.pairs = pairs;
  }
}

/** What is read at most of one term, whoever wrote it. */
export interface TermLimits {
  /** Behind the compression as well. */
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** Numbers, binaries, lists and so on, at all depths. */
  readonly maxTerms: number;
}

export const defaultTermLimits: TermLimits = { maxBytes: 4 * 1024 * 1024, maxDepth: 256, maxTerms: 200_000 };

/** The bytes are no term of the kinds that are read here, or one beyond the limits. */
export class TermError extends Error {
  override readonly name = 'TermError';
}

const VERSION = 131;
const COMPRESSED = 80;
const SMALL_INTEGER = 97;
const INTEGER = 98;
const ATOM = 100;
const SMALL_TUPLE = 104;
const LARGE_TUPLE = 105;
const NIL = 106;
const STRING = 107;
const LIST = 108;
const BINARY = 109;
const SMALL_BIG = 110;
const SMALL_ATOM = 115;
const MAP = 116;
const ATOM_UTF8 = 118;
const SMALL_ATOM_UTF8 = 119;

/** Throws a `TermError`, and nothing else. */
export function decodeTerm(bytes: Uint8Array, limits: TermLimits = defaultTermLimits): Term {
  if (bytes[0] !== VERSION) throw new TermError('no external term: the version is missing');
  if (bytes[1] !== COMPRESSED) {
    if (bytes.length > limits.maxBytes) throw new TermError(`more than ${limits.maxBytes} bytes`);
    return new Reader(bytes, 1, limits).whole();
  }
  return new Reader(inflate(bytes, limits), 0, limits).whole();
}

function inflate(bytes: Uint8Array, { maxBytes }: TermLimits): Uint8Array {
  if (bytes.length < 6) throw new TermError('the term ends too early');
  const size = viewOf(bytes).getUint32(2);
  if (size > maxBytes) throw new TermError(`more than ${maxBytes} bytes behind the compression`);
  let inflated: Uint8Array;
  try {
    // Stops at the announced size, so that what expands further costs no memory.
    inflated = inflateSync(bytes.subarray(6), { maxOutputLength: Math.max(size, 1) });
  } catch (cause) {
    throw new TermError('the compressed term cannot be read', { cause });
  }
  if (inflated.length !== size) throw new TermError('the compressed term is not of its announced size');
  return inflated;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: TermLimits;
  #at: number;
  #terms = 0;

  constructor(bytes: Uint8Array, at: number, limits: TermLimits) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#at = at;
    this.#limits = limits;
  }

  whole(): Term {
    const term = this.#term(0);
    if (this.#at !== this.#bytes.length) throw new TermError('bytes are left behind the term');
    return term;
  }

  #term(depth: number): Term {
    if (depth > this.#limits.maxDepth) throw new TermError(`deeper than ${this.#limits.maxDepth}`);
    if (++this.#terms > this.#limits.maxTerms) throw new TermError(`more than ${this.#limits.maxTerms} terms`);
    const tag = this.#take(1)[0] as number;
    switch (tag) {
      case SMALL_INTEGER:
        return this.#uint(1);
      case INTEGER:
        return this.#uint(4) | 0;
      case SMALL_BIG:
        return this.#big();
      case ATOM:
      case ATOM_UTF8:
        return this.#atom(this.#uint(2), tag === ATOM);
      case SMALL_ATOM:
      case SMALL_ATOM_UTF8:
        return this.#atom(this.#uint(1), tag === SMALL_ATOM);
      case SMALL_TUPLE:
        return new Tuple(this.#elements(this.#uint(1), depth));
      case LARGE_TUPLE:
        return new Tuple(this.#elements(this.#uint(4), depth));
      case NIL:
        return [];
      case STRING:
        return this.#string();
      case LIST:
        return this.#list(depth);
      case BINARY:
        return this.#take(this.#uint(4));
      case MAP:
        return this.#map(depth);
      default:
        throw new TermError(`a term of the kind ${tag} is not read`);
    }
  }

  /** Announced numbers of elements are not believed: each takes a byte at least, which has to be there. */
  #elements(count: number, depth: number): Term[] {
    const terms: Term[] = [];
    for (let index = 0; index < count; index++) terms.push(this.#term(depth + 1));
    return terms;
  }

  #list(depth: number): readonly Term[] {
    const terms = this.#elements(this.#uint(4), depth);
    const tail = this.#term(depth + 1);
    if (!Array.isArray(tail) || tail.length > 0) throw new TermError('a list without a proper end');
    return terms;
  }

  /** A list of bytes. */
  #string(): readonly Term[] {
    const bytes = this.#take(this.#uint(2));
    this.#terms += bytes.length;
    return [...bytes];
  }

  #map(depth: number): TermMap {
    const count = this.#uint(4);
    const pairs: (readonly [Term, Term])[] = [];
    for (let index = 0; index < count; index++) pairs.push([this.#term(depth + 1), this.#term(depth + 1)]);
    return new TermMap(pairs);
  }

  #atom(length: number, isLatin1: boolean): Atom {
    return new Atom(Buffer.from(this.#take(length)).toString(isLatin1 ? 'latin1' : 'utf8'));
  }

  #big(): bigint {
    const length = this.#uint(1);
    const isNegative = this.#uint(1) !== 0;
    let value = 0n;
    for (const byte of this.#take(length).toReversed()) value = value * 256n + BigInt(byte);
    return isNegative ? -value : value;
  }

  #uint(bytes: 1 | 2 | 4): number {
    const at = this.#at;
    this.#take(bytes);
    if (bytes === 1) return this.#view.getUint8(at);
    return bytes === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new TermError('the term ends too early');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

/** Compressed where that makes it shorter, if asked for. */
export function encodeTerm(term: Term, isCompressed = false): Uint8Array {
  const parts: Uint8Array[] = [];
  write(term, parts);
  const plain = Buffer.concat(parts);
  if (isCompressed) {
    const deflated = deflateSync(plain);
    if (deflated.length + 5 < plain.length) {
      const head = Buffer.alloc(6);
      head.writeUInt8(VERSION, 0);
      head.writeUInt8(COMPRESSED, 1);
      head.writeUInt32BE(plain.length, 2);
      return Buffer.concat([head, deflated]);
    }
  }
  return Buffer.concat([Buffer.of(VERSION), plain]);
}

function write(term: Term, parts: Uint8Array[]): void {
  if (typeof term === 'number') writeInteger(term, parts);
  else if (typeof term === 'bigint') writeBig(term, parts);
  else if (term instanceof Atom) writeAtom(term, parts);
  else if (term instanceof Uint8Array) parts.push(head(BINARY, 4, term.length), term);
  else if (term instanceof Tuple) {
    const { elements } = term;
    parts.push(elements.length < 256 ? head(SMALL_TUPLE, 1, elements.length) : head(LARGE_TUPLE, 4, elements.length));
    for (const element of elements) write(element, parts);
  } else if (term instanceof TermMap) {
    parts.push(head(MAP, 4, term.pairs.length));
    for (const pair of term.pairs) for (const element of pair) write(element, parts);
  } else {
    if (term.length > 0) parts.push(head(LIST, 4, term.length));
    for (const element of term) write(element, parts);
    parts.push(Buffer.of(NIL));
  }
}

function head(tag: number, bytes: number, count: number): Uint8Array {
  const buffer = Buffer.alloc(1 + bytes);
  buffer.writeUInt8(tag, 0);
  buffer.writeUIntBE(count, 1, bytes);
  return buffer;
}

function writeInteger(value: number, parts: Uint8Array[]): void {
  if (Number.isInteger(value) && value >= 0 && value < 256) parts.push(Buffer.of(SMALL_INTEGER, value));
  else if (value === (value | 0)) parts.push(head(INTEGER, 4, value >>> 0));
  else writeBig(BigInt(value), parts);
}

function writeBig(value: bigint, parts: Uint8Array[]): void {
  const digits: number[] = [];
  for (let left = value < 0n ? -value : value; left > 0n; left >>= 8n) digits.push(Number(left & 255n));
  if (digits.length > 255) throw new TermError('a number of more than 255 bytes is not written');
  parts.push(Buffer.of(SMALL_BIG, digits.length, value < 0n ? 1 : 0, ...digits));
}

function writeAtom({ name }: Atom, parts: Uint8Array[]): void {
  const bytes = Buffer.from(name);
  // The older kind: every release reads it.
  const isAscii = bytes.length === name.length;
  parts.push(head(isAscii ? ATOM : ATOM_UTF8, 2, bytes.length), bytes);
}
