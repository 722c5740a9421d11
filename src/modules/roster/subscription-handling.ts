/** Subscription stanzas at both ends: the user's, as they are sent, and the contact's, as they arrive (RFC 6121 section 3). */
import type { Host } from '../../core/hosts/host.js';
import type { Router } from '../../core/routing/router.js';
import type { Session } from '../../core/sessions/session.js';
import type { Sessions } from '../../core/sessions/sessions.js';
import { el } from '../../protocol/element.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { Stanza } from '../../protocol/stanza.js';
import { subscriptionChanged } from './api.js';
import { type Entry, isVisible, type Roster } from './roster.js';
import type { RosterPushes } from './roster-pushes.js';
import { rosterFull } from './roster-request.js';
import {
  inbound,
  isApproved,
  NO_SUBSCRIPTION,
  outbound,
  type Subscription,
  type SubscriptionStanza,
} from './subscription.js';

export interface SubscriptionDependencies {
  readonly host: Host;
  readonly router: Router;
  readonly sessions: Sessions;
  readonly pushes: RosterPushes;
  readonly maxItems: number;
}

/** Longest text that is kept of a request, in characters. */
const MAX_ASK_MESSAGE = 1023;

export class SubscriptionHandling {
  readonly #deps: SubscriptionDependencies;

  constructor(deps: SubscriptionDependencies) {
    this.#deps = deps;
  }

  /** The owner of the roster has sent a subscription stanza to `contact`, which is bare. */
  async sent(roster: Roster, contact: Jid, stanza: Stanza): Promise<void> {
    const type = stanza.type as SubscriptionStanza;
    const before = roster.subscription(contact);
    const { next, passes } = outbound(before, type);
    const { router, maxItems } = this.#deps;
    const entry = roster.entry(contact);
    const isListed = entry !== undefined && isVisible(entry);
    if ((next.pendingOut || isApproved(next)) && !isListed && roster.isFull(maxItems))
      return router.bounce(stanza, rosterFull());
    // RFC 6121 section 3.2.2: presence is withdrawn while the contact is still subscribed.
    if (type === 'unsubscribed') this.#announce(roster, contact, before, next);
    // Before it is routed: a contact at home here may be done with it, and have its answer here, when `route` returns.
    const done = this.#apply(roster, contact, before, next);
    // RFC 6121 section 3.1.2: from the bare address of the user to the bare address of the contact.
    if (passes) router.route(stanza.readdressed(contact, roster.owner));
    if (type !== 'unsubscribed') this.#announce(roster, contact, before, next);
    await done;
  }

  /** A subscription stanza has come from `contact`, which is bare, for the owner of the roster. */
  async received(roster: Roster, contact: Jid, stanza: Stanza): Promise<void> {
    const type = stanza.type as SubscriptionStanza;
    const before = roster.subscription(contact);
    const { next, passes, answersSubscribed } = inbound(before, type);
    // Whoever asks learns nothing of it: neither that the account exists nor how many others have asked.
    if (type === 'subscribe' && !roster.entry(contact) && roster.isBesieged(this.#deps.maxItems)) return;
    if (answersSubscribed) this.#deps.router.route(subscriptionStanza('subscribed', contact, roster.owner));

    // RFC 6121 section 3.1.6: clients see the answer before the push that follows from it.
    if (passes) this.#deliver(roster, stanza);
    const request = type === 'subscribe' ? shortened(stanza.tree().childText('status') ?? '') : undefined;
    const done = this.#apply(roster, contact, before, next, request);
    this.#announce(roster, contact, before, next);
    await done;
  }

  /** RFC 6121 section 3.1.3: requests are shown at each login until they are answered. */
  remind(roster: Roster | undefined, session: Session): void {
    for (const { jid, subscription, askMessage } of roster?.entries() ?? []) {
      if (subscription.pendingIn)
        session.deliver(subscriptionStanza('subscribe', session.account.jid, jid, askMessage));
    }
  }

  /** RFC 6121 section 2.5: taking a contact off the list ends the subscriptions both ways. */
  removed(roster: Roster, entry: Entry): void {
    const { to, from, pendingIn, pendingOut } = entry.subscription;
    const { router } = this.#deps;
    this.#announce(roster, entry.jid, entry.subscription, NO_SUBSCRIPTION);
    if (to || pendingOut) router.route(subscriptionStanza('unsubscribe', entry.jid.bare, roster.owner));
    if (from || pendingIn) router.route(subscriptionStanza('unsubscribed', entry.jid.bare, roster.owner));
  }

  /** `request` is the text of a request that has come in. */
  async #apply(
    roster: Roster,
    contact: Jid,
    before: Subscription,
    next: Subscription,
    request?: string,
  ): Promise<void> {
    if (next === before) return;
    const old = roster.entry(contact);
    const askMessage = next.pendingIn ? (request ?? old?.askMessage ?? '') : '';
    const entry: Entry = {
      jid: contact,
      name: old?.name ?? '',
      groups: old?.groups ?? [],
      subscription: next,
      askMessage,
    };
    const isNothing = !hasState(next) && !old?.name && !old?.groups.length && !(old && isVisible(old));
    const committed = isNothing ? roster.delete(contact) : roster.put(entry);
    // RFC 6121 section 3.1.3: a request that came in is no reason for a push.
    const isSeen = isVisible(entry) && !isNothing && !(next.pendingIn && !before.pendingIn);
    if (isSeen) this.#deps.pushes.tell(roster, contact);
    await committed.catch((error) => {
      if (isSeen) this.#deps.pushes.tell(roster, contact);
      throw error;
    });
  }

  /**
   * RFC 6121 section 3.1.3: a request goes to all available sessions, and waits in the roster for those that come later.
   * Sections 3.1.6, 3.2.3 and 3.3.3: what ends or answers one goes to those that have the roster, too.
   */
  #deliver(roster: Roster, stanza: Stanza): void {
    const isRequest = stanza.type === 'subscribe';
    for (const session of this.#deps.sessions.account(roster.owner)?.sessions() ?? []) {
      if (session.isAvailable || (!isRequest && this.#deps.pushes.isInterested(session))) session.deliver(stanza);
    }
  }

  #announce(roster: Roster, contact: Jid, before: Subscription, after: Subscription): void {
    if (before === after) return;
    void this.#deps.host.hooks.notify(subscriptionChanged, { account: roster.owner, contact, before, after });
  }
}

export function subscriptionStanza(type: SubscriptionStanza, to: Jid, from: Jid, status?: string): Stanza {
  const text = status ? el('status', {}, status) : undefined;
  return Stanza.fromElement(el('presence', { xmlns: ns.CLIENT, type }, text), to, from);
}

function shortened(text: string): string {
  return text.length > MAX_ASK_MESSAGE
    ? [...text.slice(0, 2 * MAX_ASK_MESSAGE)].slice(0, MAX_ASK_MESSAGE).join('')
    : text;
}

function hasState(subscription: Subscription): boolean {
  const { to, from, pendingIn, pendingOut } = subscription;
  return to || from || pendingIn || pendingOut || isApproved(subscription);
}
