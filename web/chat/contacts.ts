/** What a person does with contacts: add, accept, decline, remove, rename (RFC 6121 sections 2 and 3). */
import { bareOf } from '../xmpp/jid.js';
import { ns } from '../xmpp/namespaces.js';
import type { Requests } from '../xmpp/requests.js';
import { type Xml, xml } from '../xmpp/xml.js';
import type { Roster } from './roster.js';

export interface ContactsParts {
  readonly roster: Roster;
  readonly requests: Requests;
  readonly account: string;
  readonly send: (stanza: Xml) => void;
  readonly changed: () => void;
}

export class Contacts {
  readonly #parts: ContactsParts;

  constructor(parts: ContactsParts) {
    this.#parts = parts;
  }

  /** The list, and then presence: whoever is told of us is on the list by then. */
  async begin(): Promise<void> {
    const { roster, requests, send, changed } = this.#parts;
    roster.begin();
    const answer = await requests.get(xml('query', ns.ROSTER));
    const query = answer.child('query', ns.ROSTER);
    if (query) roster.replace(query);
    send(xml('presence', ns.CLIENT));
    changed();
  }

  /** Rejects with a `Failure`. */
  async add(jid: string, name: string): Promise<void> {
    await this.#put(jid, name);
    this.#presence(jid, 'subscribe');
  }

  /** Lets somebody see us who has asked, and asks back. */
  async accept(jid: string): Promise<void> {
    const { roster, changed } = this.#parts;
    this.#presence(jid, 'subscribed');
    const subscription = roster.contacts.get(jid)?.subscription;
    if (subscription !== 'to' && subscription !== 'both') this.#presence(jid, 'subscribe');
    roster.requests.delete(jid);
    changed();
  }

  decline(jid: string): void {
    this.#presence(jid, 'unsubscribed');
    this.#parts.roster.requests.delete(jid);
    this.#parts.changed();
  }

  /** Ends what both sides see of each other, too. Rejects with a `Failure`. */
  async remove(jid: string): Promise<void> {
    await this.#parts.requests.set(
      xml('query', ns.ROSTER, {}, xml('item', ns.ROSTER, { jid, subscription: 'remove' })),
    );
  }

  presence(stanza: Xml): void {
    const { roster, account, changed } = this.#parts;
    const { type, from = '' } = stanza.attrs;
    const contact = roster.contacts.get(bareOf(from));
    // Whoever we have asked may ask back: that answer is yes.
    if (type === 'subscribe' && contact && (contact.isAsked || ['to', 'both'].includes(contact.subscription))) {
      this.#presence(contact.jid, 'subscribed');
      return;
    }
    if (roster.presence(stanza, account) !== undefined) changed();
  }

  /** RFC 6121 section 2.1.6: only the own account tells of changes. */
  push(iq: Xml): undefined | 'refused' {
    const { roster, account, changed } = this.#parts;
    const { from } = iq.attrs;
    const query = iq.child('query', ns.ROSTER);
    if ((from !== undefined && from !== account) || !query) return 'refused';
    roster.apply(query);
    changed();
    return undefined;
  }

  async #put(jid: string, name: string): Promise<void> {
    const item = xml('item', ns.ROSTER, { jid, name: name === '' ? undefined : name });
    await this.#parts.requests.set(xml('query', ns.ROSTER, {}, item));
  }

  #presence(to: string, type: string): void {
    this.#parts.send(xml('presence', ns.CLIENT, { to, type }));
  }
}
