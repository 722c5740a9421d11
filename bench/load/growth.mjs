/** Whether the memory of a server stays as it is under a load that stays the same. */
import { median } from '../measure/statistics.mjs';

/** Buffers and heaps fill at first; what comes back is compared with what stays. */
const QUARTERS = 4;

/** Percent by which the last quarter of a series is above the second; undefined where too little was seen. */
export function growthOf(series) {
  const pss = series.flatMap(({ server }) => (server ? [server.pss] : []));
  const size = Math.floor(pss.length / QUARTERS);
  if (size === 0) return undefined;
  const [before, after] = [pss.slice(size, 2 * size), pss.slice(-size)].map((part) => median(part));
  return (after / before - 1) * 100;
}

/** What is wrong, as texts: none when everything may grow, which 0 stands for. */
export function growthFailures(series, mostPercent) {
  if (mostPercent === 0) return [];
  const growth = growthOf(series);
  if (growth === undefined) return ['run.growth: the memory of the server was not seen, or not for long enough'];
  if (growth <= mostPercent) return [];
  return [`the memory of the server grew by ${growth.toFixed(1)} %, and may by ${mostPercent} %`];
}
