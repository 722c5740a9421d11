/** An open loop: arrivals are scheduled ahead, and happen at their time whatever became of those before. */
import { now } from '../measure/clock.mjs';

/** Nearer than this a timer would be late: it counts in milliseconds. */
const SPIN_MS = 1.5;

/** When each arrival is due, in milliseconds: evenly, or by chance with the same mean (Poisson). */
export class Arrivals {
  #gapMs;
  #random;
  #nextAt;

  /** `random` gives numbers from 0 up to 1; without it arrivals come evenly. */
  constructor(rate, startAt, random) {
    this.#gapMs = 1_000 / rate;
    this.#random = random;
    this.#nextAt = startAt;
  }

  get nextAt() {
    return this.#nextAt;
  }

  /** The next one, which is taken. */
  take() {
    const dueAt = this.#nextAt;
    this.#nextAt += this.#random ? -Math.log(1 - this.#random()) * this.#gapMs : this.#gapMs;
    return dueAt;
  }
}

/** Calls `arrive(dueAt)` for each arrival until it is stopped. `late` is told by how much each was late. */
export class OpenLoop {
  #arrivals;
  #arrive;
  #late;
  #spin;
  #timer;
  #isRunning = true;

  constructor(arrivals, { arrive, late, spin }) {
    this.#arrivals = arrivals;
    this.#arrive = arrive;
    this.#late = late;
    this.#spin = spin;
    this.#wait();
  }

  stop() {
    this.#isRunning = false;
    clearTimeout(this.#timer);
  }

  #turn() {
    if (!this.#isRunning) return;
    const at = now();
    while (this.#arrivals.nextAt <= at) {
      const dueAt = this.#arrivals.take();
      this.#late?.record(at - dueAt);
      this.#arrive(dueAt);
    }
    this.#wait();
  }

  #wait() {
    const ms = this.#arrivals.nextAt - now();
    if (ms <= 0 || (this.#spin && ms < SPIN_MS)) setImmediate(() => this.#turn());
    else this.#timer = setTimeout(() => this.#turn(), Math.floor(ms));
  }
}
