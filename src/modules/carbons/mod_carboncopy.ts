/** XEP-0280: gives the clients of an account that want it a copy of what the others send and receive. */
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import type { HandedCopy } from '../../core/routing/handed.js';
import { messageHanded, stanzaSent } from '../../core/routing/hooks.js';
import type { Iq } from '../../core/routing/iq-table.js';
import type { Account } from '../../core/sessions/account.js';
import type { Session } from '../../core/sessions/session.js';
import { slot } from '../../core/sessions/slot.js';
import { el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { Copied } from './copied.js';
import { type CarbonsVersion, Copies } from './copy.js';
import { type Direction, isEligible, isKeptFromCopies } from './eligible.js';

/** What a session has enabled; it stays with a session that is resumed. */
const enabled = slot<CarbonsVersion | undefined>('mod_carboncopy.enabled', () => undefined);
/** What errors may still come for. */
const copied = slot('mod_carboncopy.copied', () => new Copied());

export default defineModule({
  name: 'mod_carboncopy',
  xeps: [{ number: 280, version: '1.0.1', status: 'complete' }],
  features: [ns.CARBONS, ns.CARBONS_1, ns.CARBONS_RULES],

  start(scope) {
    const { parse } = scope.services;

    for (const version of [ns.CARBONS, ns.CARBONS_1] as const) {
      scope.iq('set', version, 'enable', (iq) => choose(iq, version), 'account');
      scope.iq('set', version, 'disable', (iq) => choose(iq, undefined), 'account');
    }

    scope.on(stanzaSent, order.copy, ({ session, stanza, archiveId }) => {
      const { account } = session;
      if (stanza.name !== 'message' || account.size < 2) return undefined;
      // What is for the account itself comes back to it, and is copied then.
      if (!stanza.to || stanza.to.bare.equals(account.jid)) return undefined;
      if (!isToBeCopied(account, stanza, 'sent', stanza.to)) return undefined;
      const original = () => (archiveId === undefined ? stanza : stanza.withChild(idOf(account.jid, archiveId)));
      copy(account, new Copies(stanza.type, 'sent', original, parse), (other) => other !== session);
      return undefined;
    });

    scope.on(messageHanded, order.copy, (handed) => {
      const { received, sessions } = handed;
      const { account, stanza, isAgain } = received;
      if (!account || account.size < 2 || isAgain) return;
      if (!isToBeCopied(account, stanza, 'received', stanza.from)) return;
      const copies = new Copies(stanza.type, 'received', () => stanza, parse);
      handed.copies = copy(account, copies, (other) => !sessions.includes(other) && !isSender(other, stanza));
    });

    function copy(account: Account, copies: Copies, isMeant: (session: Session) => boolean): HandedCopy[] {
      const handed: HandedCopy[] = [];
      for (const session of account.sessions()) {
        const version = session.peek(enabled);
        if (version === undefined || !isMeant(session)) continue;
        const one = copies.for(session, version);
        session.deliver(one);
        handed.push({ session, copy: one });
      }
      return handed;
    }
  },
});

/** Section 4 and 5: for one's own client only. */
function choose({ session, payload }: Iq, version: CarbonsVersion | undefined): StanzaError | undefined {
  if (!session) return StanzaError.notAllowed();
  if (payload.elements().length > 0) return StanzaError.badRequest('the element is to be empty');
  session.set(enabled, version);
  return undefined;
}

/** Whether another client may want it; remembered, for the error that may follow. */
function isToBeCopied(account: Account, stanza: Stanza, direction: Direction, peer: Jid | undefined): boolean {
  if (!hasListener(account)) return false;
  if (stanza.type === 'error') return !isKeptFromCopies(stanza) && account.peek(copied)?.has(stanza, peer) === true;
  if (!isEligible(stanza, direction)) return false;
  account.get(copied).remember(stanza, peer);
  return true;
}

function hasListener(account: Account): boolean {
  for (const session of account.sessions()) if (session.peek(enabled) !== undefined) return true;
  return false;
}

function isSender(session: Session, stanza: Stanza): boolean {
  return stanza.from?.equals(session.jid) === true;
}

/** XEP-0313 section 3.5: where the archive of the account has the message. */
function idOf(account: Jid, id: string) {
  return el('stanza-id', { xmlns: ns.STANZA_ID, by: account.toString(), id });
}
