/** Holds the lists that apply: the default list of every account that somebody writes to, the active one of a session. */
import type { Account } from '../../core/sessions/account.js';
import type { Session } from '../../core/sessions/session.js';
import { slot } from '../../core/sessions/slot.js';
import type { Jid } from '../../protocol/jid.js';
import { canonical, PrivacyList } from './privacy-list.js';
import type { KeptList, PrivacyStore } from './privacy-store.js';

/** Stands for no list at all: nothing is denied. */
export const NO_LIST = new PrivacyList('', []);

/** Of an account with sessions, set before the first of them opens. */
const standard = slot<PrivacyList>('mod_privacy.default_list', () => NO_LIST);
/** Of a session; goes with it. */
const active = slot<PrivacyList | undefined>('mod_privacy.active_list', () => undefined);
/** Whether a session of the account has had an active list. */
const usesActive = slot('mod_privacy.uses_active_lists', () => false);

/** Items that are kept for accounts without sessions, of all lists together; one without a list counts as one. */
const KEPT_ITEMS = 50_000;
/** The latest are kept however long they are: somebody is about to ask them. */
const KEPT_LISTS = 16;

export class ListKeeper {
  readonly #store: PrivacyStore;
  /** Of accounts without sessions, the oldest first. */
  readonly #kept = new Map<string, PrivacyList>();
  readonly #loading = new Map<string, Promise<PrivacyList>>();
  #keptItems = 0;

  constructor(store: PrivacyStore) {
    this.#store = store;
  }

  /** The default list, where it is at hand: that of an account with an open session always is. */
  peek(jid: Jid, account: Account | undefined): PrivacyList | undefined {
    return account?.peek(standard) ?? this.#kept.get(jid.bare.toString());
  }

  /** XEP-0016 section 2.2: the active list alone where there is one, else the default list. */
  applied(session: Session): PrivacyList {
    const list = session.peek(active) ?? session.account.peek(standard);
    if (!list) throw new Error('the lists of an open session are not loaded');
    return list;
  }

  active(session: Session): PrivacyList | undefined {
    return session.peek(active);
  }

  usesActive(account: Account): boolean {
    return account.peek(usesActive) === true;
  }

  async load(jid: Jid): Promise<PrivacyList> {
    const key = jid.bare.toString();
    return this.#kept.get(key) ?? this.#loading.get(key) ?? this.#fetch(jid.bare, key);
  }

  /** For a session that is being opened. */
  async attach(account: Account): Promise<void> {
    if (account.peek(standard)) return;
    const list = await this.load(account.jid);
    // Another session may have changed it meanwhile.
    if (!account.peek(standard)) account.set(standard, list);
    this.forget(account.jid);
  }

  setStandard(account: Account, list: PrivacyList): void {
    account.set(standard, list);
    this.forget(account.jid);
  }

  setActive(session: Session, list: PrivacyList | undefined): void {
    session.set(active, list);
    if (list) session.account.set(usesActive, true);
  }

  /** What is kept for an account without sessions, or is being read, may be true no more. */
  forget(jid: Jid): void {
    const key = jid.toString();
    this.#loading.delete(key);
    this.#drop(key);
  }

  #fetch(jid: Jid, key: string): Promise<PrivacyList> {
    const loading: Promise<PrivacyList> = this.#store
      .defaultList(jid)
      .then((kept) => {
        const list = kept ? fromKept(kept) : NO_LIST;
        if (this.#loading.get(key) === loading) this.#keep(key, list);
        return list;
      })
      .finally(() => {
        if (this.#loading.get(key) === loading) this.#loading.delete(key);
      });
    this.#loading.set(key, loading);
    return loading;
  }

  #keep(key: string, list: PrivacyList): void {
    this.#drop(key);
    this.#kept.set(key, list);
    this.#keptItems += list.items.length + 1;
    for (const oldest of this.#kept.keys()) {
      if (this.#keptItems <= KEPT_ITEMS || this.#kept.size <= KEPT_LISTS) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const list = this.#kept.get(key);
    if (!list) return;
    this.#kept.delete(key);
    this.#keptItems -= list.items.length + 1;
  }
}

/** Addresses of older writers are brought into the form in which they are compared; one that is none stays, and fits nothing. */
export function fromKept({ name, items }: KeptList): PrivacyList {
  return new PrivacyList(
    name,
    items.map((item) => (item.type === 'jid' ? { ...item, value: canonical(item.value) ?? item.value } : item)),
  );
}
