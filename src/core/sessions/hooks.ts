/** The moments in the life of a session. */
import type { Stanza } from '../../protocol/stanza.js';
import { asyncFilterHook, notifyHook } from '../hooks/hook.js';
import type { Session } from './session.js';

export const sessionOpening = asyncFilterHook<{ session: Session }>(
  'session.opening',
  'A resource is being bound: load what its stanzas will need, or refuse it. Nothing is delivered to it yet.',
);

export const sessionOpened = notifyHook<{ session: Session }>(
  'session.opened',
  'A resource is bound and may send and receive.',
);

export const sessionAvailable = notifyHook<{ session: Session; presence: Stanza; wasAvailable: boolean }>(
  'session.available',
  'A session has broadcast available presence; `wasAvailable` tells an update from the initial one.',
);

export const sessionUnavailable = notifyHook<{ session: Session; status: string; at: number }>(
  'session.unavailable',
  'A session that was available no longer is. `at` is in seconds since 1970.',
);

export const sessionClosed = notifyHook<{ session: Session; reason: string }>(
  'session.closed',
  'A session has ended, whatever the cause. It is no longer in its account.',
);
