/** Gathers what the threads have counted: by second for the series, and all together. */
import { addPacked, latencyOf, newHistogram } from '../measure/histograms.mjs';

export class Tally {
  #totals = new Map();
  /** By second: histograms by operation, and what /proc told. */
  #seconds = [];
  #counts = [];

  /** What one thread has counted in one second. */
  add(thread, { second, operations, counts }) {
    const row = this.#row(second);
    for (const [name, pairs] of Object.entries(operations)) {
      addPacked(made(row.operations, name), pairs);
      addPacked(made(this.#totals, name), pairs);
    }
    this.#counts[thread] = counts;
    row.connections = sum(this.#counts.map((one) => one?.connections ?? 0));
  }

  /** What the server and the generator have used in one second. */
  note(second, facts) {
    Object.assign(this.#row(second), facts);
  }

  /** How many so far of one thing, in all threads. */
  counted(name) {
    return sum(this.#counts.map((one) => one?.[name] ?? 0));
  }

  operations(seconds) {
    const described = {};
    for (const [name, histogram] of this.#totals) {
      const count = histogram.totalCount;
      described[name] = { count, perSecond: count / seconds, latency: latencyOf(histogram) };
    }
    return described;
  }

  count(name) {
    return this.#totals.get(name)?.totalCount ?? 0;
  }

  /** Without the last second where that is none. */
  series(seconds) {
    return [...this.#seconds.slice(0, Math.max(1, Math.floor(seconds))).entries()].flatMap(([second, row]) =>
      row === undefined ? [] : [{ second, ...row, operations: briefly(row.operations) }],
    );
  }

  /** For the line that tells how it goes. */
  latest(second) {
    return briefly(this.#row(second).operations);
  }

  #row(second) {
    this.#seconds[second] ??= { operations: new Map(), connections: 0, server: undefined, generator: undefined };
    return this.#seconds[second];
  }
}

function briefly(operations) {
  const brief = {};
  for (const [name, histogram] of operations) {
    const [p50, p99, p999] = [50, 99, 99.9].map((percentile) => histogram.getValueAtPercentile(percentile));
    brief[name] = { count: histogram.totalCount, p50, p99, p999, max: histogram.maxValue };
  }
  return brief;
}

function made(histograms, name) {
  if (!histograms.has(name)) histograms.set(name, newHistogram());
  return histograms.get(name);
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
