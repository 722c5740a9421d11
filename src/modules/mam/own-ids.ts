/** XEP-0359 section 5: whose word counts for the ids in the name of those who live here. */
import type { Hosts } from '../../core/hosts/host.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';

/** True when those that a client made up were taken away where the stanza was sent, as modules do that make ids themselves. */
export function hasOwnIds({ from }: Stanza, hosts: Hosts): boolean {
  if (!from) return true;
  return hosts.serving(from.domain)?.features.has(ns.STANZA_ID) ?? hosts.service(from.domain) !== undefined;
}
