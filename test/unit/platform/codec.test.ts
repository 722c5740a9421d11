import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encode } from '../../../src/platform/codec.js';

test('plain data comes back as it was', () => {
  // That one comes back under another name, as is tested below.
  const key = fc.string().filter((text) => text !== '__proto__');
  const plain = fc.anything({ key, withDate: true, withBigInt: false, withTypedArray: false, maxDepth: 4 });
  fc.assert(
    fc.property(plain, (value) => {
      expect(decode(encode(value))).toEqual(structuredCloneWithoutPrototypes(value));
    }),
  );
});

test('bytes and large whole numbers survive', () => {
  const value = { bytes: Uint8Array.of(1, 2, 3), at: 1893456000123, big: 2n ** 63n - 1n, none: undefined };
  const back = decode(encode(value)) as typeof value;
  expect(Uint8Array.from(back.bytes)).toEqual(value.bytes);
  expect([back.at, back.big, back.none]).toEqual([value.at, value.big, undefined]);
});

test('the bytes own their memory, so that posting them away takes nothing else along', () => {
  const bytes = encode({ a: 1 });
  expect(bytes.buffer.byteLength).toBe(bytes.byteLength);
});

test.each([
  ['nothing', []],
  ['a text cut short', [0xa5, 0x61]],
  ['two values', [0x01, 0x02]],
])('%s is refused', (_, bytes) => {
  expect(() => decode(Uint8Array.from(bytes))).toThrow();
});

test('a key cannot reach the prototype', () => {
  const back = decode(encode(JSON.parse('{"__proto__": {"isAdmin": true}}'))) as { isAdmin?: boolean };
  expect(back.isAdmin).toBeUndefined();
});

function structuredCloneWithoutPrototypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCloneWithoutPrototypes);
  if (value instanceof Date || typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  const entries = Object.entries(value).filter(([key]) => key !== '__proto__');
  return Object.fromEntries(entries.map(([key, item]) => [key, structuredCloneWithoutPrototypes(item)]));
}
