/** Holds the rosters of this shard's accounts: one object per account at a time, so that changes never meet a stale copy. */
import type { Jid } from '../../protocol/jid.js';
import { Roster } from './roster.js';
import type { RosterStore } from './roster-store.js';

/** Rosters of accounts that are not online but were touched lately. */
const KEPT = 2_000;

export class RosterKeeper {
  readonly #store: RosterStore;
  readonly #isOnline: (account: Jid) => boolean;
  readonly #newVersion: (() => string) | undefined;
  readonly #loaded = new Map<string, Roster>();
  readonly #loading = new Map<string, Promise<Roster>>();

  /** `newVersion` as `Roster.load` takes it. */
  constructor(store: RosterStore, isOnline: (account: Jid) => boolean, newVersion?: () => string) {
    this.#store = store;
    this.#isOnline = isOnline;
    this.#newVersion = newVersion;
  }

  /** The roster if it is at hand. That of an account that is online always is. */
  peek(account: Jid): Roster | undefined {
    return this.#loaded.get(account.toString());
  }

  /** `account` is bare. Callers that wait are served in the order in which they came. */
  async load(account: Jid): Promise<Roster> {
    const key = account.toString();
    const loaded = this.#loaded.get(key);
    if (loaded) return loaded;

    const loading = this.#loading.get(key) ?? this.#fetch(account, key);
    return loading;
  }

  forget(account: Jid): void {
    this.#loaded.delete(account.toString());
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

  /** Lets the oldest go that nobody needs. */
  #evict(): void {
    let excess = this.#loaded.size - KEPT;
    if (excess <= 0) return;
    for (const [key, roster] of this.#loaded) {
      if (excess <= 0) return;
      if (roster.hasPendingWrites || this.#isOnline(roster.owner)) continue;
      this.#loaded.delete(key);
      excess--;
    }
  }
}
