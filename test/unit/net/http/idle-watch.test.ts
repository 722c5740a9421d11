import { expect, test } from 'vitest';
import { IdleWatch, type Watched } from '../../../../src/net/http/idle-watch.js';
import { FakeClock } from '../../../support/fake-clock.js';

function watched(): Watched & { pings: number; isSilent: boolean } {
  return {
    heardAt: 0,
    pings: 0,
    isSilent: false,
    ping() {
      this.pings += 1;
    },
    silent() {
      this.isSilent = true;
    },
  };
}

function watch(options: { timeoutMs?: number; pingMs?: number }) {
  const clock = new FakeClock();
  const none = Number.POSITIVE_INFINITY;
  return { clock, watch: new IdleWatch({ timeoutMs: none, pingMs: none, clock, ...options }) };
}

test('whoever is silent for so long is told so, and not before', async () => {
  const { clock, watch: idle } = watch({ timeoutMs: 1_000 });
  const one = watched();
  idle.add(one);
  await clock.advance(900);
  expect(one.isSilent).toBe(false);
  await clock.advance(500);
  expect(one.isSilent).toBe(true);
});

test('whoever is heard in time stays', async () => {
  const { clock, watch: idle } = watch({ timeoutMs: 1_000 });
  const one = watched();
  idle.add(one);
  for (let round = 0; round < 10; round++) {
    await clock.advance(700);
    one.heardAt = idle.now;
  }
  expect(one.isSilent).toBe(false);
});

test('pings come at their rate', async () => {
  const { clock, watch: idle } = watch({ pingMs: 1_000 });
  const one = watched();
  idle.add(one);
  await clock.advance(10_000);
  expect(one.pings).toBeGreaterThanOrEqual(8);
  expect(one.pings).toBeLessThanOrEqual(10);
});

test('who has left is neither pinged nor given up', async () => {
  const { clock, watch: idle } = watch({ pingMs: 100, timeoutMs: 1_000 });
  const one = watched();
  idle.add(one);
  idle.remove(one);
  await clock.advance(5_000);
  expect([one.pings, one.isSilent]).toEqual([0, false]);
});
