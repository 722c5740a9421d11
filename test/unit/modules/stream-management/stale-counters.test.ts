/** XEP-0198 section 5: `h` for who comes too late, as long as `geriatric` says and for nobody else. */
import { expect, it } from 'vitest';
import type { Session } from '../../../../src/core/sessions/session.js';
import { StaleCounters } from '../../../../src/modules/stream-management/stale-counters.js';
import { Jid } from '../../../../src/protocol/jid.js';

const GERIATRIC_MS = 10_000;
const session = { account: { jid: Jid.parse('alice@localhost') } } as unknown as Session;

it('a count is known until it is too old, and to its own account alone', () => {
  const counters = new StaleCounters(GERIATRIC_MS);
  counters.remember('one', session, 7, 1_000);
  expect(counters.handled('one', 'alice@localhost', 10_999)).toBe(7);
  expect(counters.handled('one', 'alice@localhost', 11_000)).toBeUndefined();
  expect(counters.handled('one', 'bob@localhost', 1_000)).toBeUndefined();
  expect(counters.handled('other', 'alice@localhost', 1_000)).toBeUndefined();
});

it('those that are too old are forgotten', () => {
  const counters = new StaleCounters(GERIATRIC_MS);
  for (const at of [1_000, 2_000, 3_000]) counters.remember(`id-${at}`, session, 1, at);
  counters.forgetOld(12_000);
  expect(counters.size).toBe(1);
  expect(counters.handled('id-3000', 'alice@localhost', 12_000)).toBe(1);
});

it('their number is bounded: the oldest make room', () => {
  const counters = new StaleCounters(GERIATRIC_MS);
  for (let number = 0; number <= 100_000; number++) counters.remember(`id-${number}`, session, number, 0);
  expect(counters.size).toBe(100_000);
  expect(counters.handled('id-0', 'alice@localhost', 0)).toBeUndefined();
  expect(counters.handled('id-100000', 'alice@localhost', 0)).toBe(100_000);
});
