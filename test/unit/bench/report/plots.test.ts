import { DOMParser } from '@xmldom/xmldom';
import { describe, expect, test } from 'vitest';
import { markup } from '../../../../bench/report/markup.mjs';
import { barPlot, legend, linePlot } from '../../../../bench/report/plot.mjs';
import {
  bytesScale,
  linearScale,
  logScale,
  logTicks,
  percentileScale,
  roundTicks,
} from '../../../../bench/report/scale.mjs';
import { bytes, duration, figure } from '../../../../bench/report/units.mjs';

const HOSTILE = '</script><b>"&\'';

/** Throws at whatever is not well-formed. */
function parsed(svg: unknown) {
  const errors: string[] = [];
  const onError = (_level: string, message: string) => errors.push(message);
  const document = new DOMParser({ onError }).parseFromString(String(svg), 'text/xml');
  expect(errors).toEqual([]);
  return document.documentElement!;
}

describe('ticks', () => {
  test.each([
    [0, 10, [0, 2, 4, 6, 8, 10]],
    [0, 0.7, [0, 0.2, 0.4, 0.6]],
    [0, 13, [0, 5, 10]],
    [0, 60, [0, 20, 40, 60]],
  ])('between %d and %d are round', (low, high, ticks) => expect(roundTicks(low, high)).toEqual(ticks));

  test('a scale ends at a round value at or above the largest', () => {
    const scale = linearScale([3, 83], [0, 100]);
    expect([scale.low, scale.high]).toEqual([0, 100]);
    expect(scale.at(50)).toBe(50);
  });

  test.each([
    [
      [1, 100],
      [1, 2, 5, 10, 20, 50, 100],
    ],
    [
      [10, 10_000_000],
      [10, 100, 1e3, 1e4, 1e5, 1e6, 1e7],
    ],
  ])('of a logarithmic axis over %j are steps of each power of ten', ([low, high], ticks) =>
    expect(logTicks(low as number, high as number)).toEqual(ticks),
  );

  test('a logarithmic axis has no place for zero', () => {
    const scale = logScale([0, 30, 4_000], [0, 100]);
    expect([scale.low, scale.high]).toEqual([20, 5_000]);
    expect(scale.at(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(scale.at(5_000)).toBe(100);
  });

  test('each nine of a percentile takes the same room', () => {
    const { at, ticks } = percentileScale(99.9, [0, 300]);
    expect([0, 90, 99, 99.9].map((one) => Math.round(at(one)))).toEqual([0, 100, 200, 300]);
    expect(ticks).toEqual([50, 90, 99, 99.9]);
  });

  test('of bytes are round in the unit that is written', () => {
    expect(bytesScale([70 * 1024], [0, 100]).ticks.map(bytes)).toEqual(['0 B', '20 KiB', '40 KiB', '60 KiB', '80 KiB']);
  });

  test.each([[[]], [[0]], [[Number.NaN]]])('nothing to show, %j, still gives an axis', (values) => {
    expect(linearScale(values, [0, 100]).ticks.length).toBeGreaterThan(1);
    expect(logScale(values, [0, 100]).ticks.length).toBeGreaterThan(1);
  });
});

test('numbers are written with three digits and the unit that suits them', () => {
  expect([0.0123, 0.404, 13.84, 452.4, 12_345.6].map(figure)).toEqual(['0.012', '0.404', '13.8', '452', '12,346']);
  expect([0.5, 999, 1_170, 61_000_000].map(duration)).toEqual(['0.5 µs', '999 µs', '1.17 ms', '61 s']);
  expect([-300, 1_536, 3 * 2 ** 30].map(bytes)).toEqual(['-300 B', '1.5 KiB', '3 GiB']);
  expect([undefined, Number.NaN].map(duration)).toEqual(['–', '–']);
});

test('what is put into markup is escaped, and lists and markup are not escaped twice', () => {
  expect(String(markup`<p title="${`${HOSTILE}\0`}">${[markup`<i>${'<'}</i>`, undefined, false, 0]}</p>`)).toBe(
    '<p title="&lt;/script&gt;&lt;b&gt;&quot;&amp;&#39;\ufffd"><i>&lt;</i>0</p>',
  );
});

describe('a plot of lines', () => {
  const axis = (values: number[], range: [number, number]) => ({
    title: HOSTILE,
    scale: linearScale(values, range),
    format: String,
  });
  const plot = (points: [number, number | undefined][][]) =>
    linePlot({
      id: 'plot',
      title: HOSTILE,
      description: HOSTILE,
      x: axis([0, 10], [0, 100]),
      y: axis([0, 10], [100, 0]),
      lines: points.map((one) => ({ name: HOSTILE, points: one })),
    });

  test('is well-formed, has title and description, and nothing of a name is markup', () => {
    const root = parsed(plot([[[0, 0]]]));
    expect(root.getAttribute('role')).toBe('img');
    expect(root.getAttribute('aria-labelledby')).toBe('plot-title plot-desc');
    expect(root.getElementsByTagName('title')[0]?.textContent).toContain('</script><b>');
    expect(root.getElementsByTagName('desc').length).toBe(1);
    expect(root.getElementsByTagName('b').length).toBe(0);
  });

  test('goes through its points, and has a gap where there is none', () => {
    const paths = [
      ...parsed(
        plot([
          [
            [0, 0],
            [5, 10],
            [6, undefined],
            [7, 5],
            [8, 5],
          ],
        ]),
      ).getElementsByTagName('path'),
    ];
    expect(paths.map((path) => path.getAttribute('d'))).toEqual(['M0 100L50 0M70 50L80 50']);
  });

  test('shows a point that stands alone as a dot', () => {
    const root = parsed(
      plot([
        [
          [0, undefined],
          [5, 10],
          [6, undefined],
        ],
      ]),
    );
    expect(root.getElementsByTagName('circle').length).toBe(1);
  });

  test('tells its lines apart by colour and by dashes', () => {
    const lines = [
      ...parsed(
        plot([
          [
            [0, 0],
            [1, 1],
          ],
          [
            [0, 0],
            [1, 1],
          ],
          [
            [0, 0],
            [1, 1],
          ],
        ]),
      ).getElementsByTagName('path'),
    ];
    expect(new Set(lines.map((line) => line.getAttribute('class'))).size).toBe(3);
    expect(new Set(lines.map((line) => line.getAttribute('stroke-dasharray'))).size).toBe(3);
    const keys = [...parsed(legend(['a', HOSTILE, 'c'])).getElementsByTagName('line')];
    expect(keys.map((key) => key.getAttribute('stroke-dasharray'))).toEqual(
      lines.map((line) => line.getAttribute('stroke-dasharray')),
    );
  });
});

test('bars are stacked, as long as their values, with a whisker where runs differ', () => {
  const rows = [
    { name: HOSTILE, parts: [30, 70], low: 90, high: 120 },
    { name: 'one run', parts: [50], low: 50, high: 50 },
  ];
  const root = parsed(barPlot({ id: 'bars', title: 'CPU', description: 'what it costs', format: String, rows }));
  const bars = [...root.getElementsByTagName('rect')].map((bar) => ({
    x: Number(bar.getAttribute('x')),
    width: Number(bar.getAttribute('width')),
  }));
  expect(bars[1]!.x).toBeCloseTo(bars[0]!.x + bars[0]!.width, 0);
  expect(bars[1]!.width / bars[0]!.width).toBeCloseTo(7 / 3, 1);
  expect(bars[2]!.width / (bars[0]!.width + bars[1]!.width)).toBeCloseTo(0.5, 1);
  expect(root.getElementsByTagName('path').length).toBe(1);
});
