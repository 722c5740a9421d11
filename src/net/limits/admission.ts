/** Keeps new logins waiting while this shard is behind, so that those who are logged in already do not suffer (XEP-0205 section 2). */
import type { Cancel, Clock } from '../../platform/clock.js';
import type { OverloadOptions } from '../../platform/config/index.js';
import type { Logger } from '../../platform/log.js';

/** How often the loop is asked whether it is late. */
const TICK_MS = 100;
/** One late turn is an accident, such as a large collection of garbage. */
const LATE_TICKS = 2;
/** So many in a row, at less than half of the limit, are an end. */
const QUIET_TICKS = 5;
/** Those who have waited come in bit by bit, lest they bring the load back. */
const ADMITTED_AT_ONCE = 128;

export interface Applicant {
  /** The shard has time again. */
  admitted(): void;
}

export interface AdmissionParts {
  readonly clock: Clock;
  readonly options: OverloadOptions;
  readonly log: Logger;
}

export class Admission {
  readonly #parts: AdmissionParts;
  readonly #waiting = new Set<Applicant>();
  readonly #stop: Cancel;
  #tickedMs: number;
  #late = 0;
  #quiet = 0;
  #since: number | undefined;
  /** Times that the shard has been behind, logins that had to wait, and those that were refused; ever. */
  readonly counters = { overloads: 0, loginsDelayed: 0, loginsRefused: 0 };

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.#tickedMs = parts.clock.monotonic();
    this.#stop = parts.options.lag === 'infinity' ? () => {} : parts.clock.every(TICK_MS, () => this.#tick());
  }

  stop(): void {
    this.#stop();
  }

  get isBehind(): boolean {
    return this.#since !== undefined;
  }

  /** `now`: go on. `later`: `admitted` will be called, unless `leave` is before. `never`: too many wait already. */
  apply(applicant: Applicant): 'now' | 'later' | 'never' {
    if (!this.isBehind && this.#waiting.size === 0) return 'now';
    const { max_waiting } = this.#parts.options;
    if (max_waiting !== 'infinity' && this.#waiting.size >= max_waiting) {
      this.counters.loginsRefused++;
      return 'never';
    }
    this.counters.loginsDelayed++;
    this.#waiting.add(applicant);
    return 'later';
  }

  /** Gone, before it was admitted. */
  leave(applicant: Applicant): void {
    this.#waiting.delete(applicant);
  }

  /** Its patience, or ours, is over. */
  giveUp(applicant: Applicant): void {
    if (this.#waiting.delete(applicant)) this.counters.loginsRefused++;
  }

  #tick(): void {
    const now = this.#parts.clock.monotonic();
    const lag = Math.max(0, now - this.#tickedMs - TICK_MS);
    this.#tickedMs = now;
    const limit = this.#parts.options.lag as number;
    this.#late = lag >= limit ? this.#late + 1 : 0;
    this.#quiet = lag < limit / 2 ? this.#quiet + 1 : 0;
    if (this.#since === undefined && this.#late >= LATE_TICKS) this.#begin(now, lag);
    else if (this.#since !== undefined && this.#quiet >= QUIET_TICKS) this.#end(now, this.#since);
    if (!this.isBehind) this.#admit();
  }

  #begin(now: number, lag: number): void {
    this.#since = now;
    this.counters.overloads++;
    this.#parts.log.warn('shard.overload.began', { lagMs: Math.round(lag) });
  }

  #end(now: number, since: number): void {
    this.#since = undefined;
    const lastedMs = Math.round(now - since);
    this.#parts.log.warn('shard.overload.ended', { lastedMs, waiting: this.#waiting.size, ...this.counters });
  }

  #admit(): void {
    let left = ADMITTED_AT_ONCE;
    for (const applicant of this.#waiting) {
      if (left-- === 0) return;
      this.#waiting.delete(applicant);
      try {
        applicant.admitted();
      } catch (error) {
        this.#parts.log.error('shard.admission.crashed', { error });
      }
    }
  }
}
