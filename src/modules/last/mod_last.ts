/** XEP-0012: remembers when an account was last online and tells the contacts allowed to know. */
import { accountRegistered, accountRemoved } from '../../core/accounts/hooks.js';
import { drop, refuse, type Verdict } from '../../core/hooks/hook.js';
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import { type ReceivedStanza, stanzaReceived } from '../../core/routing/hooks.js';
import type { Iq, IqAnswer } from '../../core/routing/iq-table.js';
import { sessionUnavailable } from '../../core/sessions/hooks.js';
import { el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { child } from '../../protocol/stanza-children.js';
import { rosterApi } from '../roster/api.js';
import { lastStore } from './last-store.js';

/** Of the text that is kept of the last presence, in characters. */
const MAX_STATUS_LENGTH = 1023;

export default defineModule({
  name: 'mod_last',
  xeps: [{ number: 12, version: '2.0', status: 'complete' }],
  stores: { last: lastStore },
  uses: { roster: rosterApi },
  features: [ns.LAST],

  start(scope) {
    const { last } = scope.stores;
    const startedAt = scope.clock.seconds();

    scope.on(sessionUnavailable, order.record, async ({ session, status, at }) => {
      if (session.account.isAvailable) return;
      await last.put(session.account.jid, { seconds: at, status: shortened(status) });
    });
    scope.on(accountRegistered, order.record, ({ account }) =>
      last.put(account, { seconds: scope.clock.seconds(), status: "Registered but didn't login" }),
    );
    scope.on(accountRemoved, order.cleanup, ({ account }) => last.delete(account));
    scope.on(stanzaReceived, order.access, guard);
    scope.iq('get', ns.LAST, 'query', uptime, 'domain');
    scope.iq('get', ns.LAST, 'query', answer, 'account');

    /** XEP-0012 section 4: a server is asked for how long it has been running. */
    function uptime(): IqAnswer {
      return query(scope.clock.seconds() - startedAt);
    }

    /** XEP-0012 section 4: the same goes for a session that is asked itself; whether it is there shows in no answer. */
    function guard({ to, account, stanza }: ReceivedStanza): Verdict | undefined {
      if (stanza.name !== 'iq' || to.resource === '' || stanza.type !== 'get' || !stanza.has(child.LAST)) return;
      const { from } = stanza;
      if (!from) return drop('nobody asks');
      if (account) {
        if (scope.uses.roster.isSeenBy(account, from)) return;
        return refuse('the asker does not see presence', StanzaError.forbidden());
      }
      stanza.keep();
      decline(to, from, stanza).catch((error) => scope.log.error('last.failed', { error }));
      return drop('answered when the contacts are known');
    }

    /** Nobody is there to be asked. */
    async function decline(to: Jid, from: Jid, stanza: Stanza): Promise<void> {
      const maySee = await scope.uses.roster.maySeePresence(to, from);
      scope.router.bounce(stanza, maySee ? StanzaError.serviceUnavailable() : StanzaError.forbidden());
    }

    async function answer({ from, to }: Iq): Promise<IqAnswer> {
      // XEP-0012 section 3: whoever may not see presence may not learn this either.
      if (!(await scope.uses.roster.maySeePresence(to, from))) return StanzaError.forbidden();
      if (scope.sessions.account(to)?.isAvailable) return query(0);

      const seen = await last.get(to);
      if (!seen) return StanzaError.serviceUnavailable();
      return query(scope.clock.seconds() - seen.seconds, seen.status);
    }
  },
});

function shortened(status: string): string {
  if (status.length <= MAX_STATUS_LENGTH) return status;
  return [...status.slice(0, 2 * MAX_STATUS_LENGTH)].slice(0, MAX_STATUS_LENGTH).join('');
}

function query(seconds: number, status = ''): ReturnType<typeof el> {
  return el('query', { xmlns: ns.LAST, seconds: String(Math.max(0, seconds)) }, status === '' ? undefined : status);
}
