/** Finds the archives of accounts: at hand while an account is online, loaded when somebody writes to one that is not. */
import type { Account } from '../../core/sessions/account.js';
import { slot } from '../../core/sessions/slot.js';
import type { Jid } from '../../protocol/jid.js';
import type { ArchiveStore, Behaviours } from './archive-store.js';
import { Owner } from './owner.js';
import { OwnerCache, type OwnerCacheOptions } from './owner-cache.js';

const ownerSlot = slot<Owner | undefined>('mod_mam.owner', () => undefined);

const NONE: Behaviours = new Map();

export interface OwnersOptions {
  /** Unset for none: then every message to an account that is offline asks the database. */
  readonly cache: OwnerCacheOptions | undefined;
  readonly hasPreferences: boolean;
}

export class Owners {
  readonly #store: ArchiveStore;
  readonly #hasPreferences: boolean;
  readonly #cache: OwnerCache;
  readonly #loading = new Map<string, Promise<Owner>>();

  constructor(store: ArchiveStore, { cache, hasPreferences }: OwnersOptions) {
    this.#store = store;
    this.#hasPreferences = hasPreferences;
    this.#cache = new OwnerCache(cache ?? { strategy: 'fifo', number_of_segments: 1 });
  }

  /** Of an account that has a session which was let in. */
  of(account: Account): Owner | undefined {
    return account.peek(ownerSlot);
  }

  /** For a session that is being opened: from then on nothing has to wait for it. */
  async attach(account: Account): Promise<void> {
    if (account.peek(ownerSlot)) return;
    const owner = await this.load(account.jid);
    if (!account.peek(ownerSlot)) account.set(ownerSlot, owner);
  }

  /** Of any account at home here; `account` when it has sessions. The same object for everybody. */
  async load(jid: Jid, account?: Account): Promise<Owner> {
    const key = jid.bare.toString();
    const known = account?.peek(ownerSlot) ?? this.#cache.get(key);
    if (known) return known;
    const loading = this.#loading.get(key) ?? this.#begin(key, jid.bare);
    return loading;
  }

  /** The account may be written to while it is offline, and its last messages may not have reached the database. */
  remember(account: Account): void {
    const owner = account.peek(ownerSlot);
    const key = account.jid.toString();
    if (owner && this.#cache.get(key) !== owner) this.#cache.add(key, owner);
  }

  forget(jid: Jid): void {
    this.#cache.delete(jid.bare.toString());
  }

  /** Lets go of what nobody has used for long. */
  age(): void {
    this.#cache.age();
  }

  #begin(key: string, jid: Jid): Promise<Owner> {
    const loading = this.#load(jid);
    this.#loading.set(key, loading);
    const end = () => this.#loading.delete(key);
    loading.then((owner) => {
      this.#cache.add(key, owner);
      end();
    }, end);
    return loading;
  }

  async #load(jid: Jid): Promise<Owner> {
    const found = await this.#store.find(jid);
    const behaviours = found && this.#hasPreferences ? await this.#store.behaviours(found.userId) : NONE;
    return new Owner(jid, found?.userId, found?.lastId ?? 0n, behaviours);
  }
}
