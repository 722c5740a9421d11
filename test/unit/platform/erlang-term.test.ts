import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  Atom,
  decodeTerm,
  encodeTerm,
  type Term,
  TermError,
  TermMap,
  Tuple,
} from '../../../src/platform/erlang-term.js';

const VERSION = 131;
const COMPRESSED = 80;

const { term } = fc.letrec<{ term: Term }>((tie) => ({
  term: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.integer(),
    fc.maxSafeInteger(),
    fc.bigInt({ min: 2n ** 60n, max: 2n ** 200n }),
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ maxLength: 20, unit: 'grapheme' }).map((name) => new Atom(name)),
    fc.array(tie('term'), { maxLength: 4 }),
    fc.array(tie('term'), { maxLength: 4 }).map((elements) => new Tuple(elements)),
    fc.array(fc.tuple(tie('term'), tie('term')), { maxLength: 3 }).map((pairs) => new TermMap(pairs)),
  ),
}));

/** Bytes as they are, numbers of any size alike. */
function plain(value: Term): unknown {
  if (typeof value === 'number') return BigInt(value);
  if (value instanceof Atom) return { atom: value.name };
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (value instanceof Tuple) return { tuple: value.elements.map(plain) };
  if (value instanceof TermMap) return { map: value.pairs.map((pair) => pair.map(plain)) };
  return Array.isArray(value) ? value.map(plain) : value;
}

function compressed(content: Uint8Array, announced = content.length): Buffer {
  const head = Buffer.from([VERSION, COMPRESSED, 0, 0, 0, 0]);
  head.writeUInt32BE(announced, 2);
  return Buffer.concat([head, deflateSync(content)]);
}

function refused(bytes: Uint8Array, why: RegExp): void {
  expect(() => decodeTerm(bytes)).toThrow(why);
  expect(() => decodeTerm(bytes)).toThrow(TermError);
}

test('a term comes back as it was written, compressed or not', () => {
  fc.assert(
    fc.property(term, fc.boolean(), (value, isCompressed) => {
      expect(plain(decodeTerm(encodeTerm(value, isCompressed)))).toEqual(plain(value));
    }),
  );
});

test('a term that is cut short is refused wherever it is cut', () => {
  fc.assert(
    fc.property(term, fc.nat(), (value, at) => {
      const bytes = encodeTerm(value);
      expect(() => decodeTerm(bytes.subarray(0, at % bytes.length))).toThrow(TermError);
    }),
  );
});

test('a term that was tampered with is read or refused; nothing behind its bytes is looked at', () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(term, changes, fc.boolean(), (value, edits, isCompressed) => {
      const bytes = Buffer.from(encodeTerm(value, isCompressed));
      for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
      // In the middle of other bytes, as a slice of what a database driver has received.
      const around = [0x00, 0xff].map((filling) => {
        const all = Buffer.alloc(bytes.length + 64, filling);
        bytes.copy(all, 32);
        return outcome(all.subarray(32, 32 + bytes.length));
      });
      expect(around[0]).toEqual(around[1]);
    }),
    { numRuns: 500 },
  );
});

test('arbitrary bytes are read or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      outcome(Uint8Array.of(VERSION, ...bytes));
      outcome(Uint8Array.of(VERSION, COMPRESSED, ...bytes));
    }),
    { numRuns: 500 },
  );
});

test('what MongooseIM writes is read: atoms of each generation, lists of pairs and maps', () => {
  const atom = (tag: number, text: string) => [
    tag,
    ...(tag === 100 || tag === 118 ? [0] : []),
    text.length,
    ...Buffer.from(text),
  ];
  const binary = (text: string) => [109, 0, 0, 0, text.length, ...Buffer.from(text)];
  const pair = [104, 2, ...binary('id'), ...binary('1')];
  const attributes = { old: [108, 0, 0, 0, 1, ...pair, 106], new: [116, 0, 0, 0, 1, ...binary('id'), ...binary('1')] };
  for (const tag of [100, 115, 118, 119]) {
    for (const list of [attributes.old, attributes.new]) {
      const bytes = Uint8Array.from([VERSION, 104, 4, ...atom(tag, 'xmlel'), ...binary('a'), ...list, 106]);
      const [name, ...rest] = (decodeTerm(bytes) as Tuple).elements;
      expect((name as Atom).name).toBe('xmlel');
      expect(plain(rest[0] as Term)).toEqual({ bytes: '61' });
      expect(JSON.stringify(plain(rest[1] as Term))).toContain('"bytes":"6964"');
    }
  }
  expect(decodeTerm(Uint8Array.of(VERSION, 107, 0, 2, 7, 8))).toEqual([7, 8]);
  expect(decodeTerm(Uint8Array.of(VERSION, 98, 255, 255, 255, 254))).toBe(-2);
});

test('a term that expands beyond what it announces is refused without being expanded', () => {
  const bomb = deflateSync(Buffer.alloc(50 * 1024 * 1024));
  const head = Buffer.from([VERSION, COMPRESSED, 0, 0, 0, 16]);
  const before = process.memoryUsage().arrayBuffers;
  refused(Buffer.concat([head, bomb]), /cannot be read/);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  refused(compressed(Buffer.of(106), 100), /announced size/);
});

test('a term that announces too much is refused before anything is expanded', () => {
  refused(compressed(Buffer.of(106), 0xffff_ffff), /more than 4194304 bytes/);
  refused(Uint8Array.of(VERSION, COMPRESSED, 0), /ends too early/);
  refused(Buffer.concat([Buffer.of(VERSION), Buffer.alloc(5 * 1024 * 1024, 106)]), /more than 4194304 bytes/);
});

test.each([
  ['a tuple of four thousand million elements', [105, 255, 255, 255, 255, 106], /ends too early/],
  ['a list of as many', [108, 255, 255, 255, 255, 106], /ends too early/],
  ['a map of as many', [116, 255, 255, 255, 255, 106], /ends too early/],
  ['a binary of as many bytes', [109, 255, 255, 255, 255, 106], /ends too early/],
  ['a list with an improper end', [108, 0, 0, 0, 1, 106, 97, 1], /proper end/],
  ['a function', [112, 0, 0, 0, 1], /kind 112/],
  ['a process', [88, 119, 1, 97], /kind 88/],
  ['something behind the term', [106, 106], /left behind/],
])('%s is refused', (_, bytes, why) => refused(Uint8Array.from([VERSION, ...bytes]), why));

test('depth and number of terms are bounded', () => {
  const deep = (depth: number) => Uint8Array.from([VERSION, ...Array(depth).fill([104, 1]).flat(), 106]);
  expect(decodeTerm(deep(256))).toBeInstanceOf(Tuple);
  refused(deep(257), /deeper than 256/);
  refused(deep(100_000), /deeper than 256/);
  const many = Buffer.concat([Buffer.of(VERSION, 105, 0, 4, 0, 0), Buffer.alloc(0x40000, 106)]);
  refused(many, /more than 200000 terms/);
  const strings = Buffer.concat(Array(40).fill(Buffer.concat([Buffer.of(107, 255, 255), Buffer.alloc(65_535)])));
  refused(Buffer.concat([Buffer.of(VERSION, 104, 40), strings]), /more than 200000 terms/);
});

function outcome(bytes: Uint8Array): unknown {
  try {
    return plain(decodeTerm(bytes));
  } catch (error) {
    expect(error).toBeInstanceOf(TermError);
    return (error as Error).message;
  }
}
