/** Every cell of the tables of RFC 6121 appendix A. */
import { describe, expect, it } from 'vitest';
import {
  inbound,
  outbound,
  type Subscription,
  type SubscriptionStanza,
  subscriptionName,
} from '../../../src/modules/roster/subscription.js';

/** Appendix A.1. */
const STATES = {
  None: { to: false, from: false, pendingOut: false, pendingIn: false },
  'None + Pending Out': { to: false, from: false, pendingOut: true, pendingIn: false },
  'None + Pending In': { to: false, from: false, pendingOut: false, pendingIn: true },
  'None + Pending Out+In': { to: false, from: false, pendingOut: true, pendingIn: true },
  To: { to: true, from: false, pendingOut: false, pendingIn: false },
  'To + Pending In': { to: true, from: false, pendingOut: false, pendingIn: true },
  From: { to: false, from: true, pendingOut: false, pendingIn: false },
  'From + Pending Out': { to: false, from: true, pendingOut: true, pendingIn: false },
  Both: { to: true, from: true, pendingOut: false, pendingIn: false },
} satisfies Record<string, Subscription>;
type State = keyof typeof STATES;

/** State before, whether the stanza is routed or delivered, state after (none: no state change). */
type Row = readonly [State, 'yes' | 'no', (State | `${State}, approved`)?];

function stateOf(name: State | `${State}, approved`): Subscription {
  if (name in STATES) return STATES[name as State];
  return { ...STATES[name.slice(0, -', approved'.length) as State], approved: true };
}

const OUTBOUND: Record<SubscriptionStanza, readonly Row[]> = {
  // A.2.1
  subscribe: [
    ['None', 'yes', 'None + Pending Out'],
    ['None + Pending Out', 'yes'],
    ['None + Pending In', 'yes', 'None + Pending Out+In'],
    ['None + Pending Out+In', 'yes'],
    ['To', 'yes'],
    ['To + Pending In', 'yes'],
    ['From', 'yes', 'From + Pending Out'],
    ['From + Pending Out', 'yes'],
    ['Both', 'yes'],
  ],
  // A.2.2
  unsubscribe: [
    ['None', 'yes'],
    ['None + Pending Out', 'yes', 'None'],
    ['None + Pending In', 'yes'],
    ['None + Pending Out+In', 'yes', 'None + Pending In'],
    ['To', 'yes', 'None'],
    ['To + Pending In', 'yes', 'None + Pending In'],
    ['From', 'yes'],
    ['From + Pending Out', 'yes', 'From'],
    ['Both', 'yes', 'From'],
  ],
  // A.2.3, with the pre-approval of section 3.4.2
  subscribed: [
    ['None', 'no', 'None, approved'],
    ['None + Pending Out', 'no', 'None + Pending Out, approved'],
    ['None + Pending In', 'yes', 'From'],
    ['None + Pending Out+In', 'yes', 'From + Pending Out'],
    ['To', 'no', 'To, approved'],
    ['To + Pending In', 'yes', 'Both'],
    ['From', 'no'],
    ['From + Pending Out', 'no'],
    ['Both', 'no'],
  ],
  // A.2.4
  unsubscribed: [
    ['None', 'no'],
    ['None + Pending Out', 'no'],
    ['None + Pending In', 'yes', 'None'],
    ['None + Pending Out+In', 'yes', 'None + Pending Out'],
    ['To', 'no'],
    ['To + Pending In', 'yes', 'To'],
    ['From', 'yes', 'None'],
    ['From + Pending Out', 'yes', 'None + Pending Out'],
    ['Both', 'yes', 'To'],
  ],
};

const INBOUND: Record<SubscriptionStanza, readonly Row[]> = {
  // A.3.1
  subscribe: [
    ['None', 'yes', 'None + Pending In'],
    ['None + Pending Out', 'yes', 'None + Pending Out+In'],
    ['None + Pending In', 'no'],
    ['None + Pending Out+In', 'no'],
    ['To', 'yes', 'To + Pending In'],
    ['To + Pending In', 'no'],
    ['From', 'no'],
    ['From + Pending Out', 'no'],
    ['Both', 'no'],
  ],
  // A.3.2
  unsubscribe: [
    ['None', 'no'],
    ['None + Pending Out', 'no'],
    ['None + Pending In', 'yes', 'None'],
    ['None + Pending Out+In', 'yes', 'None + Pending Out'],
    ['To', 'no'],
    ['To + Pending In', 'yes', 'To'],
    ['From', 'yes', 'None'],
    ['From + Pending Out', 'yes', 'None + Pending Out'],
    ['Both', 'yes', 'To'],
  ],
  // A.3.3
  subscribed: [
    ['None', 'no'],
    ['None + Pending Out', 'yes', 'To'],
    ['None + Pending In', 'no'],
    ['None + Pending Out+In', 'yes', 'To + Pending In'],
    ['To', 'no'],
    ['To + Pending In', 'no'],
    ['From', 'no'],
    ['From + Pending Out', 'yes', 'Both'],
    ['Both', 'no'],
  ],
  // A.3.4
  unsubscribed: [
    ['None', 'no'],
    ['None + Pending Out', 'yes', 'None'],
    ['None + Pending In', 'no'],
    ['None + Pending Out+In', 'yes', 'None + Pending In'],
    ['To', 'yes', 'None'],
    ['To + Pending In', 'yes', 'None + Pending In'],
    ['From', 'no'],
    ['From + Pending Out', 'yes', 'From'],
    ['Both', 'yes', 'From'],
  ],
};

for (const [section, tables, move] of [
  ['A.2: outbound', OUTBOUND, outbound],
  ['A.3: inbound', INBOUND, inbound],
] as const) {
  for (const [type, rows] of Object.entries(tables) as [SubscriptionStanza, readonly Row[]][]) {
    describe(`RFC 6121 appendix ${section} ${type}`, () => {
      it('has a row for each state', () => {
        expect(rows.map(([before]) => before)).toEqual(Object.keys(STATES));
      });

      const cells = rows.map(([before, passes, after = before]) => [before, passes, after] as const);
      it.each(cells)('%s: passes %s, then %s', (before, passes, after) => {
        const transition = move(STATES[before], type);
        expect(transition.next).toEqual(stateOf(after));
        expect(transition.passes).toBe(passes === 'yes');
        if (after === before) expect(transition.next).toBe(STATES[before]);
      });
    });
  }
}

describe('RFC 6121 section 3.1.3', () => {
  it.each(Object.keys(STATES) as State[])(
    '%s: `subscribed` is answered exactly to a subscriber that asks again',
    (state) => {
      expect(inbound(STATES[state], 'subscribe').answersSubscribed ?? false).toBe(STATES[state].from);
    },
  );
});

describe('RFC 6121 section 3.4.2', () => {
  const ahead = (state: State): Subscription => ({ ...STATES[state], approved: true });

  it.each([
    ['None', 'From'],
    ['None + Pending Out', 'From + Pending Out'],
    ['To', 'Both'],
  ] as const)('%s, approved: a request is answered at once, and not shown', (before, after) => {
    const { next, passes, answersSubscribed } = inbound(ahead(before), 'subscribe');
    expect([next, passes, answersSubscribed]).toEqual([ahead(after), false, true]);
  });

  it.each(['None', 'None + Pending Out', 'To'] as const)('%s, approved: approving again changes nothing', (state) => {
    const before = ahead(state);
    expect(outbound(before, 'subscribed')).toEqual({ next: before, passes: false });
    expect(outbound(before, 'subscribed').next).toBe(before);
  });

  it.each(['None', 'None + Pending Out', 'To'] as const)(
    '%s, approved: it is taken back, and nobody is told',
    (state) => {
      const { next, passes } = outbound(ahead(state), 'unsubscribed');
      expect([next, passes]).toEqual([STATES[state], false]);
    },
  );

  it('the approval lasts when the contact ends its subscription, and ends with the subscription that the user ends', () => {
    expect(inbound(ahead('From'), 'unsubscribe')).toEqual({ next: ahead('None'), passes: true });
    expect(outbound(ahead('Both'), 'unsubscribed')).toEqual({ next: STATES.To, passes: true });
  });
});

describe('RFC 6121 section 2.1.2.5', () => {
  it.each([
    ['None + Pending Out+In', 'none'],
    ['To + Pending In', 'to'],
    ['From + Pending Out', 'from'],
    ['Both', 'both'],
  ] as const)('%s is written as subscription %s', (state, name) => {
    expect(subscriptionName(STATES[state])).toBe(name);
  });
});
