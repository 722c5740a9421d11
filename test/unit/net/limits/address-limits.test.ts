/** Limits of one source address, counted over all shards. */
import { describe, expect, it } from 'vitest';
import { EXEMPT } from '../../../../src/net/limits/address-key.js';
import { AddressLimits } from '../../../../src/net/limits/address-limits.js';
import { type AddressMemory, createAddressMemory } from '../../../../src/net/limits/address-memory.js';
import type { AddressLimitOptions } from '../../../../src/platform/config/index.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { FakeLog } from '../../../support/fake-log.js';

const OPTIONS: AddressLimitOptions = {
  connections_per_address: 5,
  unauthenticated_per_address: 3,
  failed_logins_per_address: 4,
  failed_logins_period: 60,
  exempt_addresses: ['127.0.0.0/8', '::1', '192.0.2.128/25'],
};
const ADDRESS = '198.51.100.7';

function scene(options: Partial<AddressLimitOptions> = {}, shards = 2) {
  const memory = createAddressMemory(shards);
  const clock = new FakeClock();
  const log = new FakeLog();
  return { memory, clock, log, shard: (shard: number) => limitsOf(memory, shard, { clock, log, options }) };
}

function limitsOf(
  memory: AddressMemory,
  shard: number,
  parts: { clock: FakeClock; log: FakeLog; options: Partial<AddressLimitOptions> },
): AddressLimits {
  const { clock, log, options } = parts;
  const secret = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
  return new AddressLimits({ memory, shard, secret, options: { ...OPTIONS, ...options }, clock, log });
}

describe('connections', () => {
  it('of one address are counted over all shards', () => {
    const { shard } = scene();
    const [one, other] = [shard(0), shard(1)];
    const key = one.key(ADDRESS);
    expect(other.key(ADDRESS)).toBe(key);
    for (let i = 0; i < 5; i++) (i % 2 ? one : other).enter(key);
    expect(one.exceeded(key)).toBeUndefined();
    other.enter(key);
    expect(one.exceeded(key)).toBe('connections_per_address');
    one.leave(key);
    expect(other.exceeded(key)).toBeUndefined();
  });

  it('may end on another shard than they began: the sum counts', () => {
    const { shard } = scene();
    const [one, other] = [shard(0), shard(1)];
    const key = one.key(ADDRESS);
    for (let round = 0; round < 100; round++) {
      one.enter(key);
      other.enter(key);
      one.leave(key);
      other.leave(key);
    }
    expect(one.exceeded(key)).toBeUndefined();
  });

  it('without a user have a limit of their own', () => {
    const limits = scene().shard(0);
    const key = limits.key(ADDRESS);
    for (let i = 0; i < 4; i++) limits.beginLogin(key);
    expect(limits.exceeded(key)).toBe('unauthenticated_per_address');
    limits.endLogin(key);
    expect(limits.exceeded(key)).toBeUndefined();
  });

  it('of a shard that died are forgotten when it lives again, those of others are not', () => {
    const { shard } = scene();
    const [one, other] = [shard(0), shard(1)];
    const key = one.key(ADDRESS);
    for (let i = 0; i < 3; i++) {
      one.enter(key);
      other.enter(key);
    }
    expect(one.exceeded(key)).toBe('connections_per_address');
    const reborn = shard(1);
    expect(reborn.exceeded(key)).toBeUndefined();
    for (let i = 0; i < 3; i++) reborn.enter(key);
    expect(reborn.exceeded(key)).toBe('connections_per_address');
  });

  it('of a /64 are counted together, those of the next one are not', () => {
    const limits = scene().shard(0);
    expect(limits.key('2001:db8::1')).toBe(limits.key('2001:db8:0:0:ffff::2'));
    expect(limits.key('2001:db8::1')).not.toBe(limits.key('2001:db8:0:1::1'));
  });

  it('of exempt addresses are not counted', () => {
    const limits = scene().shard(0);
    for (const address of ['127.0.0.5', '::1', '192.0.2.200', 'unknown']) expect(limits.key(address)).toBe(EXEMPT);
    expect(limits.key('192.0.2.100')).not.toBe(EXEMPT);
    for (let i = 0; i < 100; i++) limits.enter(EXEMPT);
    expect(limits.exceeded(EXEMPT)).toBeUndefined();
  });

  it('of an address are counted exactly among a hundred thousand others', () => {
    const limits = scene({ connections_per_address: 20 }).shard(0);
    for (let i = 0; i < 100_000; i++) limits.enter(limits.key(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`));
    const wrong = Array.from({ length: 1_000 }, (_, i) => limits.key(`203.0.${i >> 8}.${i & 255}`)).filter((key) => {
      for (let i = 0; i < 12; i++) limits.enter(key);
      return limits.exceeded(key) !== undefined;
    });
    expect(wrong).toEqual([]);
  });

  it('are unlimited where the configuration says so', () => {
    const limits = scene({ connections_per_address: 'infinity', unauthenticated_per_address: 'infinity' }).shard(0);
    const key = limits.key(ADDRESS);
    for (let i = 0; i < 10_000; i++) limits.enter(key);
    expect(limits.exceeded(key)).toBeUndefined();
  });
});

describe('failed logins', () => {
  it('lock an address for all shards when there are too many, and let one more try when a share of the period is over', async () => {
    const { shard, clock } = scene();
    const [one, other] = [shard(0), shard(1)];
    const key = one.key(ADDRESS);
    for (let i = 0; i < 4; i++) {
      expect(other.isLocked(key)).toBe(false);
      (i % 2 ? one : other).failed(key);
    }
    expect(one.isLocked(key)).toBe(true);
    expect(other.isLocked(key)).toBe(true);
    expect(one.isLocked(one.key('198.51.100.8'))).toBe(false);
    await clock.advance(14_000);
    expect(one.isLocked(key)).toBe(true);
    await clock.advance(1_001);
    expect(one.isLocked(key)).toBe(false);
    one.failed(key);
    expect(one.isLocked(key)).toBe(true);
  });

  it('are forgotten within one period, however many there were', async () => {
    const { shard, clock } = scene();
    const limits = shard(0);
    const key = limits.key(ADDRESS);
    for (let i = 0; i < 1_000; i++) limits.failed(key);
    await clock.advance(60_001);
    for (let i = 0; i < 3; i++) limits.failed(key);
    expect(limits.isLocked(key)).toBe(false);
  });

  it('do not lock for ever when the clock is set back', () => {
    const { memory, log } = scene();
    const later = limitsOf(memory, 0, { clock: new FakeClock(Date.UTC(2040, 0, 1)), log, options: {} });
    const key = later.key(ADDRESS);
    for (let i = 0; i < 9; i++) later.failed(key);
    expect(later.isLocked(key)).toBe(true);
    const now = limitsOf(memory, 1, { clock: new FakeClock(), log, options: {} });
    expect(now.isLocked(key)).toBe(false);
  });

  it('leave the door open for accounts that have come from there before, on any shard', () => {
    const { shard } = scene();
    const [one, other] = [shard(0), shard(1)];
    const key = one.key(ADDRESS);
    one.remember(key, 'alice@localhost');
    expect(other.knows(key, 'alice@localhost')).toBe(true);
    expect(other.knows(key, 'bob@localhost')).toBe(false);
    expect(other.knows(one.key('198.51.100.8'), 'alice@localhost')).toBe(false);
  });

  it('are not counted where the configuration says so', () => {
    const limits = scene({ failed_logins_per_address: 'infinity' }).shard(0);
    const key = limits.key(ADDRESS);
    for (let i = 0; i < 10_000; i++) limits.failed(key);
    expect(limits.isLocked(key)).toBe(false);
  });
});

it('an attack fills no log: refusals are told once a second, with their number', async () => {
  const { shard, clock, log } = scene();
  const limits = shard(0);
  for (let i = 0; i < 500; i++) limits.refuse('connections_per_address', ADDRESS);
  await clock.advance(1_000);
  limits.refuse('connections_per_address', ADDRESS);
  expect(log.entries.map(({ fields }) => fields['count'])).toEqual([1, 500]);
  expect(limits.refused).toBe(501);
});
