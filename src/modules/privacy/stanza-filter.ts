/** Asks the lists about every stanza from and to an account (XEP-0016 section 2.2: before any other rule of delivery). */
import { drop, refuse, TAKEN, type Verdict } from '../../core/hooks/hook.js';
import type { Host } from '../../core/hosts/host.js';
import { mostAvailable, nonNegative } from '../../core/routing/delivery.js';
import type { ReceivedStanza, SentStanza } from '../../core/routing/hooks.js';
import type { Account } from '../../core/sessions/account.js';
import type { Session } from '../../core/sessions/session.js';
import { el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import type { RosterApi } from '../roster/api.js';
import { subscriptionName } from '../roster/api.js';
import { type ListKeeper, NO_LIST } from './list-keeper.js';
import { isBlocking, type Kind, kind, type PrivacyItem, type PrivacyList } from './privacy-list.js';

const DENIED = 'a privacy list denies it';

export class StanzaFilter {
  readonly #host: Host;
  readonly #keeper: ListKeeper;
  readonly #roster: RosterApi;

  constructor(host: Host, keeper: ListKeeper, roster: RosterApi) {
    this.#host = host;
    this.#keeper = keeper;
    this.#roster = roster;
  }

  /** The item of a list of this account that denies such a stanza from or to `other`. */
  denial(list: PrivacyList, of: Kind, owner: Jid, other: Jid): PrivacyItem | undefined {
    if (list === NO_LIST || isOwn(owner, other)) return undefined;
    return list.denial(of, other, () => {
      const contact = this.#roster.contact(owner.bare, other) ?? this.#roster.contact(owner.bare, other.bare);
      return contact
        ? { subscription: subscriptionName(contact.subscription), groups: contact.groups }
        : { subscription: 'none', groups: [] };
    });
  }

  readonly sent = ({ session, stanza }: SentStanza): Verdict | undefined => {
    const list = this.#keeper.applied(session);
    if (list === NO_LIST || !stanza.to) return undefined;
    const item = this.denial(list, outgoing(stanza), session.jid, stanza.to);
    if (!item) return undefined;
    // Straight to the client: as an answer from the other side it would be denied, too.
    if (isAnswerable(stanza)) session.deliver(stanza.error(this.#notAcceptable(item)));
    return drop(DENIED);
  };

  /** Presence that the server sends in the name of a session. */
  readonly leaving = ({ session, to, stanza }: { session: Session; to: Jid; stanza: Stanza }): Verdict | undefined => {
    const list = this.#keeper.applied(session);
    return this.denial(list, outgoing(stanza), session.jid, to) ? drop(DENIED) : undefined;
  };

  readonly received = (received: ReceivedStanza): Verdict | undefined => {
    const { to, account, stanza } = received;
    const standard = this.#keeper.peek(to, account);
    if (!standard && isForNobody(stanza)) return drop('nobody is there to see it');
    if (!standard) throw new Error('the default list of an account could not be loaded');
    const hasActive = account !== undefined && this.#keeper.usesActive(account);
    if ((standard === NO_LIST && !hasActive) || !stanza.from) return undefined;

    const of = incoming(stanza);
    const lists = hasActive ? this.#listsFor(stanza, to, account, standard) : [standard];
    for (const list of lists) if (!this.denial(list, of, to, stanza.from)) return undefined;
    return refusal(stanza);
  };

  /** What has come for the account as a whole, on its way to a session with an active list. */
  readonly delivering = ({ session, stanza }: { session: Session; stanza: Stanza }): typeof TAKEN | undefined => {
    const { from, to } = stanza;
    if (!from || !to || to.resource !== '' || !this.#keeper.usesActive(session.account)) return undefined;
    return this.denial(this.#keeper.applied(session), incoming(stanza), session.jid, from) ? TAKEN : undefined;
  };

  /** XEP-0016 section 2.2: that of the session that is addressed; of those that would get it; the default list. */
  #listsFor(stanza: Stanza, to: Jid, account: Account, standard: PrivacyList): PrivacyList[] {
    const sessions = addressees(stanza, to, account);
    return sessions.length === 0 ? [standard] : sessions.map((session) => this.#keeper.applied(session));
  }

  #notAcceptable(item: PrivacyItem): StanzaError {
    const error = StanzaError.notAcceptable().withType('cancel');
    // XEP-0191 section 3.3.
    const isBlocked = item.action === 'block' || (isBlocking(item) && this.#host.features.has(ns.BLOCKING));
    return isBlocked ? error.withDetail(el('blocked', { xmlns: ns.BLOCKING_ERRORS })) : error;
  }
}

/**
 * The own account: no list cuts off one resource from another (XEP-0016 section 2.1). The own server: lists are about others, and
 * without it nobody could be reached, or change the list.
 */
function isOwn(owner: Jid, other: Jid): boolean {
  return other.domain === owner.domain && (other.local === owner.local || other.local === '');
}

function isNotification({ name, type }: Stanza): boolean {
  return name === 'presence' && (type === '' || type === 'unavailable');
}

/** Presence that shows something to sessions: for an account without any, no list has to be looked up. */
export function isForNobody({ name, type }: Stanza): boolean {
  return name === 'presence' && (type === '' || type === 'unavailable' || type === 'error');
}

function outgoing(stanza: Stanza): Kind {
  return isNotification(stanza) ? kind.PRESENCE_OUT : kind.OTHER;
}

function incoming(stanza: Stanza): Kind {
  if (stanza.name === 'iq') return kind.IQ;
  if (stanza.name === 'message') return stanza.type === 'error' ? kind.OTHER : kind.MESSAGE;
  return isNotification(stanza) ? kind.PRESENCE_IN : kind.OTHER;
}

function addressees(stanza: Stanza, to: Jid, account: Account): Session[] {
  if (to.resource !== '') {
    const session = account.session(to.resource);
    if (session?.isOpen) return [session];
  }
  if (stanza.name === 'message') return stanza.type === 'headline' ? [...nonNegative(account)] : mostAvailable(account);
  return isNotification(stanza) ? [...account.available()] : [];
}

function isAnswerable({ name, type }: Stanza): boolean {
  return type !== 'error' && !(name === 'iq' && type === 'result');
}

/** XEP-0016 section 2.14. An error would throw the account out of a room, so what came from one is dropped. */
function refusal(stanza: Stanza): Verdict {
  const isSilent = stanza.name === 'presence' || stanza.type === 'groupchat' || !isAnswerable(stanza);
  return isSilent ? drop(DENIED) : refuse(DENIED, StanzaError.serviceUnavailable());
}
