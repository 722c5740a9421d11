/** Tells the sessions that have asked for a roster what changes in it (RFC 6121 section 2.1.6). */
import type { Session } from '../../core/sessions/session.js';
import type { Sessions } from '../../core/sessions/sessions.js';
import { slot } from '../../core/sessions/slot.js';
import type { Random } from '../../platform/random.js';
import type { Jid } from '../../protocol/jid.js';
import { type Parse, Stanza } from '../../protocol/stanza.js';
import { isVisible, itemXml, queryXml, type Roster, removalXml } from './roster.js';

/** RFC 6121 section 2.2: a session that has asked for the roster gets pushes. */
const interested = slot('mod_roster.interested', () => false);

export class RosterPushes {
  readonly #sessions: Sessions;
  readonly #random: Random;
  readonly #isVersioned: boolean;
  readonly #parse: Parse;

  constructor(sessions: Sessions, random: Random, isVersioned: boolean, parse: Parse) {
    this.#sessions = sessions;
    this.#random = random;
    this.#isVersioned = isVersioned;
    this.#parse = parse;
  }

  begin(session: Session): void {
    session.set(interested, true);
  }

  isInterested(session: Session): boolean {
    return session.peek(interested) === true;
  }

  /** Tells what the list says of a contact now. */
  tell(roster: Roster, contact: Jid): void {
    const entry = roster.entry(contact);
    const isListed = entry !== undefined && isVisible(entry);
    this.#push(roster, isListed ? itemXml(entry) : removalXml(contact));
  }

  #push(roster: Roster, item: string): void {
    const query = queryXml(item, this.#isVersioned ? roster.version() : undefined);
    for (const session of this.#sessions.account(roster.owner)?.sessions() ?? []) {
      if (!this.isInterested(session)) continue;
      const id = `push-${this.#random.hex(6)}`;
      const addresses = `from='${roster.owner.toXml()}' to='${session.jid.toXml()}'`;
      const fields = { name: 'iq', type: 'set', to: session.jid, from: roster.owner, id, lang: undefined } as const;
      const xml = `<iq type='set' id='${id}' ${addresses}>${query}</iq>`;
      session.deliver(Stanza.fromText(fields, xml, this.#parse));
    }
  }
}
