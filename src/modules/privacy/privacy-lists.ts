/** Reads and changes the lists of accounts, one change at a time, and puts what changed in force. */
import type { Host } from '../../core/hosts/host.js';
import { KeyedQueue } from '../../core/keyed-queue.js';
import type { Account } from '../../core/sessions/account.js';
import type { Session } from '../../core/sessions/session.js';
import type { Sessions } from '../../core/sessions/sessions.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import type { RosterApi } from '../roster/api.js';
import { blocklistChanged } from './api.js';
import { withBlocked } from './blocklist.js';
import { fromKept, type ListKeeper, NO_LIST } from './list-keeper.js';
import { listFull } from './list-markup.js';
import type { PresenceChanges } from './presence-changes.js';
import { blockedBy, isBlocking, type PrivacyItem, PrivacyList } from './privacy-list.js';
import type { KeptList, ListNames, PrivacyStore } from './privacy-store.js';

/** The list that the blocking command makes where there is no default list; MongooseIM calls it so, too. */
const BLOCKING_LIST = 'blocking';

export interface ListLimits {
  readonly maxItems: number;
  readonly maxLists: number;
}

export interface PrivacyListsDependencies {
  readonly host: Host;
  readonly sessions: Sessions;
  readonly store: PrivacyStore;
  readonly keeper: ListKeeper;
  readonly roster: RosterApi;
  readonly presences: PresenceChanges;
  readonly limits: ListLimits;
  /** An active list is about to be used. */
  readonly activating: () => void;
  /** Tells the clients of an account that a list is another now: all of them, or those alone that know of lists. */
  readonly changed: (account: Account, name: string, toAll: boolean) => void;
}

type Outcome = StanzaError | undefined;

export class PrivacyLists {
  readonly #deps: PrivacyListsDependencies;
  /** Changes of one account. */
  readonly #turns = new KeyedQueue();

  constructor(deps: PrivacyListsDependencies) {
    this.#deps = deps;
  }

  names(account: Jid): Promise<ListNames> {
    return this.#deps.store.names(account);
  }

  async list(account: Jid, name: string): Promise<PrivacyList | undefined> {
    const kept = await this.#deps.store.list(account, name);
    return kept && fromKept(kept);
  }

  /** XEP-0016 section 2.4. */
  activate(session: Session, name: string | undefined): Promise<Outcome> {
    return this.#inTurn(session.account.jid, async () => {
      const list = name === undefined ? undefined : await this.list(session.account.jid, name);
      if (name !== undefined && !list) return StanzaError.itemNotFound();
      this.#use(session, list);
      return undefined;
    });
  }

  /** XEP-0016 section 2.5. */
  setDefault(session: Session, name: string | undefined): Promise<Outcome> {
    const { jid } = session.account;
    const { store, keeper } = this.#deps;
    return this.#inTurn(jid, async () => {
      const list = name === undefined ? NO_LIST : await this.list(jid, name);
      if (!list) return StanzaError.itemNotFound();
      const before = keeper.peek(jid, session.account);
      if (before !== NO_LIST && before?.name !== list.name && this.#isStandardOfOthers(session))
        return StanzaError.conflict('the default list applies to another resource');
      await store.setDefault(jid, name);
      this.#putInForce(jid, list);
      return undefined;
    });
  }

  /** XEP-0016 sections 2.6 and 2.7. */
  edit(session: Session, name: string, items: readonly PrivacyItem[]): Promise<Outcome> {
    const { jid } = session.account;
    return this.#inTurn(jid, async () => {
      const { store, limits } = this.#deps;
      const { lists } = await store.names(jid);
      if (!lists.includes(name) && lists.length >= limits.maxLists)
        return StanzaError.resourceConstraint(`there are at most ${limits.maxLists} lists`);
      if (!(await this.#hasGroups(jid, items))) return StanzaError.itemNotFound('there is no such group');
      const list = new PrivacyList(name, items);
      await store.put(jid, list);
      this.#refresh(jid, list);
      return undefined;
    });
  }

  /** XEP-0016 section 2.8. */
  remove(session: Session, name: string): Promise<Outcome> {
    const { jid } = session.account;
    const { store, keeper, sessions, changed } = this.#deps;
    return this.#inTurn(jid, async () => {
      if (!(await store.list(jid, name))) return StanzaError.itemNotFound();
      const others = [...session.account.sessions()].filter((other) => other !== session);
      if (others.some((other) => keeper.applied(other).name === name && keeper.applied(other) !== NO_LIST))
        return StanzaError.conflict('the list applies to another resource');
      await store.remove(jid, name);
      if (keeper.active(session)?.name === name) this.#use(session, undefined);
      if (isNamed(keeper.peek(jid, session.account), name)) this.#putInForce(jid, NO_LIST);
      const account = sessions.account(jid);
      if (account) changed(account, name, true);
      return undefined;
    });
  }

  /** XEP-0191 section 3.3. */
  block(jid: Jid, whom: readonly Jid[]): Promise<Outcome> {
    const texts = whom.map((each) => each.toString());
    return this.#inTurn(jid, async () => {
      const { store } = this.#deps;
      // One that was the default before is taken up again.
      const kept = (await store.defaultList(jid)) ?? (await store.list(jid, BLOCKING_LIST));
      return this.#rewrite(jid, kept ?? { name: BLOCKING_LIST, items: [] }, (items) => withBlocked(items, texts));
    });
  }

  /** XEP-0191 sections 3.4 and 3.5. */
  unblock(jid: Jid, whom: readonly Jid[] | 'all'): Promise<Outcome> {
    const freed = whom === 'all' ? undefined : new Set(whom.map((each) => each.toString()));
    const isLeft = (item: PrivacyItem) => !isBlocking(item) || (freed !== undefined && !freed.has(item.value));
    return this.#inTurn(jid, async () => {
      const kept = await this.#deps.store.defaultList(jid);
      return kept && this.#rewrite(jid, kept, (items) => items.filter(isLeft), whom === 'all');
    });
  }

  removeAccount(jid: Jid): Promise<void> {
    return this.#turns.run(jid.toString(), async () => {
      await this.#deps.store.removeAccount(jid);
      this.#deps.keeper.forget(jid);
    });
  }

  /** Gives a list other items, and makes it the default. */
  async #rewrite(
    jid: Jid,
    kept: KeptList,
    rewrite: (items: readonly PrivacyItem[]) => readonly PrivacyItem[],
    isAll = false,
  ): Promise<Outcome> {
    const { store, limits } = this.#deps;
    const before = fromKept(kept);
    const list = new PrivacyList(kept.name, rewrite(before.items));
    if (list.items.length > Math.max(limits.maxItems, before.items.length)) return listFull(limits.maxItems);
    await store.put(jid, list, { asDefault: true, before: kept.items });
    this.#refresh(jid, list, true, isAll);
    return undefined;
  }

  #inTurn(jid: Jid, work: () => Promise<Outcome>): Promise<Outcome> {
    return this.#turns.run(jid.toString(), work);
  }

  /** XEP-0016 section 2.2: whatever uses a list uses its new definition, and all clients hear of it. */
  #refresh(jid: Jid, list: PrivacyList, byCommand = false, isAll = false): void {
    const { keeper, sessions, changed } = this.#deps;
    const account = sessions.account(jid);
    if (!account) return keeper.forget(jid);
    for (const session of account.sessions()) if (isNamed(keeper.active(session), list.name)) this.#use(session, list);
    if (byCommand || isNamed(keeper.peek(jid, account), list.name)) this.#putInForce(jid, list, isAll);
    changed(account, list.name, !byCommand);
  }

  #use(session: Session, list: PrivacyList | undefined): void {
    const { keeper, presences, activating } = this.#deps;
    const before = keeper.applied(session);
    if (list) activating();
    keeper.setActive(session, list);
    presences.follow(session, before, keeper.applied(session));
  }

  #putInForce(jid: Jid, list: PrivacyList, isAll = false): void {
    const { keeper, sessions, presences, host } = this.#deps;
    const account = sessions.account(jid);
    if (!account) return keeper.forget(jid);
    const before = keeper.peek(jid, account) ?? NO_LIST;
    keeper.setStandard(account, list);
    for (const session of account.sessions()) if (!keeper.active(session)) presences.follow(session, before, list);
    const old = new Set(blockedBy(before));
    const now = new Set(blockedBy(list));
    const blocked = [...now].filter((text) => !old.has(text));
    const unblocked = [...old].filter((text) => !now.has(text));
    if (blocked.length + unblocked.length > 0)
      host.hooks.notify(blocklistChanged, { account, blocked, unblocked, isAll });
  }

  #isStandardOfOthers(session: Session): boolean {
    for (const other of session.account.sessions())
      if (other !== session && !this.#deps.keeper.active(other)) return true;
    return false;
  }

  /** XEP-0016 section 2.1. */
  async #hasGroups(jid: Jid, items: readonly PrivacyItem[]): Promise<boolean> {
    const wanted = new Set(items.filter(({ type }) => type === 'group').map(({ value }) => value));
    if (wanted.size === 0) return true;
    for (const { groups } of await this.#deps.roster.load(jid)) for (const group of groups) wanted.delete(group);
    return wanted.size === 0;
  }
}

function isNamed(list: PrivacyList | undefined, name: string): boolean {
  return list !== undefined && list !== NO_LIST && list.name === name;
}
