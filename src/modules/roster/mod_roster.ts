/** RFC 6121 sections 2 and 3: contact lists, and the subscriptions between accounts and their contacts. */
import { accountRemoved } from '../../core/accounts/hooks.js';
import { TAKEN } from '../../core/hooks/hook.js';
import { order } from '../../core/hooks/order.js';
import { KeyedQueue } from '../../core/keyed-queue.js';
import { defineModule } from '../../core/module/module.js';
import { presenceReceived, presenceSent, type ReceivedStanza, type SentStanza } from '../../core/routing/hooks.js';
import type { Iq } from '../../core/routing/iq-table.js';
import { sessionAvailable, sessionOpening } from '../../core/sessions/hooks.js';
import type { Session } from '../../core/sessions/session.js';
import { slot } from '../../core/sessions/slot.js';
import { streamFeatures } from '../../core/streams/hooks.js';
import { el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { Stanza } from '../../protocol/stanza.js';
import { rosterApi } from './api.js';
import { type Entry, itemElement, type Roster } from './roster.js';
import { RosterKeeper } from './roster-keeper.js';
import { parseRosterSet, type RosterChange } from './roster-request.js';
import { rosterStore } from './roster-store.js';
import { isSubscriptionStanza, NO_SUBSCRIPTION } from './subscription.js';
import { SubscriptionHandling, subscriptionStanza } from './subscription-handling.js';

/** RFC 6121 section 2.2: a session that has asked for the roster gets pushes. */
const interested = slot('mod_roster.interested', () => false);

export default defineModule({
  name: 'mod_roster',
  xeps: [{ number: 237, version: '1.3', status: 'complete' }],
  stores: { rosters: rosterStore },
  features: [ns.ROSTER],

  start(scope) {
    const { router, sessions, config, random, host } = scope;
    const store = scope.stores.rosters;
    const newVersion = config.versioning && config.store_current_id ? () => random.hex(16) : undefined;
    const keeper = new RosterKeeper(store, (account) => sessions.account(account) !== undefined, newVersion);
    const arrivals = new KeyedQueue();
    const subscriptions = new SubscriptionHandling({
      host,
      router,
      sessions,
      push,
      isInterested: (session) => session.peek(interested) === true,
    });

    scope.provide(rosterApi, {
      maySeePresence: async (owner, viewer) =>
        owner.bare.equals(viewer.bare) || (await keeper.load(owner.bare)).subscription(viewer.bare).from,
      contacts: (account) => keeper.peek(account.jid)?.entries() ?? [],
      load: async (account) => (await keeper.load(account.bare)).entries(),
    });

    scope.on(sessionOpening, order.record, async ({ session }) => {
      await keeper.load(session.account.jid);
      return undefined;
    });
    scope.on(sessionAvailable, order.record, ({ session, wasAvailable }) => {
      if (!wasAvailable) deliverRequests(session);
    });
    scope.on(presenceSent, order.route, onSent);
    scope.on(presenceReceived, order.route, onReceived);
    scope.on(accountRemoved, order.cleanup, async ({ account }) => removeAccount(account));
    scope.on(streamFeatures, order.record, ({ isAuthenticated }) =>
      isAuthenticated && config.versioning ? el('ver', { xmlns: ns.ROSTER_VERSIONING }) : undefined,
    );
    scope.iq('get', ns.ROSTER, 'query', onGet, 'account');
    scope.iq('set', ns.ROSTER, 'query', onSet, 'account');

    function onSent({ session, stanza }: SentStanza): typeof TAKEN | undefined {
      if (!isSubscriptionStanza(stanza.type) || !stanza.to) return undefined;
      const roster = keeper.peek(session.account.jid);
      if (!roster) throw new Error('the roster of an open session is not loaded');
      watch(subscriptions.sent(roster, stanza.to.bare, stanza.keep()));
      return TAKEN;
    }

    function onReceived({ to, stanza }: ReceivedStanza): typeof TAKEN | undefined {
      if (!isSubscriptionStanza(stanza.type) || !stanza.from) return undefined;
      const contact = stanza.from.bare;
      stanza.keep();
      watch(arrivals.run(to.bare.toString(), () => received(to.bare, contact, stanza)));
      return TAKEN;
    }

    /**
     * RFC 6121 section 3.1.3: for an account that does not exist nothing happens, so that nobody learns who does. For one that is
     * online nothing here waits: what its contact sends next must not overtake.
     */
    async function received(owner: Jid, contact: Jid, stanza: Stanza): Promise<void> {
      if (!sessions.account(owner) && !(await scope.accounts.exists(owner))) return;
      const roster = keeper.peek(owner) ?? (await keeper.load(owner));
      watch(subscriptions.received(roster, contact, stanza));
    }

    async function onGet({ session, payload, from, to }: Iq): Promise<ReturnType<typeof el> | StanzaError | undefined> {
      if (!session || !from.bare.equals(to.bare)) return StanzaError.forbidden();
      session.set(interested, true);
      const roster = await keeper.load(to.bare);
      const known = payload.attrs['ver'];
      if (!config.versioning || known === undefined)
        return el('query', { xmlns: ns.ROSTER }, roster.visible().map(itemElement));

      // RFC 6121 section 2.6.3: an empty result tells that the client's copy is current.
      const ver = roster.version();
      return known === ver ? undefined : el('query', { xmlns: ns.ROSTER, ver }, roster.visible().map(itemElement));
    }

    async function onSet({ session, payload, from, to }: Iq): Promise<StanzaError | undefined> {
      if (!session || !from.bare.equals(to.bare)) return StanzaError.forbidden();
      const change = parseRosterSet(payload);
      if (change instanceof StanzaError) return change;
      const roster = await keeper.load(to.bare);
      return change.isRemoval ? remove(roster, change.jid) : update(roster, change);
    }

    async function update(roster: Roster, { jid, name, groups }: RosterChange): Promise<undefined> {
      const old = roster.entry(jid);
      const entry: Entry = {
        jid,
        name,
        groups,
        subscription: old?.subscription ?? NO_SUBSCRIPTION,
        askMessage: old?.askMessage ?? '',
      };
      const committed = roster.put(entry);
      push(roster, entry);
      await committed;
    }

    async function remove(roster: Roster, jid: Jid): Promise<StanzaError | undefined> {
      const entry = roster.entry(jid);
      if (!entry) return StanzaError.itemNotFound();
      const committed = roster.delete(jid);
      subscriptions.removed(roster, entry);
      pushItem(roster, el('item', { jid: jid.toString(), subscription: 'remove' }));
      await committed;
      return undefined;
    }

    function push(roster: Roster, entry: Entry): void {
      pushItem(roster, itemElement(entry));
    }

    /** RFC 6121 section 2.1.6: to every interested session. */
    function pushItem(roster: Roster, item: ReturnType<typeof el>): void {
      const ver = config.versioning ? roster.version() : undefined;
      for (const session of sessions.account(roster.owner)?.sessions() ?? []) {
        if (!session.peek(interested)) continue;
        const query = el('query', { xmlns: ns.ROSTER, ver }, item.clone());
        const iq = el('iq', { xmlns: ns.CLIENT, type: 'set', id: `push-${random.hex(6)}` }, query);
        session.deliver(Stanza.fromElement(iq, session.jid, roster.owner));
      }
    }

    /** RFC 6121 section 3.1.3: requests are shown again until they are answered. */
    function deliverRequests(session: Session): undefined {
      for (const { jid, subscription, askMessage } of keeper.peek(session.account.jid)?.entries() ?? []) {
        if (subscription.pendingIn)
          session.deliver(subscriptionStanza('subscribe', session.account.jid, jid, askMessage));
      }
      return undefined;
    }

    /** XEP-0077 section 3.2: contacts learn that the subscriptions are over. */
    async function removeAccount(account: Jid): Promise<void> {
      const roster = await keeper.load(account);
      for (const entry of roster.entries()) subscriptions.removed(roster, entry);
      keeper.forget(account);
      await store.removeAccount(account);
    }

    function watch(work: Promise<void>): void {
      work.catch((error) => scope.log.error('roster.subscription.failed', { error }));
    }
  },
});
