/** XEP-0215: tells users which services there are outside of XMPP, and gives them credentials. */
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import type { Iq } from '../../core/routing/iq-table.js';
import type { ExternalService } from '../../platform/config/index.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { discoInfo, domainFeatures } from '../disco/api.js';
import { hasCredentials, serviceElement } from './services.js';

/**
 * There are no pushes (section 3.2): the list is that of the configuration, and `expires` tells when to ask for credentials again. A push
 * before every end would wake clients that need none.
 */
export default defineModule({
  name: 'mod_extdisco',
  xeps: [{ number: 215, version: '1.0.0', status: 'complete' }],

  start(scope) {
    const { clock, services, config } = scope;
    scope.on(discoInfo, order.record, domainFeatures(ns.EXTERNAL_SERVICES));
    scope.iq('get', ns.EXTERNAL_SERVICES, 'services', onServices, 'domain');
    scope.iq('get', ns.EXTERNAL_SERVICES, 'credentials', onCredentials, 'domain');

    function onServices({ from, payload }: Iq): Element | StanzaError {
      if (!isUser(from)) return StanzaError.forbidden();
      const { type } = payload.attrs;
      return el('services', { xmlns: ns.EXTERNAL_SERVICES, type }, ofType(type).map(shownTo(from)));
    }

    /** Section 3.3: of every service that is meant, since a host may have several ports. */
    function onCredentials({ from, payload }: Iq): Element | StanzaError {
      if (!isUser(from)) return StanzaError.forbidden();
      const [asked, more] = payload.childrenNamed('service');
      const { host, type, port } = asked?.attrs ?? {};
      if (!host || !type || more) return StanzaError.badRequest('one service with host and type is expected');
      const found = ofType(type).filter(
        (one) => one.host === host && (port === undefined || String(one.port) === port) && hasCredentials(one),
      );
      if (found.length === 0) return StanzaError.itemNotFound();
      return el('credentials', { xmlns: ns.EXTERNAL_SERVICES }, found.map(shownTo(from)));
    }

    function ofType(type: string | undefined): readonly ExternalService[] {
      return type === undefined ? config.service : config.service.filter((service) => service.type === type);
    }

    function shownTo(user: Jid): (service: ExternalService) => Element {
      return (service) => serviceElement(service, user, clock.seconds());
    }

    /** Whoever gets credentials uses what somebody else pays for: no users of other servers. */
    function isUser({ local, domain }: Jid): boolean {
      return local !== '' && services.hosts.serving(domain) !== undefined;
    }
  },
});
