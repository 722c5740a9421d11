/** What is acknowledged only behind what it must leave behind. */
import { expect, it } from 'vitest';
import { Commitments } from '../../../src/core/commitments.js';

function write() {
  let done!: { resolve: () => void; reject: (error: Error) => void };
  const promise = new Promise<void>((resolve, reject) => {
    done = { resolve, reject };
  });
  return { promise, ...done };
}

it('waits for the writes that are under way, not for later ones', async () => {
  const commitments = new Commitments();
  const [one, two, three] = [write(), write(), write()];
  commitments.track(one.promise);
  commitments.track(two.promise);
  const order: string[] = [];
  const settled = commitments.settled().then(() => order.push('settled'));
  commitments.track(three.promise);
  two.resolve();
  await two.promise;
  order.push('two');
  one.resolve();
  await settled;
  expect(order).toEqual(['two', 'settled']);
  expect(commitments.isClear).toBe(false);
  three.resolve();
  await commitments.settled();
  expect(commitments.isClear).toBe(true);
});

it('nothing to wait for is settled', async () => {
  await new Commitments().settled();
});

it('a write that fails fails those who wait for it, and nobody after', async () => {
  const commitments = new Commitments();
  const [one, two] = [write(), write()];
  commitments.track(one.promise);
  commitments.track(one.promise);
  commitments.track(two.promise);
  const settled = commitments.settled();
  one.reject(new Error('disk full'));
  await expect(settled).rejects.toThrow('disk full');
  two.resolve();
  await two.promise;
  await commitments.settled();
  expect(commitments.isClear).toBe(true);
});
