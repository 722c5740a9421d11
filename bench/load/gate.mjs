/** Lets so many things happen at a time, and so many a second. */
import { now } from '../measure/clock.mjs';

export class Gate {
  #abreast;
  #gapMs;
  #running = 0;
  #waiting = [];
  #nextAt = 0;

  /** `rate` 0 is no limit. */
  constructor(abreast, rate) {
    this.#abreast = abreast;
    this.#gapMs = rate > 0 ? 1_000 / rate : 0;
  }

  async pass(work) {
    if (this.#running >= this.#abreast) await new Promise((resolve) => this.#waiting.push(resolve));
    this.#running++;
    try {
      await this.#pace();
      return await work();
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #pace() {
    if (this.#gapMs === 0) return;
    const at = Math.max(now(), this.#nextAt);
    this.#nextAt = at + this.#gapMs;
    if (at > now()) await new Promise((resolve) => setTimeout(resolve, at - now()));
  }
}
