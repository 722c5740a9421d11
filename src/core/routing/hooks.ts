/** The moments on the path of a stanza. */
import type { Jid } from '../../protocol/jid.js';
import type { Stanza } from '../../protocol/stanza.js';
import { asyncClaimHook, claimHook, filterHook } from '../hooks/hook.js';
import type { Host } from '../hosts/host.js';
import type { Account } from '../sessions/account.js';
import type { Session } from '../sessions/session.js';

/** A stanza that a session has sent. Handlers in the transform band may replace `stanza`. */
export interface SentStanza {
  readonly session: Session;
  stanza: Stanza;
}

/** A stanza for an account of ours, at the account's home. */
export interface ReceivedStanza {
  readonly host: Host;
  /** Bare or full; the account is its bare form. */
  readonly to: Jid;
  /** The account, when it has sessions. */
  readonly account: Account | undefined;
  stanza: Stanza;
}

export const stanzaSent = filterHook<SentStanza>(
  'stanza.sent',
  "A bound session has sent a stanza; runs at the sender's home before it is routed.",
);

export const stanzaReceived = filterHook<ReceivedStanza>(
  'stanza.received',
  "A stanza has come to the recipient's home; runs before it is decided which sessions get it.",
);

export const presenceSent = claimHook<SentStanza>(
  'presence.sent',
  'A session has sent presence: broadcast, directed, or about a subscription. Unclaimed, it is routed to its address.',
);

export const presenceReceived = claimHook<ReceivedStanza>(
  'presence.received',
  'Presence has come for an account. Unclaimed, it is delivered to the session it names, or to all available ones.',
);

export const messageUndelivered = asyncClaimHook<ReceivedStanza>(
  'message.undelivered',
  'A message found no session that may take it. Unclaimed, the sender gets `service-unavailable`.',
);

export const messageDelivered = claimHook<{ readonly to: Session; readonly stanza: Stanza }>(
  'message.delivered',
  'A message is about to be handed to a session. A handler that claims it has taken care of it.',
);
