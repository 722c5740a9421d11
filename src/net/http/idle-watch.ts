/** Pings the WebSockets of one handler, and gives up those that say nothing for too long; coarse, with one timer for all. */
import type { Cancel, Clock } from '../../platform/clock.js';

export interface Watched {
  /** `IdleWatch.now` at the last sign of life. */
  heardAt: number;
  ping(): void;
  silent(): void;
}

export interface IdleWatchOptions {
  /** `Infinity` for none. */
  readonly timeoutMs: number;
  readonly pingMs: number;
  readonly clock: Clock;
}

const LEAST_INTERVAL_MS = 10;
const MOST_INTERVAL_MS = 5_000;
/** An interval is this part of the shorter time. */
const PARTS = 8;

export class IdleWatch {
  /** The time as of the last look. */
  now: number;
  readonly #options: IdleWatchOptions;
  readonly #intervalMs: number;
  readonly #pingAt = new Map<Watched, number>();
  #cancel: Cancel | undefined;

  constructor(options: IdleWatchOptions) {
    this.#options = options;
    this.now = options.clock.monotonic();
    const wanted = Math.min(options.timeoutMs, options.pingMs) / PARTS;
    this.#intervalMs = Math.min(Math.max(wanted, LEAST_INTERVAL_MS), MOST_INTERVAL_MS);
  }

  add(one: Watched): void {
    const { clock, pingMs } = this.#options;
    if (pingMs === Number.POSITIVE_INFINITY && this.#options.timeoutMs === Number.POSITIVE_INFINITY) return;
    this.#cancel ??= clock.every(this.#intervalMs, () => this.#look());
    this.now = clock.monotonic();
    one.heardAt = this.now;
    this.#pingAt.set(one, this.now + pingMs);
  }

  remove(one: Watched): void {
    this.#pingAt.delete(one);
    if (this.#pingAt.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #look(): void {
    const { clock, timeoutMs, pingMs } = this.#options;
    const before = this.now;
    this.now = clock.monotonic();
    for (const [one, pingAt] of this.#pingAt) {
      // It was heard then or up to one interval later.
      if (before - one.heardAt >= timeoutMs) one.silent();
      else if (this.now >= pingAt) {
        this.#pingAt.set(one, this.now + pingMs);
        one.ping();
      }
    }
  }
}
