/** When the portable engine tells of refused connections. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { refusal } from '../../../src/engine/envelope.js';
import { Refusals } from '../../../src/engine/portable/refusals.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('the first is told at once, those that follow together when the rest is over', () => {
  const told: unknown[][] = [];
  const refusals = new Refusals((...each) => told.push(each));
  for (let i = 1; i <= 1001; i++) refusals.add(1, refusal.MISSING, `10.0.0.${i % 256}`);
  expect(told).toEqual([[1, refusal.MISSING, 1, '10.0.0.1']]);
  vi.advanceTimersByTime(9_999);
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(told[1]).toEqual([1, refusal.MISSING, 1000, '10.0.0.233']);
  expect(refusals.total).toBe(1001);

  // Nothing came since: the next is a first one again.
  vi.advanceTimersByTime(10_000);
  expect(told).toHaveLength(2);
  refusals.add(1, refusal.MISSING, '10.0.0.1');
  expect(told).toHaveLength(3);
  refusals.stop();
  expect(vi.getTimerCount()).toBe(0);
});

test('each listener and each reason is told of by itself', () => {
  const told: number[][] = [];
  const refusals = new Refusals((listener, reason, count) => told.push([listener, reason, count]));
  refusals.add(1, refusal.MISSING, '');
  refusals.add(1, refusal.LATE, '');
  refusals.add(2, refusal.MISSING, '');
  expect(told).toEqual([
    [1, refusal.MISSING, 1],
    [1, refusal.LATE, 1],
    [2, refusal.MISSING, 1],
  ]);
  refusals.stop();
});
