/** The subscription states of RFC 6121 appendix A, with the pre-approval of section 3.4, and how the four subscription stanzas move between them. */

/** One of the nine states, and whether a request is approved ahead: who sees whose presence, and which requests are open. */
export interface Subscription {
  /** The user sees the contact's presence. */
  readonly to: boolean;
  /** The contact sees the user's presence. */
  readonly from: boolean;
  /** The user has asked, the contact has not answered. */
  readonly pendingOut: boolean;
  /** The contact has asked, the user has not answered. */
  readonly pendingIn: boolean;
  /** RFC 6121 section 3.4: the user has approved of a request ahead; the contact need not wait for an answer. */
  readonly approved?: boolean | undefined;
}

export type SubscriptionStanza = 'subscribe' | 'subscribed' | 'unsubscribe' | 'unsubscribed';

export const NO_SUBSCRIPTION: Subscription = { to: false, from: false, pendingOut: false, pendingIn: false };

export interface Transition {
  /** The same object when nothing changes. */
  readonly next: Subscription;
  /** Outbound: route it to the contact. Inbound: deliver it to the user. */
  readonly passes: boolean;
  /** Inbound `subscribe` from a contact that is subscribed already, or approved ahead: `subscribed` is answered in the user's name. */
  readonly answersSubscribed?: boolean;
}

/** RFC 6121 appendix A.2: the user sends a subscription stanza. */
export function outbound(state: Subscription, type: SubscriptionStanza): Transition {
  switch (type) {
    case 'subscribe':
      return { next: state.to ? state : change(state, { pendingOut: true }), passes: true };
    case 'unsubscribe':
      return { next: change(state, { to: false, pendingOut: false }), passes: true };
    case 'subscribed':
      if (state.pendingIn) return { next: change(state, { from: true, pendingIn: false }), passes: true };
      // Section 3.4.2: nobody has asked yet.
      return { next: state.from ? state : change(state, { approved: true }), passes: false };
    case 'unsubscribed':
      return {
        next: change(state, { from: false, pendingIn: false, approved: undefined }),
        passes: state.from || state.pendingIn,
      };
  }
}

/** RFC 6121 appendix A.3: a subscription stanza comes from the contact. */
export function inbound(state: Subscription, type: SubscriptionStanza): Transition {
  switch (type) {
    case 'subscribe':
      if (state.from) return { next: state, passes: false, answersSubscribed: true };
      if (state.approved)
        return { next: change(state, { from: true, pendingIn: false }), passes: false, answersSubscribed: true };
      return { next: change(state, { pendingIn: true }), passes: !state.pendingIn };
    case 'unsubscribe':
      return { next: change(state, { from: false, pendingIn: false }), passes: state.from || state.pendingIn };
    case 'subscribed':
      return state.pendingOut
        ? { next: change(state, { to: true, pendingOut: false }), passes: true }
        : { next: state, passes: false };
    case 'unsubscribed':
      return { next: change(state, { to: false, pendingOut: false }), passes: state.to || state.pendingOut };
  }
}

/** The `subscription` attribute of a roster item (RFC 6121 section 2.1.2.5). */
export function subscriptionName({ to, from }: Subscription): 'none' | 'to' | 'from' | 'both' {
  if (to) return from ? 'both' : 'to';
  return from ? 'from' : 'none';
}

export function isSubscriptionStanza(type: string): type is SubscriptionStanza {
  return type === 'subscribe' || type === 'subscribed' || type === 'unsubscribe' || type === 'unsubscribed';
}

export function isApproved({ approved }: Subscription): boolean {
  return approved === true;
}

function change(state: Subscription, changes: Partial<Subscription>): Subscription {
  const next = { ...state, ...changes };
  const isSame =
    next.to === state.to &&
    next.from === state.from &&
    next.pendingOut === state.pendingOut &&
    next.pendingIn === state.pendingIn &&
    isApproved(next) === isApproved(state);
  return isSame ? state : next;
}
