/** At most one registration per address within a time (`general.registration_timeout`), for all shards of the node. */
import type { Clock } from '../../platform/clock.js';

export class RegistrationPace {
  readonly #clock: Clock;
  readonly #waitMs: number;
  /** When each address may register again; in the order of time, because the wait is the same for all. */
  readonly #until = new Map<string, number>();

  constructor(clock: Clock, waitSeconds: number | 'infinity') {
    this.#clock = clock;
    this.#waitMs = waitSeconds === 'infinity' ? 0 : waitSeconds * 1_000;
  }

  /** Books a registration. False when the last one from this address is too recent. */
  admit(ip: string): boolean {
    if (this.#waitMs === 0) return true;
    const now = this.#clock.now();
    for (const [address, until] of this.#until) {
      if (until > now) break;
      this.#until.delete(address);
    }
    if (this.#until.has(ip)) return false;
    this.#until.set(ip, now + this.#waitMs);
    return true;
  }

  /** Takes a booking back: the registration did not come about. */
  release(ip: string): void {
    this.#until.delete(ip);
  }
}
