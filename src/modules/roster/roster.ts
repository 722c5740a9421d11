/** One account's contact list in memory, written through to its store. */
import { createHash } from 'node:crypto';
import { escapeXml } from '../../protocol/element.js';
import { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import type { Contact } from './api.js';
import type { RosterItem, RosterStore } from './roster-store.js';
import { isApproved, NO_SUBSCRIPTION, type Subscription, subscriptionName } from './subscription.js';

/** A contact with what only the server keeps of it. */
export interface Entry extends Contact {
  /** The status text of an open request (RFC 6121 section 3.1.3), delivered again when the user comes back. */
  readonly askMessage: string;
}

export class Roster {
  readonly owner: Jid;
  readonly #store: RosterStore;
  /** Made with the first contact, as the map of changes is with the first change. */
  #entries: Map<string, Entry> | undefined;
  readonly #newVersion: (() => string) | undefined;
  #version = '';
  /** The sum of the digests of all visible items, once somebody has asked: a change of one costs that one alone. */
  #sum: bigint | undefined;
  /** What is being written, by contact; a roster with any of it must not be loaded a second time. */
  #changes: Map<string, Change> | undefined;
  #isClearing = false;
  /** Of whoever holds rosters: somebody has asked for this one lately. */
  isWanted = true;

  private constructor(owner: Jid, store: RosterStore, newVersion: (() => string) | undefined) {
    this.owner = owner;
    this.#store = store;
    this.#newVersion = newVersion;
  }

  /**
   * With `newVersion`, each state of the list gets one that is stored; without it, and until the first change, versions are digests
   * of the list. Loading writes nothing: anybody may ask about any name, also one that no account has.
   */
  static async load(owner: Jid, store: RosterStore, newVersion?: () => string): Promise<Roster> {
    const roster = new Roster(owner, store, newVersion);
    if (newVersion) roster.#version = (await store.version(owner)) ?? '';
    for (const item of await store.load(owner)) {
      const jid = Jid.parse(item.jid);
      if (jid) roster.#set(jid.toString(), fromItem(jid, item));
    }
    return roster;
  }

  get hasPendingWrites(): boolean {
    return this.#changes !== undefined || this.#isClearing;
  }

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  entry(contact: Jid): Entry | undefined {
    return this.#entries?.get(contact.toString());
  }

  subscription(contact: Jid): Subscription {
    return this.entry(contact)?.subscription ?? NO_SUBSCRIPTION;
  }

  /** Whether the user may put no more contacts on the list. */
  isFull(maxItems: number): boolean {
    return this.size >= maxItems && this.visible().length >= maxItems;
  }

  /** Whether no more requests may wait for an answer, of contacts that are not on the list. */
  isBesieged(maxItems: number): boolean {
    return this.size >= maxItems && this.size - this.visible().length >= maxItems;
  }

  /** Everything, items without a place in the visible list included. */
  entries(): Entry[] {
    return this.#entries ? [...this.#entries.values()] : [];
  }

  /** RFC 6121 section 2.1.2.2: without those of whom there is nothing but a request that the user has not answered. */
  visible(): Entry[] {
    return this.entries().filter(isVisible);
  }

  /** Changes the list at once, and resolves when that is committed. When it cannot be, the list is again what is stored. */
  put(entry: Entry): Promise<void> {
    return this.#change(entry.jid, entry, () => this.#store.put(this.owner, toItem(entry)));
  }

  delete(contact: Jid): Promise<void> {
    return this.#change(contact, undefined, () => this.#store.delete(this.owner, contact.toString()));
  }

  /** Forgets everything, because the account is removed. */
  async clear(): Promise<void> {
    this.#entries = undefined;
    this.#changes = undefined;
    this.#version = '';
    this.#sum = undefined;
    this.#isClearing = true;
    try {
      await this.#store.removeAccount(this.owner);
    } finally {
      this.#isClearing = false;
    }
  }

  /** RFC 6121 section 2.6: a text that differs whenever the visible list does. */
  version(): string {
    return this.#version === '' ? this.#digest() : this.#version;
  }

  /** Ahead of the change itself: after a crash in between, clients fetch the list once too often, not once too little. */
  #renew(isVisiblyChanged: boolean): Promise<unknown> | undefined {
    if (!this.#newVersion || !isVisiblyChanged) return undefined;
    this.#version = this.#newVersion();
    return this.#store.setVersion(this.owner, this.#version);
  }

  #digest(): string {
    this.#sum ??= this.visible().reduce((sum, entry) => sum + itemDigest(entry), 0n);
    return BigInt.asUintN(DIGEST_BITS, this.#sum).toString(16);
  }

  async #change(contact: Jid, entry: Entry | undefined, write: () => Promise<void>): Promise<void> {
    const key = contact.toString();
    const before = this.#entries?.get(key);
    const isVisiblyChanged = [before, entry].some((one) => one && isVisible(one));
    this.#changes ??= new Map();
    const change = this.#changes.get(key) ?? { writes: 0, stored: before };
    this.#changes.set(key, change);
    change.writes++;
    this.#set(key, entry);
    try {
      await Promise.all([this.#renew(isVisiblyChanged), write()]);
      change.stored = entry;
    } finally {
      // Only the last of several writes tells what is true in the end.
      if (--change.writes === 0 && this.#settle(key) && this.#entries?.get(key) !== change.stored) {
        this.#set(key, change.stored);
        await this.#renew(isVisiblyChanged);
      }
    }
  }

  /** False when the change has been forgotten since. */
  #settle(key: string): boolean {
    const isKnown = this.#changes?.delete(key) === true;
    if (this.#changes?.size === 0) this.#changes = undefined;
    return isKnown;
  }

  #set(key: string, entry: Entry | undefined): void {
    if (this.#sum !== undefined) this.#sum += itemDigest(entry) - itemDigest(this.#entries?.get(key));
    if (!entry) return void this.#entries?.delete(key);
    this.#entries ??= new Map();
    this.#entries.set(key, entry);
  }
}

/** Writes for one contact that are under way. */
interface Change {
  writes: number;
  /** What is known to be committed. */
  stored: Entry | undefined;
}

export function isVisible({ subscription, name, groups }: Entry): boolean {
  const { to, from, pendingIn, pendingOut } = subscription;
  const isOnlyPendingIn = pendingIn && !to && !from && !pendingOut && !isApproved(subscription);
  return !isOnlyPendingIn || name !== '' || groups.length > 0;
}

const DIGEST_BITS = 128;

/** Nothing for what is not visible. */
function itemDigest(entry: Entry | undefined): bigint {
  if (!entry || !isVisible(entry)) return 0n;
  const digest = createHash('sha256').update(itemXml(entry)).digest('hex');
  return BigInt(`0x${digest.slice(0, DIGEST_BITS / 4)}`);
}

/** RFC 6121 section 2.1.2: `<item/>` as it stands in results and pushes. PERF(login): lists are long, and only written. */
export function itemXml({ jid, name, groups, subscription }: Entry): string {
  const state = `${STATE_XML[subscriptionName(subscription)]}${subscription.pendingOut ? " ask='subscribe'" : ''}`;
  const title = name === '' ? '' : ` name='${escapeXml(name)}'`;
  const start = `<item jid='${jid.toXml()}'${title}${state}${isApproved(subscription) ? " approved='true'" : ''}`;
  if (groups.length === 0) return `${start}/>`;
  let inside = '';
  for (const group of groups) inside += `<group>${escapeXml(group)}</group>`;
  return `${start}>${inside}</item>`;
}

const STATE_XML = {
  none: " subscription='none'",
  to: " subscription='to'",
  from: " subscription='from'",
  both: " subscription='both'",
} as const;

/** What the client is to forget. */
export function removalXml(contact: Jid): string {
  return `<item jid='${contact.toXml()}' subscription='remove'/>`;
}

/** Around items. */
export function queryXml(items: string, ver?: string): string {
  const version = ver === undefined ? '' : ` ver='${escapeXml(ver)}'`;
  return `<query xmlns='${ns.ROSTER}'${version}>${items}</query>`;
}

function fromItem(jid: Jid, item: RosterItem): Entry {
  const { name, groups, subscription, ask, askMessage, isApproved: approved } = item;
  return {
    jid,
    name,
    groups,
    askMessage,
    subscription: {
      to: subscription === 'to' || subscription === 'both',
      from: subscription === 'from' || subscription === 'both',
      pendingOut: ask === 'out' || ask === 'both',
      pendingIn: ask === 'in' || ask === 'both',
      approved: approved || undefined,
    },
  };
}

function toItem({ jid, name, groups, subscription, askMessage }: Entry): RosterItem {
  const { pendingIn, pendingOut } = subscription;
  const ask = pendingIn ? (pendingOut ? 'both' : 'in') : pendingOut ? 'out' : 'none';
  return {
    jid: jid.toString(),
    name,
    groups: [...groups],
    subscription: subscriptionName(subscription),
    ask,
    askMessage,
    isApproved: isApproved(subscription),
  };
}
