/** What is acknowledged only behind what it must leave behind. */
import { expect, it } from 'vitest';
import { Commitments } from '../../../src/core/commitments.js';

const never = (error: unknown) => {
  throw error;
};

function write() {
  let done!: { resolve: () => void; reject: (error: Error) => void };
  const promise = new Promise<void>((resolve, reject) => {
    done = { resolve, reject };
  });
  return { promise, ...done };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

it('waits for the writes that are under way, whichever ends first', async () => {
  const commitments = new Commitments(never);
  const [one, two] = [write(), write()];
  commitments.track(one.promise);
  commitments.track(two.promise);
  const order: string[] = [];
  const settled = commitments.settled().then(() => order.push('settled'));
  two.resolve();
  await two.promise;
  order.push('two');
  one.resolve();
  await settled;
  expect(order).toEqual(['two', 'settled']);
  expect(commitments.isClear).toBe(true);
});

it('waits for what work has begun that it waited for, and for what that has begun', async () => {
  const commitments = new Commitments(never);
  const [work, child, grandchild] = [write(), write(), write()];
  commitments.track(work.promise);
  let isSettled = false;
  const settled = commitments.settled().then(() => {
    isSettled = true;
  });
  commitments.track(child.promise);
  work.resolve();
  await turn();
  expect(isSettled).toBe(false);
  commitments.track(grandchild.promise);
  child.resolve();
  await turn();
  expect(isSettled).toBe(false);
  grandchild.resolve();
  await settled;
  expect(commitments.isClear).toBe(true);
});

it('does not wait for ever where there is always something new', async () => {
  const commitments = new Commitments(never);
  let left = 100;
  const next = () => {
    const one = write();
    commitments.track(one.promise.then(() => turn()));
    if (left-- > 0) setImmediate(() => next());
    one.resolve();
  };
  next();
  await commitments.settled();
  expect(left).toBeGreaterThan(50);
  while (!commitments.isClear) await commitments.settled();
});

it('nothing to wait for is settled', async () => {
  await new Commitments(never).settled();
});

it('a write that fails is told of before those who wait for it go on', async () => {
  const events: string[] = [];
  const commitments = new Commitments((error) => void events.push(String(error)));
  const [one, two] = [write(), write()];
  commitments.track(one.promise);
  commitments.track(two.promise);
  const settled = commitments.settled().then(() => events.push('settled'));
  two.resolve();
  one.reject(new Error('disk full'));
  await settled;
  expect(events).toEqual(['Error: disk full', 'settled']);
  expect(commitments.isClear).toBe(true);
});

it('those who ask later never hear before those who asked earlier', async () => {
  const commitments = new Commitments(never);
  const [one, two] = [write(), write()];
  const order: string[] = [];
  commitments.track(one.promise);
  const first = commitments.settled().then(() => order.push('first'));
  commitments.track(two.promise);
  const second = commitments.settled().then(() => order.push('second'));
  two.resolve();
  await two.promise;
  one.resolve();
  await Promise.all([first, second]);
  expect(order).toEqual(['first', 'second']);
});
