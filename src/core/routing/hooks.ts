/** The moments on the path of a stanza. */
import type { Jid } from '../../protocol/jid.js';
import type { Stanza } from '../../protocol/stanza.js';
import { asyncClaimHook, claimHook, filterHook, notifyHook } from '../hooks/hook.js';
import type { Host } from '../hosts/host.js';
import type { Account } from '../sessions/account.js';
import type { Session } from '../sessions/session.js';
import type { HandedMessage } from './handed.js';

/** A stanza that a session has sent. Handlers in the transform band may replace `stanza`. */
export interface SentStanza {
  readonly session: Session;
  stanza: Stanza;
  /** Under which the sender's archive keeps the message; set in the archive band, told by copies (XEP-0359). */
  archiveId: string | undefined;
}

/** A stanza for an account of ours, at the account's home. */
export interface ReceivedStanza {
  readonly host: Host;
  /** Bare or full; the account is its bare form. */
  readonly to: Jid;
  /** The account, when it has sessions. */
  readonly account: Account | undefined;
  stanza: Stanza;
  /** Under which the recipient's archive keeps the message; set in the archive band, told by copies (XEP-0359). */
  archiveId: string | undefined;
  /** It was written down for when somebody is there. */
  isStored?: true;
  /** It had to wait for what its filters need, and no session was available when it came. */
  readonly foundNobody?: boolean;
  /** A session that has ended was given it and did not take it: it has been archived, and its copies have gone out. */
  readonly isAgain: boolean;
}

export const stanzaSent = filterHook<SentStanza>(
  'stanza.sent',
  "A bound session has sent a stanza; runs at the sender's home before it is routed.",
);

export const stanzaArriving = notifyHook<ReceivedStanza>(
  'stanza.arriving',
  'A stanza has come for an account without open sessions: load what its filters need, which a session loads as it opens. It waits.',
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

export const messageKept = notifyHook<ReceivedStanza>(
  'message.kept',
  'A message that found no session was taken care of, as `message.undelivered` offers it.',
);

export const messageHanded = notifyHook<HandedMessage>(
  'message.handed',
  'A message was handed to these sessions of the account that it is for; to none where none may take it. Whoever hands copies to others adds them.',
);

export const stanzaDelivering = claimHook<{ readonly session: Session; readonly stanza: Stanza }>(
  'stanza.delivering',
  'A stanza is on its way to the client of a session. A handler that claims it gives it to `session.link` later.',
);

export const messageDelivered = claimHook<{ readonly to: Session; readonly stanza: Stanza }>(
  'message.delivered',
  'A message is about to be handed to a session. A handler that claims it has taken care of it.',
);
