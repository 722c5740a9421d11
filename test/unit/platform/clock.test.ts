import { expect, test } from 'vitest';
import { systemClock } from '../../../src/platform/clock.js';
import { systemRandom } from '../../../src/platform/random.js';
import { FakeClock } from '../../support/fake-clock.js';
import { fakeRandom } from '../../support/fake-random.js';

test('the fake clock runs timers in order of their time, each at its time', async () => {
  const clock = new FakeClock(0);
  const seen: string[] = [];
  clock.after(30, () => seen.push(`once ${clock.now()}`));
  const stop = clock.every(20, () => seen.push(`every ${clock.now()}`));
  clock.sleep(25).then(() => seen.push(`slept ${clock.now()}`));
  clock.after(10, () => clock.after(5, () => seen.push(`nested ${clock.now()}`)));
  clock.after(1, () => seen.push('never'))();

  await clock.advance(45);
  stop();
  await clock.advance(100);

  expect(seen).toEqual(['nested 15', 'every 20', 'slept 25', 'once 30', 'every 40']);
  expect([clock.now(), clock.monotonic(), clock.pending]).toEqual([145, 145, 0]);
});

test('the system clock fires, repeats and cancels', async () => {
  let fired = 0;
  const cancel = systemClock.after(1, () => fired++);
  const stop = systemClock.every(1, () => fired++);
  await systemClock.sleep(30);
  stop();
  cancel();
  expect(fired).toBeGreaterThan(2);
  const before = fired;
  systemClock.after(1, () => fired++)();
  await systemClock.sleep(10);
  expect(fired).toBe(before);
});

test('the system clock does not fire at once where a timer of Node would', async () => {
  let fired = false;
  const cancels = [2 ** 31, Number.POSITIVE_INFINITY].map((ms) => systemClock.after(ms, () => (fired = true)));
  await systemClock.sleep(10);
  for (const cancel of cancels) cancel();
  expect(fired).toBe(false);
  expect(() => systemClock.every(0, () => {})).toThrow(RangeError);
});

test('randomness has the asked length and range', () => {
  for (const random of [systemRandom, fakeRandom()]) {
    expect(random.bytes(7)).toHaveLength(7);
    expect(random.hex(16)).toMatch(/^[0-9a-f]{32}$/);
    for (let i = 0; i < 100; i++) {
      expect(random.below(3)).toBeOneOf([0, 1, 2]);
      expect(random.fraction()).toBeLessThan(1);
    }
  }
  expect(fakeRandom(5).hex(8)).toBe(fakeRandom(5).hex(8));
  expect(fakeRandom(5).hex(8)).not.toBe(fakeRandom(6).hex(8));
});
