/** Places values along an axis, and chooses the round ones that are written beside it. */

/** Multiples of 1, 2 or 5 times a power of ten, of which about `wanted` lie between low and high, both included. */
export function roundTicks(low, high, wanted = 5) {
  const rough = (high - low) / wanted;
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((one) => one * power >= rough * 0.999) * power;
  const ticks = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) ticks.push(tidy(at * step));
  return ticks;
}

/** 1, 2 and 5 of each power of ten; powers alone when that would be many. */
export function logTicks(low, high, most = 8) {
  const within = (steps) => {
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
      for (const step of steps) ticks.push(tidy(step * 10 ** power));
    return ticks.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
  };
  return [[1, 2, 5], [1, 3], [1]].map(within).find((ticks) => ticks.length <= most) ?? within([1]);
}

/** From zero, or from `low`, to the round value at or above the largest. */
export function linearScale(values, [from, to], { low = 0, wanted } = {}) {
  const largest = Math.max(low, ...values.filter(Number.isFinite));
  const step = roundTicks(low, largest > low ? largest : low + 1, wanted);
  const gap = step.length > 1 ? step[1] - step[0] : 1;
  const high = tidy(low + Math.ceil((Math.max(largest, low + gap) - low) / gap - 1e-9) * gap);
  const at = (value) => from + ((value - low) / (high - low)) * (to - from);
  return { at, ticks: roundTicks(low, high, wanted), low, high };
}

/** From zero, with ticks that are round in the unit in which the largest is written. */
export function bytesScale(values, range, options) {
  const largest = Math.max(1, ...values.filter(Number.isFinite));
  const unit = 1024 ** Math.floor(Math.log2(largest) / 10);
  const scale = linearScale(
    values.map((value) => value / unit),
    range,
    options,
  );
  return {
    at: (value) => scale.at(value / unit),
    ticks: scale.ticks.map((tick) => tick * unit),
    low: scale.low * unit,
    high: scale.high * unit,
  };
}

/** Between round values that hold all of them. What is not above zero has no place. */
export function logScale(values, [from, to]) {
  const placed = values.filter((value) => Number.isFinite(value) && value > 0);
  const low = roundDown(placed.length === 0 ? 1 : Math.min(...placed));
  const high = Math.max(roundUp(placed.length === 0 ? 10 : Math.max(...placed)), low * 10);
  const share = (value) => Math.log10(value / low) / Math.log10(high / low);
  return { at: (value) => from + share(value) * (to - from), ticks: logTicks(low, high), low, high };
}

/**
 * Percentiles as HdrHistogram's plots have them: each nine behind the point takes as much room as the one before it.
 * `last` is the highest percentile shown.
 */
export function percentileScale(last, [from, to]) {
  const depth = (percentile) => Math.log10(100 / Math.max(100 - percentile, 1e-7));
  const ticks = [50, 90, 99, 99.9, 99.99, 99.999, 99.9999].filter((tick) => depth(tick) <= depth(last) + 1e-9);
  return { at: (value) => from + (depth(value) / Math.max(depth(last), 1)) * (to - from), ticks, low: 0, high: last };
}

const roundDown = (value) => roundAt(value, [5, 2, 1], (step, found) => step <= found);
const roundUp = (value) => roundAt(value, [1, 2, 5, 10], (step, found) => step >= found);

function roundAt(value, steps, fits) {
  const power = 10 ** Math.floor(Math.log10(value));
  return tidy(steps.find((step) => fits(step, tidy(value / power))) * power);
}

/** Without the dust of binary fractions. */
function tidy(value) {
  return Number(value.toPrecision(12));
}
