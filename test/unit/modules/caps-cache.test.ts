/** XEP-0115 section 8.4: what hashes have proved is bounded in number (`cache_size`) and in age (`cache_life_time`). */
import { expect, it } from 'vitest';
import { CapabilityCache } from '../../../src/modules/caps/cache.js';
import type { Capabilities } from '../../../src/modules/caps/capabilities.js';
import type { Offer } from '../../../src/modules/caps/offer.js';
import { FakeClock } from '../../support/fake-clock.js';

const LIFE_MS = 86_400_000;
const proving = (...keys: string[]): Capabilities => ({ identities: [], features: new Set(), proved: new Set(keys) });
const offering = (...keys: string[]): Offer => ({
  node: 'node',
  proofs: keys.map((key) => ({ version: 'v1', algorithm: 'sha-1', hash: key, key })),
  needed: new Set(keys),
});

it('is asked for again once it is too old, and not before', async () => {
  const clock = new FakeClock();
  const cache = new CapabilityCache(10, LIFE_MS, clock);
  const known = proving('a');
  cache.add(known);
  await clock.advance(LIFE_MS - 1);
  expect(cache.find(offering('a'))).toBe(known);
  await clock.advance(1);
  expect(cache.find(offering('a'))).toBeUndefined();
  expect(cache.size).toBe(0);
});

it('what was used longest ago makes room', () => {
  const cache = new CapabilityCache(2, LIFE_MS, new FakeClock());
  for (const key of ['a', 'b']) cache.add(proving(key));
  cache.find(offering('a'));
  cache.add(proving('c'));
  expect(['a', 'b', 'c'].map((key) => cache.find(offering(key)) !== undefined)).toEqual([true, false, true]);
});
