import { expect, test } from 'vitest';
import { calm } from '../../../../bench/compare/calm.mjs';

/** How often a server that uses so many seconds of CPU in each step was looked at. */
async function looks(...steps: number[]): Promise<number> {
  let used = 0;
  let looked = 0;
  await calm(1, {
    used: () => used,
    wait: async () => {
      used += steps[looked++] ?? steps.at(-1)!;
    },
  });
  return looked;
}

test('a server that is up is calm at once: two steps with next to no CPU', async () => {
  expect(await looks(0.02, 0.02)).toBe(2);
});

test('one that is still starting is waited for', async () => {
  expect(await looks(0.4, 0.02, 0.3, 0.01, 0.01)).toBe(5);
});

test('one that never rests is not waited for in vain', async () => {
  expect(await looks(0.5)).toBe(30);
});
