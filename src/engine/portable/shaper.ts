/** Holds a connection to a number of bytes a second, in bursts of one second. */

/** A token bucket. Nothing is lost: whoever reads stops while it is empty, and TCP holds the sender back. */
export class Shaper {
  readonly #rate: number;
  #tokens: number;
  #filledMs: number;

  constructor(bytesPerSecond: number, nowMs: number) {
    this.#rate = bytesPerSecond;
    this.#tokens = bytesPerSecond;
    this.#filledMs = nowMs;
  }

  /** How many bytes may be read now. */
  allowance(nowMs: number): number {
    this.#tokens = Math.min(this.#rate, this.#tokens + (this.#rate * (nowMs - this.#filledMs)) / 1000);
    this.#filledMs = nowMs;
    return Math.floor(this.#tokens);
  }

  take(bytes: number): void {
    this.#tokens -= bytes;
  }

  /** Milliseconds until it pays to ask again. */
  get waitMs(): number {
    return Math.min(1000, Math.max(10, Math.ceil(1000 / this.#rate)));
  }
}
