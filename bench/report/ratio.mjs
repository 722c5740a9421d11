/** Compares repeated measurements, and refuses to where they do not tell two things apart. */
import { median } from '../measure/statistics.mjs';

/** Median, lowest and highest; `undefined` where nothing was measured. */
export function spread(values) {
  const known = values.filter(Number.isFinite);
  if (known.length === 0) return undefined;
  return { median: median(known), low: Math.min(...known), high: Math.max(...known), runs: known.length };
}

/**
 * How many times `base` is `measured`, by their medians, with the least and the most that any two runs would give.
 * Refused when either of them spreads over as much as lies between their medians: another run might turn them round.
 * Measured once, nothing is known about the spread: the ratio is given and marked `single`.
 *
 * @returns {{ value: number, low: number, high: number, isSingle: boolean } | { refused: string } | undefined}
 */
export function ratio(measured, base) {
  if (measured === undefined || base === undefined) return undefined;
  if (!(base.low > 0)) return { refused: 'the base is zero' };
  const difference = Math.abs(measured.median - base.median);
  const widest = Math.max(measured.high - measured.low, base.high - base.low);
  const isSingle = measured.runs === 1 || base.runs === 1;
  if (widest > 0 && widest >= difference) return { refused: 'the spread is larger than the difference' };
  return {
    value: measured.median / base.median,
    low: measured.low / base.high,
    high: measured.high / base.low,
    isSingle,
  };
}
