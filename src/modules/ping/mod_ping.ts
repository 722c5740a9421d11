/** XEP-0199: answers pings, and sends its own to find out which clients are still there. */
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import { stanzaSent } from '../../core/routing/hooks.js';
import { sessionClosed, sessionOpened } from '../../core/sessions/hooks.js';
import type { Session } from '../../core/sessions/session.js';
import { slot } from '../../core/sessions/slot.js';
import { el } from '../../protocol/element.js';
import { StanzaError, StreamError } from '../../protocol/errors.js';
import { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { Stanza } from '../../protocol/stanza.js';

/**
 * When the client was heard last, and when it was asked; in milliseconds. `askedAt` is 0 while no answer is due. `dueSecond` is
 * when it is looked at next.
 */
const liveness = slot('mod_ping.liveness', () => ({ heardAt: 0, askedAt: 0, dueSecond: 0 }));

const TICK_MS = 1_000;

export default defineModule({
  name: 'mod_ping',
  xeps: [{ number: 199, version: '2.0.1', status: 'complete' }],
  features: [ns.PING],

  start(scope) {
    scope.iq('get', ns.PING, 'ping', () => undefined);
    scope.iq('set', ns.PING, 'ping', () => StanzaError.featureNotImplemented());
    if (!scope.config.send_pings) return;

    const { clock, random, sessions } = scope;
    const { timeout_action } = scope.config;
    const intervalMs = scope.config.ping_interval * 1_000;
    const timeoutMs = scope.config.ping_req_timeout * 1_000;
    /** By the second in which they are looked at next, so that a tick touches only those that are due. */
    const due = new Map<number, Set<Session>>();

    scope.on(sessionOpened, order.record, ({ session }) => {
      heard(session);
      schedule(session, clock.monotonic() + intervalMs);
    });
    scope.on(stanzaSent, order.record, ({ session }) => {
      heard(session);
      return undefined;
    });
    scope.on(sessionClosed, order.cleanup, ({ session }) => {
      due.get(session.get(liveness).dueSecond)?.delete(session);
    });
    let lastSecond = Math.floor(clock.monotonic() / 1_000);
    scope.every(TICK_MS, () => {
      for (const now = Math.floor(clock.monotonic() / 1_000); lastSecond < now; lastSecond++) {
        const ready = due.get(lastSecond);
        due.delete(lastSecond);
        for (const session of ready ?? []) if (!session.isClosed) look(session);
      }
    });

    function heard(session: Session): void {
      const state = session.get(liveness);
      // PERF(chat): no look at the clock for every stanza; the tick under way ends at this time.
      state.heardAt = (lastSecond + 1) * 1_000;
      state.askedAt = 0;
    }

    function schedule(session: Session, atMs: number): void {
      const second = Math.max(Math.ceil(atMs / 1_000), lastSecond + 1);
      session.get(liveness).dueSecond = second;
      const others = due.get(second);
      if (others) others.add(session);
      else due.set(second, new Set([session]));
    }

    function look(session: Session): void {
      const state = session.get(liveness);
      const now = clock.monotonic();
      // XEP-0198 section 5: nobody can answer while the session waits for its client to come back.
      if (session.link.isClosed) {
        state.askedAt = 0;
        return schedule(session, now + intervalMs);
      }
      if (state.askedAt > 0) {
        scope.log.info('ping.timeout', { jid: session.jid.toString(), action: timeout_action });
        if (timeout_action === 'kill')
          return sessions.evict(session, new StreamError('connection-timeout', 'No answer to a ping'), 'ping timeout');
        state.askedAt = 0;
        return schedule(session, now + intervalMs);
      }
      if (state.heardAt + intervalMs > now) return schedule(session, state.heardAt + intervalMs);
      ask(session);
      state.askedAt = now;
      schedule(session, now + timeoutMs);
    }

    function ask(session: Session): void {
      const iq = el(
        'iq',
        { xmlns: ns.CLIENT, type: 'get', id: `ping-${random.hex(6)}` },
        el('ping', { xmlns: ns.PING }),
      );
      session.deliver(Stanza.fromElement(iq, session.jid, Jid.trusted('', session.jid.domain)));
    }
  },
});
