import { describe, expect, test } from 'vitest';
import { growthFailures, growthOf } from '../../../../bench/load/growth.mjs';

const series = (...pss: number[]) => pss.map((bytes) => ({ server: { pss: bytes } }));

describe('growth of memory', () => {
  test('is that from the second quarter to the last, whatever came before', () => {
    expect(growthOf(series(10, 10, 100, 100, 150, 90, 110, 110))).toBeCloseTo(10);
    expect(growthOf(series(10, 10, 100, 100, 150, 90, 80, 100))).toBeCloseTo(-10);
  });

  test('fails a run in which it is more than may be', () => {
    const grown = series(10, 10, 100, 100, 150, 90, 110, 110);
    expect(growthFailures(grown, 9)).toEqual(['the memory of the server grew by 10.0 %, and may by 9 %']);
    expect(growthFailures(grown, 11)).toEqual([]);
    expect(growthFailures(grown, 0)).toEqual([]);
  });

  test('fails one of which nothing was seen', () => {
    expect(growthFailures([{}, {}, {}, {}], 5)).toHaveLength(1);
  });
});
