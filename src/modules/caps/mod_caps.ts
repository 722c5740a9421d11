/** XEP-0115 and XEP-0390: tells clients what the server can do, and learns from their presence what they can. */
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import { type SentStanza, stanzaSent } from '../../core/routing/hooks.js';
import type { Iq } from '../../core/routing/iq-table.js';
import { sessionAvailable, sessionClosed, sessionUnavailable } from '../../core/sessions/hooks.js';
import { streamFeatures } from '../../core/streams/hooks.js';
import { StanzaError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';
import { discoApi, discoInfo, domainFeatures } from '../disco/api.js';
import { capsApi } from './api.js';
import { CapabilityCache } from './cache.js';
import { ClientCapabilities } from './client-capabilities.js';
import { offerOf } from './offer.js';
import { OwnCapabilities } from './own-capabilities.js';
import { ASKED_PERIOD_MS } from './questions.js';

const GRATUITOUS = `${ns.CAPS2}:gratuitous`;

export default defineModule({
  name: 'mod_caps',
  xeps: [
    { number: 115, version: '1.6.0', status: 'complete' },
    { number: 300, version: '1.0.0', status: 'partial' },
    { number: 390, version: '0.3.2', status: 'complete' },
  ],
  uses: { disco: discoApi },

  start(scope) {
    const { host, clock, random, log } = scope;
    const { versions, iq_response_timeout: timeoutMs, cache_size, cache_life_time } = scope.config;
    const own = new OwnCapabilities(host, versions, (domain) => scope.uses.disco.domainInfo(domain));
    const cache = new CapabilityCache(cache_size, cache_life_time * 1_000, clock);
    const clients = new ClientCapabilities(host, cache, { clock, random, log, timeoutMs });
    const { questions } = clients;

    scope.on(streamFeatures, order.record, ({ stream, isAuthenticated }) =>
      isAuthenticated ? own.elements(stream.domain) : undefined,
    );
    scope.on(discoInfo, order.record, ({ to, node }) =>
      to.local === '' && node !== '' ? own.info(to.domain, node) : undefined,
    );
    if (versions.includes('v1')) scope.on(discoInfo, order.record, domainFeatures(ns.CAPS));
    if (versions.includes('v2')) {
      scope.on(discoInfo, order.record, domainFeatures(ns.CAPS2, GRATUITOUS));
      scope.iq('set', ns.CAPS2, 'c', onGratuitous, 'domain');
    }
    scope.provide(capsApi, {
      of: (session) => clients.of(session),
      wants: (session, node) => clients.of(session)?.features.has(`${node}+notify`) ?? false,
    });

    scope.on(sessionAvailable, order.record, ({ session, presence }) => {
      const offer = offerOf(presence.tree(), versions);
      // XEP-0115 section 8.4: presence without capabilities takes nothing back.
      if (offer) clients.offered(session, offer);
    });
    scope.on(sessionUnavailable, order.record, ({ session }) => clients.forget(session));
    scope.on(sessionClosed, order.cleanup, ({ session }) => questions.forget(session));
    scope.on(stanzaSent, order.record, onSent);
    scope.every(ASKED_PERIOD_MS, () => questions.startPeriod());
    scope.onStop(() => questions.close());

    /** XEP-0390 section 5.6: before there is presence. */
    function onGratuitous({ stanza, session }: Iq): StanzaError | undefined {
      if (!session) return StanzaError.forbidden();
      const offer = offerOf(stanza.tree(), ['v2']);
      if (!offer) return StanzaError.badRequest('there is no hash that is known');
      clients.offered(session, offer);
      return undefined;
    }

    function onSent({ session, stanza }: SentStanza): undefined {
      if (stanza.name !== 'iq' || (stanza.type !== 'result' && stanza.type !== 'error')) return undefined;
      const isForUs = stanza.to === undefined || (stanza.to.local === '' && stanza.to.domain === session.jid.domain);
      if (isForUs) questions.answered(session, stanza);
      return undefined;
    }
  },
});
