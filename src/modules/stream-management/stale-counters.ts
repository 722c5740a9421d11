/** XEP-0198 section 5: what sessions that nobody resumed had taken in, for a client that asks too late (`stale_h`). */
import type { Session } from '../../core/sessions/session.js';

interface Stale {
  /** Bare address of the account. */
  readonly account: string;
  readonly handled: number;
  readonly at: number;
}

/** The oldest are forgotten beyond so many. */
const MOST = 100_000;

export class StaleCounters {
  readonly #byId = new Map<string, Stale>();
  readonly #maxAgeMs: number;

  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** `now` in milliseconds that never go back. */
  remember(id: string, session: Session, handled: number, now: number): void {
    const oldest = this.#byId.size >= MOST ? this.#byId.keys().next().value : undefined;
    if (oldest !== undefined) this.#byId.delete(oldest);
    this.#byId.set(id, { account: session.account.jid.toString(), handled, at: now });
  }

  /** Of the account's own session only. */
  handled(id: string, account: string, now: number): number | undefined {
    const stale = this.#byId.get(id);
    return stale && stale.account === account && now - stale.at < this.#maxAgeMs ? stale.handled : undefined;
  }

  forgetOld(now: number): void {
    for (const [id, { at }] of this.#byId) {
      if (now - at < this.#maxAgeMs) return;
      this.#byId.delete(id);
    }
  }
}
