/** XEP-0160: keeps messages for accounts that nobody is reading, and delivers them when somebody comes back. */
import { accountRemoved } from '../../core/accounts/hooks.js';
import { TAKEN } from '../../core/hooks/hook.js';
import { order } from '../../core/hooks/order.js';
import { KeyedQueue } from '../../core/keyed-queue.js';
import { defineModule } from '../../core/module/module.js';
import { messageUndelivered, type ReceivedStanza } from '../../core/routing/hooks.js';
import { type AvailableSession, sessionAvailable } from '../../core/sessions/hooks.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { Stanza } from '../../protocol/stanza.js';
import { discoNode } from '../disco/api.js';
import { offlineApi } from './api.js';
import { FlexibleRetrieval } from './flexible-retrieval.js';
import { Handover } from './handover.js';
import {
  asksForOfflineEvent,
  columnText,
  lifetimeSeconds,
  offlineEvent,
  withArchiveId,
  withoutOfflineRequest,
  worthKeeping,
} from './keeping.js';
import { offlineStore } from './offline-store.js';

export default defineModule({
  name: 'mod_offline',
  xeps: [
    { number: 13, version: '1.3', status: 'complete' },
    { number: 22, version: '1.4', status: 'complete' },
    { number: 23, version: '1.3', status: 'complete' },
    { number: 160, version: '1.0.1', status: 'complete' },
    { number: 203, version: '2.0', status: 'complete' },
    { number: 334, version: '1.0.0', status: 'complete' },
  ],
  stores: { messages: offlineStore },
  features: [ns.OFFLINE_FEATURE, ns.OFFLINE],

  start(scope) {
    const { messages } = scope.stores;
    const { clock, router, config, services, log } = scope;
    /** One account's messages are stored and fetched in order. */
    const turns = new KeyedQueue();
    const handover = new Handover({ messages, clock, router, log, parse: services.parse, jid: services.jid });
    const flexible = new FlexibleRetrieval({ messages, turns, parse: services.parse, handover });

    scope.provide(offlineApi, {
      keeps: (message) => worthKeeping(message, config.store_groupchat_messages) === 'yes',
    });
    scope.on(messageUndelivered, order.route, onUndelivered);
    scope.on(sessionAvailable, order.record, onAvailable);
    scope.on(accountRemoved, order.cleanup, forget);
    scope.on(discoNode, order.route, (question) => flexible.node(question));
    scope.iq('get', ns.OFFLINE, 'offline', (iq) => flexible.get(iq), 'account');
    scope.iq('set', ns.OFFLINE, 'offline', (iq) => flexible.set(iq), 'account');

    function onUndelivered(received: ReceivedStanza): Promise<typeof TAKEN | undefined> {
      const kept = turns.run(received.to.bare.toString(), () => keep(received));
      // Where it fails the sender is told so, and needs no other sign.
      services.commitments.track(kept.catch(() => undefined));
      return kept;
    }

    function onAvailable({ session, couldReceive }: AvailableSession): Promise<void> | undefined {
      if (session.priority < 0 || couldReceive) return undefined;
      return turns.run(session.account.jid.toString(), () => handover.pourOut(session));
    }

    async function keep(received: ReceivedStanza): Promise<typeof TAKEN | undefined> {
      const { to, stanza, archiveId } = received;
      const message = withArchiveId(stanza, to.bare, archiveId);
      // Somebody has come back since the message found nobody, and has taken what was kept: it goes straight there.
      if (scope.sessions.account(to)?.canReceive) {
        router.again(message);
        return TAKEN;
      }
      const worth = worthKeeping(message, config.store_groupchat_messages);
      if (worth === 'no') return undefined;
      if (worth === 'forget') return TAKEN;
      const isEventWanted = asksForOfflineEvent(message);
      if (await store(to.bare, isEventWanted ? withoutOfflineRequest(message) : message)) {
        received.isStored = true;
        if (isEventWanted && stanza.from)
          router.route(Stanza.fromElement(offlineEvent(stanza.id), stanza.from, to.bare));
      } else {
        log.info('offline.full', { account: to.bare.toString() });
        router.bounce(stanza, StanzaError.resourceConstraint('The offline messages of this account are full'));
      }
      return TAKEN;
    }

    function forget({ account }: { readonly account: Jid }): Promise<void> {
      return turns.run(account.toString(), () => messages.removeAccount(account));
    }

    /** False when the account has as many as it may. */
    async function store(account: Jid, stanza: Stanza): Promise<boolean> {
      const nowUs = clock.now() * 1_000;
      const lifetime = lifetimeSeconds(stanza);
      const message = {
        from: columnText(stanza.from),
        xml: stanza.toStandaloneXml(),
        timestampUs: nowUs,
        expireUs: lifetime === undefined ? undefined : nowUs + lifetime * 1_000_000,
      };
      if (await messages.push(account, message, limit(account))) return true;
      // What nobody will ever be given must not stand in the way.
      return (await messages.removeExpiredOf(account, nowUs)) > 0 && messages.push(account, message, limit(account));
    }

    /** The value of the access rule: a number, or no limit. */
    function limit(account: Jid): number {
      const value = scope.access.value(config.access_max_user_messages, account);
      return typeof value === 'number' ? value : Number.POSITIVE_INFINITY;
    }
  },
});
