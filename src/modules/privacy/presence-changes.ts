/** Shows and hides presence when another list comes into force: who may see a session, and whom it may see. */
import type { Session } from '../../core/sessions/session.js';
import { el } from '../../protocol/element.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { Stanza } from '../../protocol/stanza.js';
import type { PresenceApi } from '../presence/api.js';
import type { RosterApi } from '../roster/api.js';
import { type Kind, kind, type PrivacyList } from './privacy-list.js';
import type { StanzaFilter } from './stanza-filter.js';

export class PresenceChanges {
  readonly #filter: StanzaFilter;
  readonly #presence: PresenceApi;
  readonly #roster: RosterApi;

  constructor(filter: StanzaFilter, presence: PresenceApi, roster: RosterApi) {
    this.#filter = filter;
    this.#presence = presence;
    this.#roster = roster;
  }

  /** `after` applies to the session already. */
  follow(session: Session, before: PrivacyList, after: PrivacyList): void {
    const denies = (list: PrivacyList, of: Kind, other: Jid) =>
      this.#filter.denial(list, of, session.jid, other) !== undefined;
    // XEP-0016 section 2.11, XEP-0191 sections 3.3 and 3.4.
    for (const { jid, isSubscriber } of this.#presence.onlookers(session)) {
      const wasHidden = denies(before, kind.PRESENCE_OUT, jid);
      if (wasHidden === denies(after, kind.PRESENCE_OUT, jid)) continue;
      if (!wasHidden) this.#presence.hide(session, jid);
      else if (isSubscriber) this.#presence.show(session, jid);
    }
    if (!session.isAvailable) return;
    // XEP-0016 section 2.10.
    for (const { jid, subscription } of this.#roster.contacts(session.account)) {
      if (!subscription.to) continue;
      const wasDenied = denies(before, kind.PRESENCE_IN, jid);
      if (wasDenied === denies(after, kind.PRESENCE_IN, jid)) continue;
      if (wasDenied) this.#presence.probe(session, jid.bare);
      else session.deliver(unavailable(jid, session.jid));
    }
  }
}

function unavailable(from: Jid, to: Jid): Stanza {
  return Stanza.fromElement(el('presence', { xmlns: ns.CLIENT, type: 'unavailable' }), to, from);
}
