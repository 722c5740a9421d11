/** What other modules add to service discovery. */
import { asyncClaimHook, collectHook } from '../../core/hooks/hook.js';
import type { Host } from '../../core/hosts/host.js';
import type { Session } from '../../core/sessions/session.js';
import type { Element } from '../../protocol/element.js';
import type { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';

export interface DiscoQuestion {
  readonly host: Host;
  readonly from: Jid;
  /** The domain or the account that is asked about. */
  readonly to: Jid;
  readonly node: string;
}

export const discoInfo = collectHook<DiscoQuestion, Element>(
  'disco.info',
  'Information is asked for (XEP-0030): add identities, features or extensions (XEP-0128). What is said of a domain stays the same as long as the handler is there.',
);

export const discoItems = collectHook<DiscoQuestion, Element>(
  'disco.items',
  'Items are asked for (XEP-0030): add some.',
);

/** A question about one node of an account or a domain. */
export interface DiscoNodeQuestion extends DiscoQuestion {
  readonly asksFor: 'info' | 'items';
  /** The session that asks about its own account, or about the domain. */
  readonly session: Session | undefined;
}

export const discoNode = asyncClaimHook<DiscoNodeQuestion, readonly Element[] | StanzaError>(
  'disco.node',
  'A node is asked about (XEP-0030): whoever claims it decides who may know, and gives the whole answer; it may wait.',
);
