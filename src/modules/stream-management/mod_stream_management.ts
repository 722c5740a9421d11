/** XEP-0198: tells clients which of their stanzas are safe, keeps theirs until they have them, and sessions until they come back. */
import { TAKEN } from '../../core/hooks/hook.js';
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import { stanzaSent } from '../../core/routing/hooks.js';
import { sessionClosed, sessionDetaching, sessionResuming } from '../../core/sessions/hooks.js';
import type { Session } from '../../core/sessions/session.js';
import { nonzaBeforeBinding, nonzaReceived, streamFeatures } from '../../core/streams/hooks.js';
import { StreamError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';
import { LiveStream } from './live-stream.js';
import { type LinkRules, ManagedLink } from './managed-link.js';
import { FEATURE } from './nonzas.js';
import { beforeBinding, Resumptions } from './resumption.js';
import { StaleCounters } from './stale-counters.js';

export default defineModule({
  name: 'mod_stream_management',
  xeps: [{ number: 198, version: '1.6.3', status: 'complete' }],

  start(scope) {
    const { config, clock, sessions, router, services, random } = scope;
    const { durability } = services;
    const { stale_h } = config;
    const stale = stale_h.enabled ? new StaleCounters(stale_h.geriatric * 1_000) : undefined;
    if (stale) scope.every(stale_h.repeat_after * 1_000, () => stale.forgetOld(clock.monotonic()));

    const rules: LinkRules = {
      clock,
      keeps: config.buffer,
      maxStanzas: limit(config.buffer_max),
      maxBytes: limit(config.buffer_max_bytes),
      requestEvery: config.ack ? config.ack_freq : Number.POSITIVE_INFINITY,
      overflowed: (session) => sessions.evict(session, tooMuch, 'unacknowledged stanzas'),
      expired: (session) => sessions.close(session, 'not resumed in time'),
    };
    const live = new LiveStream({ rules, config, random, durability });
    const resumptions = new Resumptions({ sessions, durability, stale, clock });

    scope.on(streamFeatures, order.record, ({ isAuthenticated }) => (isAuthenticated ? FEATURE : undefined));
    scope.on(nonzaBeforeBinding, order.route, ({ user, element }) =>
      element.ns === ns.STREAM_MANAGEMENT ? beforeBinding(element, user !== undefined) : undefined,
    );
    scope.on(nonzaReceived, order.route, ({ session, element, link }) => {
      if (element.ns !== ns.STREAM_MANAGEMENT) return undefined;
      live.received(session, element, link);
      return TAKEN;
    });
    // Whatever becomes of the stanza, it has come.
    scope.on(stanzaSent, order.access, ({ session }) => {
      if (session.link instanceof ManagedLink) session.link.acknowledgement.took();
      return undefined;
    });
    scope.on(sessionDetaching, order.route, ({ session, link: stream }) => {
      const { link } = session;
      if (!(link instanceof ManagedLink) || link.id === undefined || link.stream !== stream) return undefined;
      link.detach();
      return TAKEN;
    });
    scope.on(sessionResuming, order.route, (wanted) => resumptions.resume(wanted));
    scope.on(sessionClosed, order.cleanup, ({ session }) => end(session));

    /** Section 4: what the client has not acknowledged goes the way of stanzas for somebody who is not there. */
    function end(session: Session): void {
      const { link } = session;
      if (!(link instanceof ManagedLink)) return;
      if (link.id !== undefined) stale?.remember(link.id, session, link.handled, clock.monotonic());
      for (const stanza of link.close()) router.again(stanza);
    }
  },
});

const tooMuch = new StreamError('resource-constraint', 'Too many stanzas are not acknowledged');

function limit(value: number | 'infinity'): number {
  return value === 'infinity' ? Number.POSITIVE_INFINITY : value;
}
