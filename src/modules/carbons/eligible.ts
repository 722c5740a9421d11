/** XEP-0280 section 6: which messages are copied to the other clients of an account. */
import type { Element } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { child } from '../../protocol/stanza-children.js';

export type Direction = 'sent' | 'received';

/** Whether a message that is no error is to be copied. That of an error is up to what it answers. */
export function isEligible(stanza: Stanza, direction: Direction): boolean {
  if (stanza.type === 'groupchat' || isKeptFromCopies(stanza)) return false;
  if (stanza.type === 'chat' || hasInstantMessaging(stanza)) return true;
  if (stanza.type !== 'headline' && stanza.has(child.BODY)) return true;
  return isOfRoom(stanza, direction);
}

/** What is private, or a copy already; XEP-0334 section 4.3 for the hint. */
export function isKeptFromCopies(stanza: Stanza): boolean {
  if (stanza.has(child.CARBONS) || stanza.has(child.CARBONS_1)) return true;
  return stanza.has(child.HINT) && stanza.tree().child('no-copy', ns.HINTS) !== undefined;
}

/** Receipts (XEP-0184), chat states (XEP-0085) and markers (XEP-0333). */
function hasInstantMessaging(stanza: Stanza): boolean {
  return stanza.has(child.RECEIPT) || stanza.has(child.CHAT_STATE) || stanza.has(child.CHAT_MARKER);
}

/** Section 6.1: invitations. COMPAT(MongooseIM): what somebody in a room writes to this client alone, too. */
function isOfRoom(stanza: Stanza, direction: Direction): boolean {
  if (stanza.has(child.MUC_USER) && direction === 'received' && stanza.to?.resource) return true;
  if (stanza.has(child.MUC_USER) && isMediatedInvitation(stanza.tree())) return true;
  return stanza.has(child.CONFERENCE);
}

function isMediatedInvitation(message: Element): boolean {
  return message.child('x', ns.MUC_USER)?.child('invite', ns.MUC_USER) !== undefined;
}
