/** The moments in the life of a session. */
import type { Element } from '../../protocol/element.js';
import type { Jid } from '../../protocol/jid.js';
import type { Stanza } from '../../protocol/stanza.js';
import { asyncClaimHook, asyncFilterHook, claimHook, notifyHook, type TAKEN } from '../hooks/hook.js';
import type { Session, StreamLink } from './session.js';

export const sessionOpening = asyncFilterHook<{ session: Session }>(
  'session.opening',
  'A resource is being bound: load what its stanzas will need, or refuse it. Nothing is delivered to it yet.',
);

export const sessionOpened = notifyHook<{ session: Session }>(
  'session.opened',
  'A resource is bound and may send and receive.',
);

export interface AvailableSession {
  readonly session: Session;
  readonly presence: Stanza;
  /** False for the initial presence, true for an update. */
  readonly wasAvailable: boolean;
  /** Whether messages to the account could reach the session before: it was available, with a priority that is not negative. */
  readonly couldReceive: boolean;
}

export const sessionAvailable = notifyHook<AvailableSession>(
  'session.available',
  'A session has broadcast available presence.',
);

export const sessionUnavailable = notifyHook<{ session: Session; status: string; at: number }>(
  'session.unavailable',
  'A session that was available no longer is. `at` is in seconds since 1970.',
);

export const sessionClosed = notifyHook<{ session: Session; reason: string }>(
  'session.closed',
  'A session has ended, whatever the cause. It is no longer in its account.',
);

export const sessionDetaching = claimHook<{ session: Session; link: StreamLink; reason: string }>(
  'session.detaching',
  'The connection of a session is gone, and its client has not ended the stream. Claimed, the session stays without one; else it ends.',
);

export const sessionResumed = notifyHook<{ session: Session }>(
  'session.resumed',
  'A session goes on with another stream, and its client has been sent what it had missed.',
);

/** Which session a client wants back, and how many of its stanzas it has had. */
export interface Resumption {
  readonly id: string;
  readonly handled: number;
}

/** What the client is told instead. */
export interface NotResumed {
  readonly answer: Element;
}

export const sessionResuming = asyncClaimHook<
  { user: Jid; resumption: Resumption; link: StreamLink },
  NotResumed | typeof TAKEN
>(
  'session.resuming',
  "A client, logged in as `user`, wants to go on with a session; runs at the account's home. Whoever finds the session makes `link` carry it, or end.",
);
