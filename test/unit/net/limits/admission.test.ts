/** Logins wait while their shard is behind. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Admission, type Applicant } from '../../../../src/net/limits/admission.js';
import type { Clock } from '../../../../src/platform/clock.js';
import type { OverloadOptions } from '../../../../src/platform/config/index.js';
import { FakeLog } from '../../../support/fake-log.js';

const OPTIONS: OverloadOptions = { lag: 1_000, max_wait: 5_000, max_waiting: 300 };

/** Its timer comes when a test says so, as late as it says. */
class LateClock {
  nowMs = 0;
  isStopped = false;
  #work: () => void = () => {};
  #intervalMs = 0;

  monotonic(): number {
    return this.nowMs;
  }

  every(ms: number, work: () => void): () => void {
    this.#intervalMs = ms;
    this.#work = work;
    return () => {
      this.isStopped = true;
    };
  }

  tick(lagMs = 0, times = 1): void {
    for (let i = 0; i < times; i++) {
      this.nowMs += this.#intervalMs + lagMs;
      this.#work();
    }
  }
}

let clock: LateClock;
let log: FakeLog;

function start(options: Partial<OverloadOptions> = {}): Admission {
  return new Admission({ clock: clock as unknown as Clock, options: { ...OPTIONS, ...options }, log });
}

function applicant(onAdmitted: () => void = () => {}): Applicant & { count: number } {
  const one = {
    count: 0,
    admitted: () => {
      one.count++;
      onAdmitted();
    },
  };
  return one;
}

beforeEach(() => {
  clock = new LateClock();
  log = new FakeLog();
});

describe('a shard', () => {
  it('that is in time, or late once, lets everybody in', () => {
    const admission = start();
    clock.tick(0, 10);
    clock.tick(5_000);
    clock.tick(900);
    clock.tick(5_000);
    expect(admission.isBehind).toBe(false);
    expect(admission.apply(applicant())).toBe('now');
    expect(log.entries).toEqual([]);
  });

  it('that is late twice in a row is behind until it has been in time for half a second, and says both', () => {
    const admission = start();
    clock.tick(1_500, 2);
    expect(admission.isBehind).toBe(true);
    clock.tick(0, 4);
    clock.tick(600);
    clock.tick(0, 4);
    expect(admission.isBehind).toBe(true);
    clock.tick();
    expect(admission.isBehind).toBe(false);
    expect(log.events('warning')).toEqual(['shard.overload.began', 'shard.overload.ended']);
    expect(log.entries[0]?.fields).toMatchObject({ lagMs: 1_500 });
    expect(admission.counters.overloads).toBe(1);
  });

  it('that is allowed any lag is never behind', () => {
    const admission = start({ lag: 'infinity' });
    clock.tick(60_000, 5);
    expect(admission.apply(applicant())).toBe('now');
  });
});

describe('logins', () => {
  it('wait while the shard is behind, and come in behind each other when it is not', () => {
    const admission = start();
    clock.tick(2_000, 2);
    const order: number[] = [];
    const waiting = Array.from({ length: 200 }, (_, i) => applicant(() => order.push(i)));
    for (const one of waiting) expect(admission.apply(one)).toBe('later');
    clock.tick(0, 4);
    expect(order).toEqual([]);
    clock.tick();
    expect(order).toHaveLength(128);
    // Whoever comes now comes last.
    const last = applicant(() => order.push(200));
    expect(admission.apply(last)).toBe('later');
    clock.tick();
    expect(order).toEqual(Array.from({ length: 201 }, (_, i) => i));
    expect(admission.apply(applicant())).toBe('now');
    expect(admission.counters.loginsDelayed).toBe(201);
  });

  it('are turned away when too many wait', () => {
    const admission = start({ max_waiting: 2 });
    clock.tick(2_000, 2);
    const outcomes = [applicant(), applicant(), applicant()].map((one) => admission.apply(one));
    expect(outcomes).toEqual(['later', 'later', 'never']);
    expect(admission.counters.loginsRefused).toBe(1);
  });

  it('that went meanwhile, or gave up, make room and are not called', () => {
    const admission = start({ max_waiting: 2 });
    clock.tick(2_000, 2);
    const [gone, impatient, patient] = [applicant(), applicant(), applicant()] as const;
    admission.apply(gone);
    admission.apply(impatient);
    admission.leave(gone);
    admission.giveUp(impatient);
    expect(admission.apply(patient)).toBe('later');
    clock.tick(0, 5);
    expect([gone.count, impatient.count, patient.count]).toEqual([0, 0, 1]);
    expect(admission.counters.loginsRefused).toBe(1);
  });

  it('that fail on their way in do not keep others out', () => {
    const admission = start();
    clock.tick(2_000, 2);
    const broken = applicant(() => {
      throw new Error('a bug');
    });
    const next = applicant();
    admission.apply(broken);
    admission.apply(next);
    clock.tick(0, 5);
    expect(next.count).toBe(1);
    expect(log.events('error')).toEqual(['shard.admission.crashed']);
  });
});

it('stops with its shard', () => {
  start().stop();
  expect(clock.isStopped).toBe(true);
});
