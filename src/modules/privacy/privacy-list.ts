/** Decides what a privacy list says about a stanza (XEP-0016 sections 2.1 and 2.2). Pure: it knows no session and no storage. */
import { Jid } from '../../protocol/jid.js';

/** What an item may be limited to, as bits. */
export const kind = {
  /** Incoming, as are IQs. */
  MESSAGE: 1,
  IQ: 2,
  /** Notifications only: without a type, or unavailable. */
  PRESENCE_IN: 4,
  PRESENCE_OUT: 8,
  /**
   * What no child element of an item names, so that only an item without any matches it: outgoing messages and IQs,
   * subscriptions, probes and errors.
   */
  OTHER: 16,
} as const;

/** Of an item without child elements. */
export const ALL_KINDS = 31;

/** What the column of MongooseIM's table takes. */
export const MAX_ORDER = 2_147_483_647;

export type Kind = (typeof kind)[keyof typeof kind];
export type ItemType = 'jid' | 'group' | 'subscription' | 'any';
/** `block` denies, too: it is how the blocking command marks what it has put into a list. */
export type ItemAction = 'allow' | 'deny' | 'block';
export type SubscriptionName = 'none' | 'to' | 'from' | 'both';

export interface PrivacyItem {
  /** Unique in its list; the lowest comes first. */
  readonly order: number;
  readonly type: ItemType;
  /** An address in its canonical form, the name of a group or of a subscription; empty for `any`. */
  readonly value: string;
  readonly action: ItemAction;
  /** Bits of `kind`. */
  readonly kinds: number;
}

/** What the roster says of the other side. */
export interface Standing {
  readonly subscription: SubscriptionName;
  readonly groups: readonly string[];
}

export class PrivacyList {
  readonly name: string;
  /** By their order. */
  readonly items: readonly PrivacyItem[];
  /** Whether a decision may need the roster. */
  readonly needsRoster: boolean;
  /** Places of the items about an address, by its text. */
  readonly #byJid = new Map<string, number[]>();
  /** Places of the others. */
  readonly #others: number[] = [];

  constructor(name: string, items: readonly PrivacyItem[]) {
    this.name = name;
    this.items = items.toSorted((one, other) => one.order - other.order);
    this.needsRoster = items.some(({ type }) => type === 'group' || type === 'subscription');
    for (const [place, { type, value }] of this.items.entries()) {
      if (type !== 'jid') this.#others.push(place);
      else if (!this.#byJid.get(value)?.push(place)) this.#byJid.set(value, [place]);
    }
  }

  /** The item that forbids a stanza of this kind from or to `other`; `undefined` when it may pass. */
  denial(of: Kind, other: Jid, standing: () => Standing): PrivacyItem | undefined {
    const item = this.match(of, other, standing);
    return item === undefined || item.action === 'allow' ? undefined : item;
  }

  /** XEP-0016 section 2.2: the first item that fits decides. `standing` is asked at most once. */
  match(of: Kind, other: Jid, standing: () => Standing): PrivacyItem | undefined {
    const place = this.#placeOfJid(of, other);
    let known: Standing | undefined;
    for (const candidate of this.#others) {
      if (candidate > place) break;
      const item = this.items[candidate] as PrivacyItem;
      if ((item.kinds & of) === 0) continue;
      if (item.type === 'any') return item;
      known ??= standing();
      if (item.type === 'group' ? known.groups.includes(item.value) : known.subscription === item.value) return item;
    }
    return this.items[place];
  }

  /** The place of the first item about this address that fits; behind the end when there is none. */
  #placeOfJid(of: Kind, { local, domain, resource }: Jid): number {
    let first = this.items.length;
    if (this.#byJid.size === 0) return first;
    for (const text of formsOf(local, domain, resource)) {
      const place = this.#byJid.get(text)?.find((one) => ((this.items[one] as PrivacyItem).kinds & of) !== 0);
      if (place !== undefined && place < first) first = place;
    }
    return first;
  }
}

/**
 * XEP-0016 section 2.1: the texts of items that fit an address. `domain/resource` fits every address of the domain with that resource, so
 * that an occupant can be blocked in all rooms of a service.
 */
function formsOf(local: string, domain: string, resource: string): string[] {
  const forms = [domain];
  if (local !== '') forms.push(`${local}@${domain}`);
  if (resource !== '') forms.push(`${domain}/${resource}`);
  if (local !== '' && resource !== '') forms.push(`${local}@${domain}/${resource}`);
  return forms;
}

/** XEP-0191 section 5: items that forbid everything from and to an address are the blocklist. */
export function isBlocking({ type, action, kinds }: PrivacyItem): boolean {
  return type === 'jid' && action !== 'allow' && kinds === ALL_KINDS;
}

/** The addresses that a list blocks altogether. */
export function blockedBy(list: PrivacyList): string[] {
  return list.items.filter(isBlocking).map(({ value }) => value);
}

/** An address as items keep it. */
export function canonical(text: string): string | undefined {
  return Jid.parse(text)?.toString();
}
