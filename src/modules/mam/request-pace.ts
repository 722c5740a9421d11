/** How often somebody may ask an archive: MongooseIM's access rules `mam_…_shaper` and `mam_…_global_shaper`. */
import type { Access } from '../../core/access/access.js';
import type { Clock } from '../../platform/clock.js';
import type { Shaper } from '../../platform/config/index.js';
import type { Jid } from '../../protocol/jid.js';

/** Beyond that a request is refused, as MongooseIM does. */
const LONGEST_WAIT_MS = 3_000;
/** Bounds the memory for those who have asked lately. */
const MAX_REMEMBERED = 10_000;

export interface RequestPaceDependencies {
  readonly clock: Clock;
  readonly access: Pick<Access, 'value'>;
  /** Names of the rules that there are. */
  readonly hasRule: (rule: string) => boolean;
  readonly shapers: Readonly<Record<string, Shaper>>;
}

/** A bucket that is full at first, holds what a second gives, and is filled steadily. */
export class RequestPace {
  readonly #deps: RequestPaceDependencies;
  /** When the bucket will be full again, in milliseconds of the steady clock. */
  readonly #fullAt = new Map<string, number>();

  constructor(deps: RequestPaceDependencies) {
    this.#deps = deps;
  }

  /** Resolves when the request has its turn: at once where no rule slows it down. False when its turn is too far away. */
  async turn(action: string, from: Jid): Promise<boolean> {
    const waitMs = Math.max(this.#take(`${action}_shaper`, from), this.#take(`${action}_global_shaper`, from));
    if (waitMs > LONGEST_WAIT_MS) return false;
    if (waitMs > 0) await new Promise<void>((resolve) => this.#deps.clock.after(waitMs, resolve));
    return true;
  }

  #take(rule: string, from: Jid): number {
    const { access, clock, hasRule, shapers } = this.#deps;
    if (!hasRule(rule)) return 0;
    const rate = shapers[String(access.value(rule, from))]?.max_rate;
    if (rate === undefined || rate <= 0) return 0;
    const key = `${rule} ${from}`;
    const now = clock.monotonic();
    const fullAt = Math.max(now, this.#fullAt.get(key) ?? 0) + 1_000 / rate;
    const waitMs = fullAt - now - 1_000;
    // Who is refused has not had a turn.
    if (waitMs <= LONGEST_WAIT_MS) this.#remember(key, fullAt, now);
    return Math.max(0, waitMs);
  }

  #remember(key: string, fullAt: number, now: number): void {
    this.#fullAt.delete(key);
    this.#fullAt.set(key, fullAt);
    if (this.#fullAt.size <= MAX_REMEMBERED) return;
    for (const [other, at] of this.#fullAt) if (at <= now) this.#fullAt.delete(other);
    for (const other of this.#fullAt.keys()) {
      if (this.#fullAt.size <= MAX_REMEMBERED) break;
      this.#fullAt.delete(other);
    }
  }
}
