/** Time and timers as the rest of the server sees them, so that tests can stand at the controls. */

/** Undoes a timer; calling it again, or after the timer fired, does nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Milliseconds since 1970; jumps when the machine's time is set. */
  now(): number;
  /** Whole seconds since 1970. */
  seconds(): number;
  /** Milliseconds from an arbitrary start that never go back: for durations. */
  monotonic(): number;
  /** Runs `work` once. A timer alone does not keep the process alive. */
  after(ms: number, work: () => void): Cancel;
  /** Runs `work` again and again; `ms` pass before the first time. */
  every(ms: number, work: () => void): Cancel;
  /** Keeps the process alive until it resolves. */
  sleep(ms: number): Promise<void>;
}

/** What one `setTimeout` can span; Node fires at once beyond it. */
const LONGEST_TIMER_MS = 0x7fffffff;

class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  seconds(): number {
    return Math.floor(Date.now() / 1000);
  }

  monotonic(): number {
    return performance.now();
  }

  after(ms: number, work: () => void): Cancel {
    if (ms === Number.POSITIVE_INFINITY) return () => {};
    if (ms > LONGEST_TIMER_MS) {
      let cancel = this.after(LONGEST_TIMER_MS, () => {
        cancel = this.after(ms - LONGEST_TIMER_MS, work);
      });
      return () => cancel();
    }
    const timer = setTimeout(work, ms).unref();
    return () => clearTimeout(timer);
  }

  every(ms: number, work: () => void): Cancel {
    if (!(ms > 0 && ms <= LONGEST_TIMER_MS)) throw new RangeError(`${ms} ms is no interval`);
    const timer = setInterval(work, ms).unref();
    return () => clearInterval(timer);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }
}

export const systemClock: Clock = new SystemClock();
