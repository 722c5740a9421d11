/** Holds the rosters of this shard's accounts: one object per account at a time, so that changes never meet a stale copy. */
import type { Jid } from '../../protocol/jid.js';
import { Roster } from './roster.js';
import type { RosterStore } from './roster-store.js';

/** So many are kept without asking who needs them. */
const KEPT = 2_000;
/** Above that, so many are looked at for each one that is loaded: a load costs the same however many accounts are online. */
const LOOKS = 8;

export class RosterKeeper {
  readonly #store: RosterStore;
  readonly #isOnline: (account: Jid) => boolean;
  readonly #newVersion: (() => string) | undefined;
  readonly #kept: number;
  readonly #loaded = new Map<string, Roster>();
  readonly #loading = new Map<string, Promise<Roster>>();
  /** Goes round all that are loaded, a few steps at a time. */
  #hand = this.#loaded.entries();

  /** `newVersion` as `Roster.load` takes it. */
  constructor(
    store: RosterStore,
    isOnline: (account: Jid) => boolean,
    newVersion: (() => string) | undefined,
    kept = KEPT,
  ) {
    this.#store = store;
    this.#isOnline = isOnline;
    this.#newVersion = newVersion;
    this.#kept = kept;
  }

  /** The roster if it is at hand. That of an account that is online always is. */
  peek(account: Jid): Roster | undefined {
    return this.#loaded.get(account.toString());
  }

  get size(): number {
    return this.#loaded.size;
  }

  /** The same, and it stays at hand for a while. */
  take(account: Jid): Roster | undefined {
    const roster = this.peek(account);
    if (roster) roster.isWanted = true;
    return roster;
  }

  /** `account` is bare. Callers that wait are served in the order in which they came. */
  async load(account: Jid): Promise<Roster> {
    const key = account.toString();
    return this.take(account) ?? this.#loading.get(key) ?? this.#fetch(account, key);
  }

  #fetch(account: Jid, key: string): Promise<Roster> {
    const loading = Roster.load(account, this.#store, this.#newVersion)
      .then((roster) => {
        this.#loaded.set(key, roster);
        this.#evict();
        return roster;
      })
      .finally(() => this.#loading.delete(key));
    this.#loading.set(key, loading);
    return loading;
  }

  /** Lets some go that nobody has needed for a while; never one that has just been handed out, which may be changed next. */
  #evict(): void {
    for (let looks = 0; looks < LOOKS && this.#loaded.size > this.#kept; looks++) {
      const [key, roster] = this.#next();
      if (roster.isWanted) roster.isWanted = false;
      else if (!roster.hasPendingWrites && !this.#isOnline(roster.owner)) this.#loaded.delete(key);
    }
  }

  /** There has to be one. */
  #next(): [string, Roster] {
    const next = this.#hand.next();
    if (!next.done) return next.value;
    this.#hand = this.#loaded.entries();
    return this.#hand.next().value as [string, Roster];
  }
}
