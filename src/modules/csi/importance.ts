/** XEP-0352 section 3.2: which stanzas can wait until somebody looks, since they are about the moment only. */
import type { Element } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { child } from '../../protocol/stanza-children.js';

/** `key` names what a later stanza makes needless; one without makes nothing needless. */
export type Importance = 'important' | { readonly key: string | undefined };

const IMPORTANT: Importance = 'important';

export function importanceOf(stanza: Stanza): Importance {
  if (stanza.name === 'presence') return ofPresence(stanza);
  if (stanza.name !== 'message' || stanza.type === 'error' || stanza.has(child.BODY)) return IMPORTANT;
  if (stanza.has(child.CHAT_STATE)) return ofState(stanza.tree(), '');
  // A copy for this client has nothing beside it; what is in it counts (XEP-0280).
  if (stanza.has(child.CARBONS) || stanza.has(child.CARBONS_1)) return ofCopy(stanza.tree());
  return IMPORTANT;
}

function ofPresence(stanza: Stanza): Importance {
  if (stanza.type !== '' && stanza.type !== 'unavailable') return IMPORTANT;
  // In rooms each presence may tell of something that has happened (XEP-0045 section 12).
  return { key: stanza.has(child.MUC_USER) ? undefined : `presence ${stanza.from}` };
}

function ofCopy(tree: Element): Importance {
  const [content, ...others] = tree.elements();
  // In the first version the direction stands beside the message.
  const forwarded = content?.child('forwarded', ns.FORWARD) ?? others.find((one) => one.is('forwarded', ns.FORWARD));
  const message = forwarded?.child('message', ns.CLIENT);
  return message ? ofState(message, message.attrs['to'] ?? '') : IMPORTANT;
}

/** XEP-0085: a chat state and nothing beside it but what belongs to it. */
function ofState(message: Element, to: string): Importance {
  const content = message.elements();
  const isState = content.some((one) => one.ns === ns.CHAT_STATES) && content.every(belongsToState);
  return isState ? { key: `state ${message.attrs['from']} ${to}` } : IMPORTANT;
}

function belongsToState(content: Element): boolean {
  if (content.ns === ns.CHAT_STATES || content.ns === ns.HINTS || content.ns === ns.STANZA_ID) return true;
  return content.is('thread', ns.CLIENT);
}
