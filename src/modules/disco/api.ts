/** What other modules add to service discovery, and what they may ask it. */
import { asyncClaimHook, collectHook } from '../../core/hooks/hook.js';
import type { Host } from '../../core/hosts/host.js';
import { defineApi } from '../../core/module/api.js';
import type { Session } from '../../core/sessions/session.js';
import { type Element, el } from '../../protocol/element.js';
import type { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';

export { contactAddresses } from './server-info.js';

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
  'Items are asked for (XEP-0030): add some. A node whose items are given has to have information, too.',
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
export interface DiscoApi {
  /** Everything that a domain says about itself without a node; `undefined` where service discovery is off. */
  domainInfo(domain: string): Element[] | undefined;
}

export const discoApi = defineApi<DiscoApi>('mod_disco', { domainInfo: () => undefined });

/** A handler of `discoInfo` for features that the domain has, and its accounts have not. */
export function domainFeatures(...names: readonly string[]): (question: DiscoQuestion) => Element[] | undefined {
  return ({ to, node }) => (to.local === '' && node === '' ? names.map(feature) : undefined);
}

export function feature(name: string): Element {
  return el('feature', { var: name });
}
