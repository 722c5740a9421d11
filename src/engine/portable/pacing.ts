/** Holds the reading of one connection to its shaper, and wakes it when there is more to be had. */
import type { Host } from './host.js';
import { Shaper } from './shaper.js';

export class Pacing {
  readonly #clock: Pick<Host, 'now'>;
  readonly #wake: () => void;
  #shaper: Shaper | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Bytes a second; 0 for no limit. */
  rate = 0;

  constructor(clock: Pick<Host, 'now'>, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  set(rate: number): void {
    this.rate = rate;
    this.#shaper = rate > 0 ? new Shaper(rate, this.#clock.now()) : undefined;
  }

  /** How many of so many bytes may be read now. */
  allowance(wanted: number): number {
    if (!this.#shaper) return wanted;
    const allowed = this.#shaper.allowance(this.#clock.now());
    if (allowed === 0) {
      this.stop();
      this.#timer = setTimeout(this.#wake, this.#shaper.waitMs);
    }
    return Math.min(wanted, allowed);
  }

  take(bytes: number): void {
    this.#shaper?.take(bytes);
  }

  /** No longer wakes anybody. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
