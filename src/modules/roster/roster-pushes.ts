/** Tells the sessions that have asked for a roster what changes in it (RFC 6121 section 2.1.6). */
import type { Session } from '../../core/sessions/session.js';
import type { Sessions } from '../../core/sessions/sessions.js';
import { slot } from '../../core/sessions/slot.js';
import type { Random } from '../../platform/random.js';
import { type Element, el } from '../../protocol/element.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { Stanza } from '../../protocol/stanza.js';
import { isVisible, itemElement, type Roster } from './roster.js';

/** RFC 6121 section 2.2: a session that has asked for the roster gets pushes. */
const interested = slot('mod_roster.interested', () => false);

export class RosterPushes {
  readonly #sessions: Sessions;
  readonly #random: Random;
  readonly #isVersioned: boolean;

  constructor(sessions: Sessions, random: Random, isVersioned: boolean) {
    this.#sessions = sessions;
    this.#random = random;
    this.#isVersioned = isVersioned;
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
    this.#push(roster, isListed ? itemElement(entry) : el('item', { jid: contact.toString(), subscription: 'remove' }));
  }

  #push(roster: Roster, item: Element): void {
    const ver = this.#isVersioned ? roster.version() : undefined;
    for (const session of this.#sessions.account(roster.owner)?.sessions() ?? []) {
      if (!this.isInterested(session)) continue;
      const query = el('query', { xmlns: ns.ROSTER, ver }, item.clone());
      const iq = el('iq', { xmlns: ns.CLIENT, type: 'set', id: `push-${this.#random.hex(6)}` }, query);
      session.deliver(Stanza.fromElement(iq, session.jid, roster.owner));
    }
  }
}
