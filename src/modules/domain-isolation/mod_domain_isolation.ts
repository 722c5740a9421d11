/** Keeps the domains of this server apart: what is local and of another domain neither reaches an account nor is reached by it. */
import { drop, refuse, type Verdict } from '../../core/hooks/hook.js';
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import { type ReceivedStanza, type SentStanza, stanzaReceived, stanzaSent } from '../../core/routing/hooks.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Stanza } from '../../protocol/stanza.js';

const ISOLATED = 'the domains are isolated from each other';

export default defineModule({
  name: 'mod_domain_isolation',
  xeps: [],

  start(scope) {
    const { hosts } = scope.services;

    scope.on(stanzaSent, order.access, onSent);
    scope.on(stanzaReceived, order.access, onReceived);

    function onSent({ session, stanza }: SentStanza): Verdict | undefined {
      if (!stanza.to || isTogether(session.jid.domain, stanza.to.domain)) return undefined;
      // Straight to the client: as an answer from the other domain it would be dropped.
      if (isAnswerable(stanza)) session.deliver(stanza.error(filtered()));
      return drop(ISOLATED);
    }

    /** What another domain, or the server in the name of one of its accounts, sends here. */
    function onReceived({ to, stanza }: ReceivedStanza): Verdict | undefined {
      if (!stanza.from || isTogether(stanza.from.domain, to.domain)) return undefined;
      return isAnswerable(stanza) ? refuse(ISOLATED, filtered()) : drop(ISOLATED);
    }

    function isTogether(one: string, other: string): boolean {
      if (one === other) return true;
      const [here, there] = [parentOf(one), parentOf(other)];
      return here === undefined || there === undefined || here === there;
    }

    /** The domain that a domain of ours stands for: a service, that beside which it is. Nothing for those that are not ours. */
    function parentOf(domain: string): string | undefined {
      if (hosts.serving(domain)) return domain;
      const service = hosts.service(domain);
      if (!service) return undefined;
      const parents = service.host.config.domains.filter((parent) => domain.endsWith(`.${parent}`));
      return parents.sort((one, other) => other.length - one.length)[0] ?? domain;
    }
  },
});

function filtered(): StanzaError {
  return StanzaError.serviceUnavailable('Filtered by the domain isolation');
}

/** Errors and results are never answered (RFC 6120 section 8.3.1). */
function isAnswerable({ name, type }: Stanza): boolean {
  return type !== 'error' && !(name === 'iq' && type === 'result');
}
