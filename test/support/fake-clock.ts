/** A clock that stands still until a test moves it. */
import type { Cancel, Clock } from '../../src/platform/clock.js';

interface Timer {
  at: number;
  readonly everyMs: number | undefined;
  readonly work: () => void;
}

export class FakeClock implements Clock {
  #now: number;
  readonly #start: number;
  readonly #timers = new Set<Timer>();

  constructor(now = Date.UTC(2030, 0, 1)) {
    this.#now = now;
    this.#start = now;
  }

  now(): number {
    return this.#now;
  }

  seconds(): number {
    return Math.floor(this.#now / 1000);
  }

  monotonic(): number {
    return this.#now - this.#start;
  }

  after(ms: number, work: () => void): Cancel {
    return this.#add({ at: this.#now + Math.max(0, ms), everyMs: undefined, work });
  }

  every(ms: number, work: () => void): Cancel {
    if (!(ms > 0)) throw new RangeError(`${ms} ms is no interval`);
    return this.#add({ at: this.#now + ms, everyMs: ms, work });
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Runs what comes due on the way, in order, and lets promises settle after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.#now = timer.at;
      if (timer.everyMs === undefined) this.#timers.delete(timer);
      else timer.at += timer.everyMs;
      timer.work();
      await settle();
    }
    this.#now = end;
  }

  #add(timer: Timer): Cancel {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (timer.at <= end && (!next || timer.at < next.at)) next = timer;
    return next;
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
