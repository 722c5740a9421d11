/** XEP-0191: blocks and unblocks addresses by a simple command; what is blocked stands in the default privacy list. */
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import type { Iq, IqAnswer } from '../../core/routing/iq-table.js';
import type { Session } from '../../core/sessions/session.js';
import { slot } from '../../core/sessions/slot.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { Stanza } from '../../protocol/stanza.js';
import { type BlocklistChange, blocklistChanged, privacyApi } from './api.js';

/** XEP-0191 section 3.3: a session that has asked for the blocklist hears of changes. */
const interested = slot('mod_blocking.interested', () => false);

export default defineModule({
  name: 'mod_blocking',
  xeps: [{ number: 191, version: '1.3', status: 'complete' }],
  uses: { privacy: privacyApi },
  features: [ns.BLOCKING],

  start(scope) {
    const { privacy } = scope.uses;

    scope.on(blocklistChanged, order.record, push);
    scope.iq('get', ns.BLOCKING, 'blocklist', blocklist, 'account');
    scope.iq('set', ns.BLOCKING, 'block', block, 'account');
    scope.iq('set', ns.BLOCKING, 'unblock', unblock, 'account');

    /** XEP-0191 section 3.2. */
    function blocklist(iq: Iq): IqAnswer {
      const session = ownSession(iq);
      if (!session) return StanzaError.forbidden();
      session.set(interested, true);
      return command('blocklist', privacy.blocklist(session.account));
    }

    /** XEP-0191 section 3.3. */
    async function block(iq: Iq): Promise<IqAnswer> {
      const whom = ownSession(iq) ? addressees(iq.payload) : StanzaError.forbidden();
      if (whom instanceof StanzaError) return whom;
      if (whom.length === 0) return StanzaError.badRequest('nobody is named');
      return privacy.block(iq.to.bare, whom);
    }

    /** XEP-0191 sections 3.4 and 3.5. */
    async function unblock(iq: Iq): Promise<IqAnswer> {
      const whom = ownSession(iq) ? addressees(iq.payload) : StanzaError.forbidden();
      if (whom instanceof StanzaError) return whom;
      return privacy.unblock(iq.to.bare, whom.length === 0 ? 'all' : whom);
    }

    function push({ account, blocked, unblocked, isAll }: BlocklistChange): undefined {
      for (const session of account.sessions()) {
        if (session.peek(interested) !== true) continue;
        if (unblocked.length > 0) tell(session, command('unblock', isAll ? [] : unblocked));
        if (blocked.length > 0) tell(session, command('block', blocked));
      }
    }

    function tell(session: Session, payload: Element): void {
      const iq = el('iq', { xmlns: ns.CLIENT, type: 'set', id: `push-${scope.random.hex(6)}` }, payload);
      session.deliver(Stanza.fromElement(iq, session.jid, session.account.jid));
    }
  },
});

/** Nobody reads or writes the blocklist of somebody else. */
function ownSession({ session, from, to }: Iq): Session | undefined {
  return from.bare.equals(to.bare) ? session : undefined;
}

function addressees(payload: Element): Jid[] | StanzaError {
  const whom: Jid[] = [];
  for (const item of payload.elements()) {
    const text = item.is('item', ns.BLOCKING) ? item.attrs['jid'] : undefined;
    if (text === undefined) return StanzaError.badRequest('an item with an address is expected');
    const jid = Jid.parse(text);
    if (!jid) return StanzaError.jidMalformed();
    whom.push(jid);
  }
  return whom;
}

function command(name: string, whom: readonly string[]): Element {
  return el(
    name,
    { xmlns: ns.BLOCKING },
    whom.map((jid) => el('item', { jid })),
  );
}
