/** What becomes of stanzas that a client did not take: which find another way, and what they say of the time that they took. */
import { formatDateTime } from '../../protocol/date-time.js';
import { el } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { child } from '../../protocol/stanza-children.js';
import type { Session } from '../sessions/session.js';
import type { Sharing } from './handed.js';

/** A stanza that is kept until the client of a session has it. */
export interface KeptStanza {
  readonly stanza: Stanza;
  /** Milliseconds since 1970; of a message. */
  readonly at: number;
  /** Other sessions have the same message. */
  sharing: Sharing | undefined;
}

/** For `router.again`, in order: what the client of a session that has ended did not take, and nobody else is there for. */
export function givenBack(kept: readonly KeptStanza[], session: Session, reason: string): Stanza[] {
  return kept.flatMap(({ stanza, at, sharing }) => {
    const back = sharing?.isElsewhere(session) ? undefined : toGiveBack(stanza, sharing, session);
    return back ? [delayed(back, at, session, reason)] : [];
  });
}

/** XEP-0203: a message that comes late says since when it has been here. Other stanzas are about the moment. */
export function delayed(stanza: Stanza, at: number, { jid }: Session, reason: string): Stanza {
  if (stanza.name !== 'message' || stanza.has(child.DELAY)) return stanza;
  return stanza.withChild(el('delay', { xmlns: ns.DELAY, from: jid.domain, stamp: formatDateTime(at) }, reason));
}

/** What finds another way in place of a stanza: itself, or the message that it is a copy of where others had that. */
function toGiveBack(stanza: Stanza, sharing: Sharing | undefined, session: Session): Stanza | undefined {
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
