/** The keys under which addresses are counted. */
import { expect, test } from 'vitest';
import { seededHash, sourceOf } from '../../../../src/net/limits/address-key.js';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:DB8:1:2::6', '2001:db8:1:2'],
  ['2001:0db8::6', '2001:db8:0:0'],
  ['2001:db8::2:3:4:5:6', '2001:db8:0:2'],
  ['::1', '0:0:0:0'],
  ['::', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('RFC 6177 section 2: %s belongs to %s', (address, source) => {
  expect(sourceOf(address)).toBe(source);
});

test('neighbours are told apart, and another seed gives other keys', () => {
  const keys = new Set<number>();
  for (let i = 0; i < 65_536; i++) keys.add(seededHash(`10.1.${i >> 8}.${i & 255}`, 12_345));
  // Two of 65536 keys of 32 bits are expected to be the same in every second run.
  expect(keys.size).toBeGreaterThan(65_520);
  expect(seededHash('10.1.2.3', 1)).not.toBe(seededHash('10.1.2.3', 2));
});
