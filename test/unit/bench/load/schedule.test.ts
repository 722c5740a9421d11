import { expect, test } from 'vitest';
import { Arrivals, OpenLoop } from '../../../../bench/load/schedule.mjs';
import { now } from '../../../../bench/measure/clock.mjs';

test('even arrivals have equal distances', () => {
  const arrivals = new Arrivals(100, 5_000, undefined);
  expect([1, 2, 3].map(() => arrivals.take())).toEqual([5_000, 5_010, 5_020]);
});

test('arrivals by chance have the same mean, and do not come evenly', () => {
  let state = 1;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const arrivals = new Arrivals(100, 0, random);
  const times = Array.from({ length: 20_000 }, () => arrivals.take());
  const gaps = times.slice(1).map((time, index) => time - (times[index] as number));
  expect((times.at(-1) as number) / 20_000).toBeCloseTo(10, 0);
  // Of an exponential distribution 1 - 1/e lie below the mean.
  expect(gaps.filter((gap) => gap < 10).length / gaps.length).toBeCloseTo(0.632, 1);
});

test('a loop that was held up makes up for what was due, and each arrival keeps its own time', async () => {
  const dues: number[] = [];
  const startAt = now() - 50;
  await new Promise<void>((resolve) => {
    const loop = new OpenLoop(new Arrivals(1_000, startAt, undefined), {
      spin: false,
      late: undefined,
      arrive: (dueAt: number) => {
        dues.push(dueAt);
        if (dues.length < 60) return;
        loop.stop();
        resolve();
      },
    });
  });
  expect(dues.slice(0, 60)).toEqual(Array.from({ length: 60 }, (_, number) => startAt + number));
});
