/** RFC 6121 sections 2 and 3: contact lists, and the subscriptions between accounts and their contacts. */
import { accountRemoved } from '../../core/accounts/hooks.js';
import { TAKEN } from '../../core/hooks/hook.js';
import { order } from '../../core/hooks/order.js';
import { KeyedQueue } from '../../core/keyed-queue.js';
import { defineModule } from '../../core/module/module.js';
import { presenceReceived, presenceSent, type ReceivedStanza, type SentStanza } from '../../core/routing/hooks.js';
import { sessionAvailable, sessionOpening } from '../../core/sessions/hooks.js';
import { streamFeatures } from '../../core/streams/hooks.js';
import { type Element, el } from '../../protocol/element.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { type RosterApi, rosterApi } from './api.js';
import type { Roster } from './roster.js';
import { RosterIqs } from './roster-iqs.js';
import { RosterKeeper } from './roster-keeper.js';
import { RosterPushes } from './roster-pushes.js';
import { rosterStore } from './roster-store.js';
import { isSubscriptionStanza } from './subscription.js';
import { SubscriptionHandling } from './subscription-handling.js';

export default defineModule({
  name: 'mod_roster',
  xeps: [{ number: 237, version: '1.3', status: 'complete' }],
  stores: { rosters: rosterStore },
  features: [ns.ROSTER],

  start(scope) {
    const { router, sessions, config, random, host, services } = scope;
    const { versioning: isVersioned } = config;
    const maxItems = limitOf(config.max_items);
    const newVersion = isVersioned && config.store_current_id ? () => random.hex(16) : undefined;
    const isOnline = (account: Jid) => sessions.account(account) !== undefined;
    const keeper = new RosterKeeper(scope.stores.rosters, isOnline, newVersion);
    const pushes = new RosterPushes(sessions, random, isVersioned, services.parse);
    const subscriptions = new SubscriptionHandling({ host, router, sessions, pushes, maxItems });
    const iqs = new RosterIqs({ keeper, pushes, subscriptions, isVersioned, maxItems, parse: services.parse });
    const arrivals = new KeyedQueue();

    scope.provide(rosterApi, rosterApiOf(keeper));
    scope.on(sessionOpening, order.record, ({ session }) => keeper.load(session.account.jid).then(() => undefined));
    scope.on(sessionAvailable, order.record, ({ session, wasAvailable }) => {
      if (!wasAvailable) subscriptions.remind(keeper.peek(session.account.jid), session);
    });
    scope.on(presenceSent, order.route, onSent);
    scope.on(presenceReceived, order.route, onReceived);
    scope.on(accountRemoved, order.cleanup, removeAccount);
    scope.on(streamFeatures, order.record, ({ isAuthenticated }) =>
      isAuthenticated ? rosterFeatures(isVersioned) : undefined,
    );
    scope.iq('get', ns.ROSTER, 'query', (iq) => iqs.get(iq), 'account');
    scope.iq('set', ns.ROSTER, 'query', (iq) => iqs.set(iq), 'account');

    function onSent({ session, stanza }: SentStanza): typeof TAKEN | undefined {
      if (!isSubscriptionStanza(stanza.type) || !stanza.to) return undefined;
      const roster = keeper.peek(session.account.jid);
      if (!roster) throw new Error('the roster of an open session is not loaded');
      watch(subscriptions.sent(roster, stanza.to.bare, stanza.keep()));
      return TAKEN;
    }

    function onReceived({ to, stanza }: ReceivedStanza): typeof TAKEN | undefined {
      if (!isSubscriptionStanza(stanza.type) || !stanza.from) return undefined;
      const owner = to.bare;
      const contact = stanza.from.bare;
      const roster = sessions.account(owner) && keeper.peek(owner);
      if (roster && !arrivals.isBusy(owner.toString())) {
        // Nothing waits here: what the contact sends next must not overtake.
        watch(subscriptions.received(roster, contact, stanza));
        return TAKEN;
      }
      stanza.keep();
      watch(arrivals.run(owner.toString(), () => received(owner, contact, stanza)));
      return TAKEN;
    }

    /** RFC 6121 section 3.1.3: for an account that does not exist nothing happens, so that nobody learns who does. */
    async function received(owner: Jid, contact: Jid, stanza: Stanza): Promise<void> {
      if (!sessions.account(owner) && !(await scope.accounts.exists(owner))) return;
      const roster = keeper.peek(owner) ?? (await keeper.load(owner));
      watch(subscriptions.received(roster, contact, stanza));
    }

    /** XEP-0077 section 3.2: contacts learn that the subscriptions are over. */
    async function removeAccount({ account }: { account: Jid }): Promise<void> {
      const roster = await keeper.load(account);
      for (const entry of roster.entries()) subscriptions.removed(roster, entry);
      await roster.clear();
    }

    function watch(work: Promise<void>): void {
      work.catch((error) => scope.log.error('roster.subscription.failed', { error }));
    }
  },
});

function limitOf(option: number | 'infinity'): number {
  return option === 'infinity' ? Number.POSITIVE_INFINITY : option;
}

function rosterApiOf(keeper: RosterKeeper): RosterApi {
  return {
    maySeePresence: (owner, viewer) => {
      if (owner.bare.equals(viewer.bare)) return true;
      const maySee = (roster: Roster) => roster.subscription(viewer.bare).from;
      const roster = keeper.take(owner.bare);
      return roster ? maySee(roster) : keeper.load(owner.bare).then(maySee);
    },
    isSeenBy: (owner, viewer) =>
      owner.jid.equals(viewer.bare) || keeper.peek(owner.jid)?.subscription(viewer.bare).from === true,
    contacts: (account) => keeper.peek(account.jid)?.entries() ?? [],
    contact: (account, contact) => {
      const roster = keeper.peek(account.bare);
      if (!roster) throw new Error('a roster that is not loaded was asked for a contact');
      return roster.entry(contact);
    },
    load: async (account) => (await keeper.load(account.bare)).entries(),
  };
}

/** RFC 6121 sections 2.6.1 and 3.4. */
function rosterFeatures(isVersioned: boolean): Element[] {
  const preApproval = el('sub', { xmlns: ns.PRE_APPROVAL });
  return isVersioned ? [el('ver', { xmlns: ns.ROSTER_VERSIONING }), preApproval] : [preApproval];
}
