/** How long to wait before the next try: longer each time, and never the same for everybody. */

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

export class Backoff {
  readonly #random: () => number;
  #tries = 0;

  /** `random` gives numbers from 0 to 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  next(): number {
    const top = Math.min(FIRST_MS * 2 ** this.#tries, LONGEST_MS);
    this.#tries++;
    return Math.round(top / 2 + (top / 2) * this.#random());
  }

  reset(): void {
    this.#tries = 0;
  }
}
