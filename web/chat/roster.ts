/** The contact list, who is there, and who asks to see us (RFC 6121). */
import { bareOf, resourceOf } from '../xmpp/jid.js';
import { ns } from '../xmpp/namespaces.js';
import type { Xml } from '../xmpp/xml.js';

export interface Contact {
  readonly jid: string;
  readonly name: string | undefined;
  readonly subscription: 'none' | 'to' | 'from' | 'both';
  /** We have asked, and wait. */
  readonly isAsked: boolean;
}

export type Show = 'available' | 'chat' | 'away' | 'xa' | 'dnd';

export interface Availability {
  readonly show: Show;
  readonly status: string | undefined;
  readonly priority: number;
}

const SUBSCRIPTIONS = ['none', 'to', 'from', 'both'] as const;
const SHOWS = ['chat', 'away', 'xa', 'dnd'] as const;
/** Of two clients with the same priority that which is more there speaks for the person. */
const MOST_THERE: readonly Show[] = ['chat', 'available', 'away', 'dnd', 'xa'];

export class Roster {
  readonly contacts = new Map<string, Contact>();
  /** Bare addresses of those who ask. */
  readonly requests = new Set<string>();
  readonly #resources = new Map<string, Map<string, Availability>>();

  /** A new session: what is known of others' presence is over. */
  begin(): void {
    this.#resources.clear();
    this.requests.clear();
  }

  /** The whole list. */
  replace(query: Xml): void {
    this.contacts.clear();
    this.apply(query);
  }

  /** What has changed. Only to be called with what the own account has sent. */
  apply(query: Xml): void {
    for (const item of query.elements.filter((one) => one.is('item', ns.ROSTER))) {
      const { jid, name, subscription, ask } = item.attrs;
      if (jid === undefined) continue;
      const known = SUBSCRIPTIONS.find((one) => one === subscription);
      if (subscription === 'remove') this.contacts.delete(jid);
      else this.contacts.set(jid, { jid, name, subscription: known ?? 'none', isAsked: ask === 'subscribe' });
      // Answered, here or on another client.
      if (known === 'from' || known === 'both') this.requests.delete(jid);
    }
  }

  /** Returns the bare address whose presence or request has changed. */
  presence(stanza: Xml, account: string): string | undefined {
    const from = stanza.attrs['from'] ?? account;
    const jid = bareOf(from);
    switch (stanza.attrs['type']) {
      case undefined:
        this.#of(jid).set(resourceOf(from), availabilityOf(stanza));
        break;
      case 'unavailable':
        if (resourceOf(from) === '') this.#resources.delete(jid);
        else this.#of(jid).delete(resourceOf(from));
        break;
      case 'subscribe':
        this.requests.add(jid);
        break;
      case 'unsubscribe':
        this.requests.delete(jid);
        break;
      default:
        return undefined;
    }
    return jid;
  }

  /** Undefined for somebody who is not there, or not to be seen. */
  availability(jid: string): Availability | undefined {
    const all = [...(this.#resources.get(jid)?.values() ?? [])];
    all.sort((a, b) => b.priority - a.priority || MOST_THERE.indexOf(a.show) - MOST_THERE.indexOf(b.show));
    return all[0];
  }

  /** Whether this person may know that we are there. */
  seesUs(jid: string): boolean {
    const subscription = this.contacts.get(jid)?.subscription;
    return subscription === 'from' || subscription === 'both';
  }

  #of(jid: string): Map<string, Availability> {
    const found = this.#resources.get(jid) ?? new Map<string, Availability>();
    this.#resources.set(jid, found);
    return found;
  }
}

function availabilityOf(stanza: Xml): Availability {
  const show = stanza.childText('show')?.trim();
  const priority = Number(stanza.childText('priority') ?? 0);
  return {
    show: SHOWS.find((one) => one === show) ?? 'available',
    status: stanza.childText('status'),
    priority: Number.isInteger(priority) ? priority : 0,
  };
}
