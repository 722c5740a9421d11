/** Latencies of one thread by operation and second, sent on as each second ends. */
import { newHistogram, packed, recordMs } from '../measure/histograms.mjs';

export class Meter {
  #operations = new Map();
  #isOn = false;
  /** Operations that were measured at all. */
  measured = new Set();

  /** Where latencies of this kind are recorded. */
  operation(name) {
    if (!this.#operations.has(name)) this.#operations.set(name, newHistogram());
    const histogram = this.#operations.get(name);
    return {
      /** A latency that is not known counts for nothing. */
      record: (milliseconds) => {
        if (!this.#isOn || Number.isNaN(milliseconds)) return;
        if (histogram.totalCount === 0) this.measured.add(name);
        recordMs(histogram, milliseconds);
      },
    };
  }

  start() {
    this.#isOn = true;
    for (const histogram of this.#operations.values()) histogram.reset();
  }

  stop() {
    this.#isOn = false;
  }

  /** What came since the last time. */
  take() {
    const taken = {};
    for (const [name, histogram] of this.#operations) {
      if (histogram.totalCount === 0) continue;
      taken[name] = packed(histogram);
      histogram.reset();
    }
    return taken;
  }
}
