/** XEP-0012: remembers when an account was last online and tells the contacts allowed to know. */
import { accountRegistered, accountRemoved } from '../../core/accounts/hooks.js';
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import type { Iq, IqAnswer } from '../../core/routing/iq-table.js';
import { sessionUnavailable } from '../../core/sessions/hooks.js';
import { el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';
import { rosterApi } from '../roster/api.js';
import { lastStore } from './last-store.js';

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
      if (!session.account.isAvailable) await last.put(session.account.jid, { seconds: at, status });
    });
    scope.on(accountRegistered, order.record, ({ account }) =>
      last.put(account, { seconds: scope.clock.seconds(), status: "Registered but didn't login" }),
    );
    scope.on(accountRemoved, order.cleanup, ({ account }) => last.delete(account));
    scope.iq('get', ns.LAST, 'query', uptime, 'domain');
    scope.iq('get', ns.LAST, 'query', answer, 'account');

    /** XEP-0012 section 4: a server is asked for how long it has been running. */
    function uptime(): IqAnswer {
      return query(scope.clock.seconds() - startedAt);
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

function query(seconds: number, status = ''): ReturnType<typeof el> {
  return el('query', { xmlns: ns.LAST, seconds: String(Math.max(0, seconds)) }, status === '' ? undefined : status);
}
