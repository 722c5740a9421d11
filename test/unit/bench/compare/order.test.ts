import { describe, expect, test } from 'vitest';
import { generatorCores, listOf } from '../../../../bench/compare/cores.mjs';
import { measurements } from '../../../../bench/compare/order.mjs';

describe('servers are measured in turns', () => {
  const order = (serves: (server: string, profile: string) => boolean) =>
    measurements({ servers: ['a', 'b', 'c'], profiles: ['chat', 'login'], repeat: 2, serves }).map(
      ({ server, profile, turn }: { server: string; profile: string; turn: number }) => `${profile} ${server} ${turn}`,
    );

  test('each once before any of them again, and another one first each time', () => {
    expect(order(() => true).slice(0, 6)).toEqual([
      'chat a 0',
      'chat b 0',
      'chat c 0',
      'chat b 1',
      'chat c 1',
      'chat a 1',
    ]);
  });

  test('those left out that have nothing to do with a profile', () => {
    expect(order((server, profile) => profile === 'chat' || server !== 'c').slice(6)).toEqual([
      'login a 0',
      'login b 0',
      'login b 1',
      'login a 1',
    ]);
  });

  test('with nobody to measure there is nothing to do', () => expect(order(() => false)).toEqual([]));
});

describe('the generator’s cores', () => {
  test.each([
    [[0, 1], 0, [0], [1]],
    [[0, 1], 0, [0, 1], [1]],
    [[0, 1, 2, 3], 0, [0, 2], [1, 3]],
    [[0, 1, 2, 3], 2, [0, 2], [1, 3]],
    [[4], 0, [0], [4]],
  ])('of %j, with the server on %d whose physical core has %j, are %j', (allowed, core, siblings, cores) =>
    expect(generatorCores(allowed, core, siblings)).toEqual(cores),
  );

  test('lists of cores are read as the kernel writes them', () => {
    expect([listOf('0-2,5'), listOf('3')]).toEqual([[0, 1, 2, 5], [3]]);
  });
});
