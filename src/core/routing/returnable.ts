/** Which stanzas find another way when a client did not take them. */

import type { Stanza } from '../../protocol/stanza.js';
import { child } from '../../protocol/stanza-children.js';
import type { Session } from '../sessions/session.js';
import type { Sharing } from './handed.js';

/** What finds another way in place of a stanza: itself, or the message that it is a copy of where others had that. */
export function toGiveBack(stanza: Stanza, sharing: Sharing | undefined, session: Session): Stanza | undefined {
  if (returnable(stanza, session)) return stanza;
  return sharing && returnable(sharing.original, session) ? sharing.original : undefined;
}

/** Presence is about the moment, and answers are for nobody else; a request is answered by an error. */
function returnable(stanza: Stanza, { account }: Session): boolean {
  switch (stanza.name) {
    case 'message':
      return stanza.type !== 'error' && !isCopy(stanza, account.jid.toString());
    case 'iq':
      return stanza.type === 'get' || stanza.type === 'set';
    default:
      return false;
  }
}

/** A copy for this very client (XEP-0280), or what it has asked its archive for (XEP-0313): there is an original. */
function isCopy(stanza: Stanza, account: string): boolean {
  if (!stanza.has(child.CARBONS) && !stanza.has(child.CARBONS_1) && !stanza.has(child.MAM)) return false;
  return stanza.from?.toString() === account;
}
