/** XEP-0359: gives each message that a client sends one id, which its recipient gets and both archives have. */
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import { stanzaReceived, stanzaSent } from '../../core/routing/hooks.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { child } from '../../protocol/stanza-children.js';
import { stanzaId, stanzaIdBy, withoutStanzaIds } from '../../protocol/stanza-ids.js';
import { ArchiveIds, externalId, hasOwnIds } from '../mam/api.js';

export default defineModule({
  name: 'mod_stanzaid',
  xeps: [{ number: 359, version: '0.7.0', status: 'complete' }],
  features: [ns.STANZA_ID],

  start(scope) {
    const { hosts } = scope.services;
    const ids = new ArchiveIds(scope.clock, scope.router.shard);
    const isOurs = ({ domain }: Jid) => hosts.serving(domain) !== undefined || hosts.service(domain) !== undefined;

    // Section 5, rule 2: in the name of those who live here only their server makes ids.
    scope.on(stanzaSent, order.transform, (sent) => {
      if (sent.stanza.has(child.STANZA_ID)) sent.stanza = withoutStanzaIds(sent.stanza, isOurs);
      return undefined;
    });
    scope.on(stanzaReceived, order.transform, (received) => {
      const { stanza } = received;
      if (stanza.has(child.STANZA_ID) && !hasOwnIds(stanza, hosts)) received.stanza = withoutStanzaIds(stanza, isOurs);
      return undefined;
    });
    // Behind the archive and the copies: the archive of the sender has chosen the id, and copies tell only their own account's.
    scope.on(stanzaSent, order.record, (sent) => {
      const { stanza, archiveId } = sent;
      const { to } = stanza;
      if (stanza.name !== 'message' || !to || to.local === '' || !hosts.serving(to.domain)) return undefined;
      // In the room, a private message to an occupant included, ids are made by the room.
      if (stanza.type === 'groupchat' || stanza.type === 'error' || stanzaIdBy(stanza, to.bare) !== undefined)
        return undefined;
      sent.stanza = stanza.withChild(stanzaId(to.bare, archiveId ?? externalId(ids.next(0n))));
      return undefined;
    });
  },
});
