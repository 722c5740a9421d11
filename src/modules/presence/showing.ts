/** Who knows of a session, and what is sent to them in its name. */
import type { Host } from '../../core/hosts/host.js';
import type { Router } from '../../core/routing/router.js';
import type { Session } from '../../core/sessions/session.js';
import { slot } from '../../core/sessions/slot.js';
import { el } from '../../protocol/element.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { Stanza } from '../../protocol/stanza.js';
import type { Contact, RosterApi } from '../roster/api.js';
import { type Onlooker, type PresenceApi, presenceLeaving } from './api.js';
import type { FarContacts } from './far-contacts.js';

/** The id of probes for a session that has just come, which takes everybody for absent of whom it hears nothing. */
export const INITIAL = 'initial';

/** Whom a session has sent directed presence (RFC 6121 section 4.6), by address. */
export const directed = slot('mod_presence.directed', () => new Map<string, Jid>());

export class Showing implements PresenceApi {
  readonly #host: Host;
  readonly #router: Router;
  readonly #roster: RosterApi;
  readonly #far: FarContacts;
  readonly #answers = { unavailable: presence('unavailable'), unsubscribed: presence('unsubscribed') };

  constructor(host: Host, router: Router, roster: RosterApi, far: FarContacts) {
    this.#host = host;
    this.#far = far;
    this.#router = router;
    this.#roster = roster;
  }

  onlookers(session: Session): Onlooker[] {
    const known: Onlooker[] = [];
    if (session.isAvailable) {
      for (const { jid, subscription } of this.#roster.contacts(session.account))
        if (subscription.from) known.push({ jid, isSubscriber: true });
    }
    const subscribers = new Set(known.map(({ jid }) => jid.bare.toString()));
    for (const jid of session.peek(directed)?.values() ?? [])
      if (!subscribers.has(jid.bare.toString())) known.push({ jid, isSubscriber: false });
    return known;
  }

  /**
   * The contacts without those who are at home here and have no session: they see nothing, and nobody asks after them when a session
   * comes (docs/decisions/0012-no-word-of-the-absent.md).
   */
  whoMayBeThere(session: Session): Contact[] {
    return this.#roster.contacts(session.account).filter(({ jid }) => !this.#router.isDeserted(jid));
  }

  hide(session: Session, from: Jid): void {
    session.peek(directed)?.delete(from.toString());
    this.send(unavailable(session), from);
  }

  show(session: Session, to: Jid): void {
    if (session.presence) this.send(session.presence, to);
  }

  probe(session: Session, whom: Jid): void {
    this.send(probe(session), whom);
  }

  /** False when somebody objects. */
  reveal(session: Session, stanza: Stanza, to: Jid): boolean {
    if (!this.#mayLeave(session, stanza, to)) return false;
    this.send(stanza, to);
    return true;
  }

  /** The same to many; those who live on another shard are told together. */
  revealAll(session: Session, stanza: Stanza, contacts: Iterable<Jid>): void {
    const far = new Map<number, Jid[]>();
    for (const to of contacts) {
      if (!this.#mayLeave(session, stanza, to)) continue;
      const shard = this.#router.homeElsewhere(to);
      if (shard === undefined) this.send(stanza, to);
      else
        far
          .set(shard, far.get(shard) ?? [])
          .get(shard)
          ?.push(to);
    }
    for (const [shard, there] of far) this.#far.send(shard, stanza, there);
  }

  #mayLeave(session: Session, stanza: Stanza, to: Jid): boolean {
    const { hooks } = this.#host;
    return !hooks.has(presenceLeaving) || !hooks.filter(presenceLeaving, { session, to, stanza });
  }

  /** What is said of an account, not of one of its sessions. */
  tell(type: 'unavailable' | 'unsubscribed', owner: Jid, to: Jid): void {
    this.#router.route(this.#answers[type].readdressed(to, owner));
  }

  /** Whatever anybody says. */
  send(stanza: Stanza, to: Jid): void {
    this.#router.route(stanza.readdressed(to, stanza.from));
  }
}

function presence(type: string, from?: Jid): Stanza {
  return Stanza.fromElement(el('presence', { xmlns: ns.CLIENT, type }), undefined, from);
}

export function unavailable(session: Session): Stanza {
  return presence('unavailable', session.jid);
}

/** With the id INITIAL only those answer who are there. */
export function probe(session: Session, id?: typeof INITIAL): Stanza {
  return Stanza.fromElement(el('presence', { xmlns: ns.CLIENT, type: 'probe', id }), undefined, session.jid);
}
