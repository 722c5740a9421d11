/** general.registration_timeout: at most one successful registration per source within that time. */
import { describe, expect, it } from 'vitest';
import { PaceTable, RegistrationPace, sourceOf } from '../../../src/core/accounts/registration-pace.js';
import { ShardCalls } from '../../../src/core/shards/shard-calls.js';
import type { EnginePort } from '../../../src/engine/port.js';
import { FakeClock } from '../../support/fake-clock.js';

/** A clock whose wall time can be set, while durations go on as they are. */
class SetClock extends FakeClock {
  offset = 0;
  override now(): number {
    return super.now() + this.offset;
  }
}

describe('the table', () => {
  it('lets an address register once in that time, and others meanwhile', async () => {
    const clock = new FakeClock();
    const pace = new PaceTable(clock, 600);
    expect(pace.admit('192.0.2.1')).toBeDefined();
    expect(pace.admit('192.0.2.1')).toBeUndefined();
    expect(pace.admit('192.0.2.2')).toBeDefined();
    await clock.advance(599_000);
    expect(pace.admit('192.0.2.1')).toBeUndefined();
    await clock.advance(1_000);
    expect(pace.admit('192.0.2.1')).toBeDefined();
  });

  it.each([7_200_000, -7_200_000])('counts time that does not jump when the clock is set by %d ms', async (offset) => {
    const clock = new SetClock();
    const pace = new PaceTable(clock, 600);
    pace.admit('192.0.2.1');
    clock.offset = offset;
    expect(pace.admit('192.0.2.1')).toBeUndefined();
    await clock.advance(600_000);
    expect(pace.admit('192.0.2.1')).toBeDefined();
  });

  it('takes back only the booking that is meant', async () => {
    const clock = new FakeClock();
    const pace = new PaceTable(clock, 1);
    const slow = pace.admit('192.0.2.1') as number;
    await clock.advance(1_000);
    pace.admit('192.0.2.1');
    pace.release('192.0.2.1', slow);
    expect(pace.admit('192.0.2.1')).toBeUndefined();
  });
});

describe('all shards and host types together', () => {
  /** Two shards that reach each other; whoever registers holds `pace` of its own shard. */
  function shards(wait: number | 'infinity'): RegistrationPace[] {
    const clock = new FakeClock();
    const calls: ShardCalls[] = [];
    return [0, 1].map((shard) => {
      const engine = {
        call(to: number, bytes: Uint8Array) {
          queueMicrotask(() => calls[to]?.received(bytes, shard));
          return true;
        },
      } as unknown as EnginePort;
      const own = new ShardCalls(shard, engine, clock);
      calls.push(own);
      return new RegistrationPace(own, clock, wait, shard === 0);
    });
  }
  const succeed = async () => true;

  it('let one of two registrations at once pass', async () => {
    const [first, second] = shards(600) as [RegistrationPace, RegistrationPace];
    expect(await second.run('192.0.2.1', succeed)).toBeUndefined();
    expect(await first.run('192.0.2.1', succeed)).toBe('too-soon');
    expect(await second.run('192.0.2.1', succeed)).toBe('too-soon');
  });

  it('count neither a registration that was refused nor one that failed', async () => {
    const [first, second] = shards(600) as [RegistrationPace, RegistrationPace];
    expect(await second.run('192.0.2.1', async () => false)).toBeUndefined();
    const fail = () => Promise.reject(new Error('the database is away'));
    await expect(second.run('192.0.2.1', fail)).rejects.toThrow('away');
    expect(await first.run('192.0.2.1', succeed)).toBeUndefined();
  });

  it('never let anybody wait with "infinity"', async () => {
    const [, second] = shards('infinity') as [RegistrationPace, RegistrationPace];
    expect([await second.run('::1', succeed), await second.run('::1', succeed)]).toEqual([undefined, undefined]);
  });
});

describe('a source', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:0:0:1::', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
  ])('of %s is %s', (ip, source) => {
    expect(sourceOf(ip)).toBe(source);
  });
});
