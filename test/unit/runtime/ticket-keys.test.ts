/** Keys for TLS session tickets: alike on all threads, changed by time, and no way back. */
import { expect, test } from 'vitest';
import { TICKET_KEY_BYTES, TICKET_SECONDS } from '../../../src/engine/port.js';
import { systemRandom } from '../../../src/platform/random.js';
import { keepTicketKeys, TicketKeyring } from '../../../src/runtime/ticket-keys.js';
import { FakeClock } from '../../support/fake-clock.js';

const PERIOD_MS = TICKET_SECONDS * 1000;
const START = 1000 * PERIOD_MS;

function created(): TicketKeyring {
  return TicketKeyring.create(systemRandom, START);
}

test('all threads that share a secret have the same keys, also one that starts later', () => {
  const main = created();
  const early = new TicketKeyring(main.share(START));
  const later = START + 3 * PERIOD_MS + 5;
  const late = new TicketKeyring(main.share(later));
  expect(early.keys(later)).toEqual(late.keys(later));
  expect(late.keys(later).current).toHaveLength(TICKET_KEY_BYTES);
});

test('two servers have different keys', () => {
  expect(created().keys(START).current).not.toEqual(created().keys(START).current);
});

test('a key is taken for one period after its own, and not longer', () => {
  const keyring = created();
  const first = keyring.keys(START).current;
  expect(keyring.keys(START + PERIOD_MS - 1)).toEqual({ current: first, previous: undefined });
  const second = keyring.keys(START + PERIOD_MS);
  expect(second.previous).toEqual(first);
  expect(second.current).not.toEqual(first);
  const third = keyring.keys(START + 2 * PERIOD_MS);
  expect(third.previous).toEqual(second.current);
  expect([third.current, third.previous]).not.toContainEqual(first);
});

test('a clock that is set back changes no key', () => {
  const keyring = created();
  const keys = keyring.keys(START + 5 * PERIOD_MS);
  expect(keyring.keys(START)).toEqual(keys);
});

test('an engine gets its keys at once and in each period, and the secret it was born with is wiped', async () => {
  const clock = new FakeClock(START + 7);
  const main = created();
  const secret = main.share(clock.now());
  const given: unknown[] = [];
  keepTicketKeys({ setTicketKeys: (current, previous) => given.push({ current, previous }) }, secret, clock);
  expect(given).toEqual([main.keys(clock.now())]);
  expect(secret.secret.every((byte) => byte === 0)).toBe(true);
  await clock.advance(PERIOD_MS - 8);
  expect(given).toHaveLength(1);
  await clock.advance(1);
  expect(given).toHaveLength(2);
  await clock.advance(PERIOD_MS);
  expect(given[2]).toEqual(main.keys(clock.now()));
});
