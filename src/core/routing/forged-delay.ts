/** XEP-0203 section 5: a client cannot say that we, or anybody else here, had delayed what it sends. */
import type { Element } from '../../protocol/element.js';
import { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { child } from '../../protocol/stanza-children.js';
import type { Hosts } from '../hosts/host.js';

/** The stanza without such marks: archives, offline storage and clients rely on those that are ours. */
export function withoutForgedDelay(stanza: Stanza, hosts: Hosts): Stanza {
  if (!stanza.has(child.DELAY)) return stanza;
  const isForged = (one: Element | string) => typeof one !== 'string' && isDelayOf(one, stanza.from, hosts);
  if (!stanza.tree().children.some(isForged)) return stanza;
  return stanza.changed((tree) => {
    const rest = tree.children.filter((one) => !isForged(one));
    tree.children.splice(0, tree.children.length, ...rest);
  });
}

/** Of an address at a domain of ours that is not the sender's own. */
function isDelayOf(element: Element, sender: Jid | undefined, hosts: Hosts): boolean {
  const { from } = element.attrs;
  if (!element.is('delay', ns.DELAY) || from === undefined) return false;
  const jid = Jid.parse(from);
  if (!jid || (sender && jid.bare.equals(sender.bare))) return false;
  return hosts.serving(jid.domain) !== undefined || hosts.service(jid.domain) !== undefined;
}
