/** The moments of a client stream that modules may join. */
import type { Element } from '../../protocol/element.js';
import type { Jid } from '../../protocol/jid.js';
import type { Stanza } from '../../protocol/stanza.js';
import { asyncClaimHook, claimHook, collectHook } from '../hooks/hook.js';
import type { Host } from '../hosts/host.js';
import type { IqAnswer } from '../routing/iq-table.js';
import type { Resumption } from '../sessions/hooks.js';
import type { Session, StreamLink } from '../sessions/session.js';

/** What modules may know of a stream before it is bound. */
export interface StreamFacts {
  readonly host: Host;
  /** The served domain that the client asked for. */
  readonly domain: string;
  readonly ip: string;
  readonly isSecure: boolean;
}

export const streamFeatures = collectHook<{ stream: StreamFacts; isAuthenticated: boolean }, Element>(
  'stream.features',
  'A stream is told its features (RFC 6120 section 4.3.2): add one.',
);

export const unauthenticatedIq = asyncClaimHook<
  { stream: StreamFacts; stanza: Stanza; payload: Element },
  { answer: IqAnswer }
>(
  'stream.unauthenticated_iq',
  'An IQ request came before authentication. Unclaimed, the stream ends with `not-authorized`.',
);

export const nonzaReceived = claimHook<{ session: Session; element: Element; link: StreamLink }>(
  'stream.nonza',
  'A bound stream brought a top-level element that is no stanza. Unclaimed, it ends with `unsupported-stanza-type`.',
);

/** What is done with a top-level element before a resource is bound. */
export type EarlyAnswer =
  | { readonly answer: Element }
  /** The session that the client wants back; `otherwise` is the answer when its home cannot be reached. */
  | { readonly resume: Resumption; readonly otherwise: Element };

export const nonzaBeforeBinding = claimHook<
  { stream: StreamFacts /** Bare; `undefined` before the login. */; user: Jid | undefined; element: Element },
  EarlyAnswer
>(
  'stream.nonza_before_binding',
  'A stream without a session brought a top-level element that is none of its own. Unclaimed, it ends with `unsupported-stanza-type`.',
);
