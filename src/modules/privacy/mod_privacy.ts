/** XEP-0016: lists by which users decide who reaches them, and whom they reach. */
import { accountRemoved } from '../../core/accounts/hooks.js';
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import { stanzaArriving, stanzaDelivering, stanzaReceived, stanzaSent } from '../../core/routing/hooks.js';
import type { Iq } from '../../core/routing/iq-table.js';
import type { Account } from '../../core/sessions/account.js';
import { sessionOpening } from '../../core/sessions/hooks.js';
import { slot } from '../../core/sessions/slot.js';
import { el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';
import { Stanza } from '../../protocol/stanza.js';
import { presenceApi, presenceLeaving } from '../presence/api.js';
import { rosterApi } from '../roster/api.js';
import { privacyApi } from './api.js';
import { ListKeeper, NO_LIST } from './list-keeper.js';
import { PresenceChanges } from './presence-changes.js';
import { blockedBy } from './privacy-list.js';
import { PrivacyLists } from './privacy-lists.js';
import { privacyStore } from './privacy-store.js';
import { answerGet, answerSet } from './requests.js';
import { isForNobody, StanzaFilter } from './stanza-filter.js';

/** Whether a session has asked for lists: the blocking command changes one, which would puzzle the clients that know only the command. */
const knowsLists = slot('mod_privacy.knows_lists', () => false);

export default defineModule({
  name: 'mod_privacy',
  xeps: [
    { number: 16, version: '1.7', status: 'complete' },
    { number: 126, version: '1.1', status: 'complete' },
  ],
  stores: { lists: privacyStore },
  uses: { roster: rosterApi, presence: presenceApi },
  features: [ns.PRIVACY],

  start(scope) {
    const { config, host, random, sessions, stores, uses } = scope;
    const keeper = new ListKeeper(stores.lists);
    const filter = new StanzaFilter(host, keeper, uses.roster);
    const presences = new PresenceChanges(filter, uses.presence, uses.roster);
    const limits = { maxItems: limitOf(config.max_items), maxLists: limitOf(config.max_lists) };
    const lists = new PrivacyLists({
      host,
      sessions,
      store: stores.lists,
      keeper,
      roster: uses.roster,
      presences,
      limits,
      activating: once(() => scope.on(stanzaDelivering, order.privacy, filter.delivering)),
      changed,
    });

    scope.provide(privacyApi, {
      blocklist: (account) => blockedBy(keeper.peek(account.jid, account) ?? NO_LIST),
      block: (account, whom) => lists.block(account, whom),
      unblock: (account, whom) => lists.unblock(account, whom),
    });
    scope.on(sessionOpening, order.privacy, ({ session }) => keeper.attach(session.account).then(() => undefined));
    scope.on(stanzaArriving, order.privacy, ({ to, account, stanza }) => {
      if (isForNobody(stanza)) return undefined;
      const list = keeper.peek(to, account);
      return list && !list.needsRoster ? undefined : load(to.bare);
    });
    scope.on(stanzaSent, order.privacy, filter.sent);
    scope.on(stanzaReceived, order.privacy, filter.received);
    scope.on(presenceLeaving, order.privacy, filter.leaving);
    scope.on(accountRemoved, order.cleanup, ({ account }) => lists.removeAccount(account));
    scope.iq('get', ns.PRIVACY, 'query', (iq) => refused(iq) ?? answerGet(iq, lists, keeper), 'account');
    scope.iq('set', ns.PRIVACY, 'query', (iq) => refused(iq) ?? answerSet(iq, lists, limits), 'account');

    /** What a stanza for an account without sessions is judged by. */
    async function load(owner: Iq['to']): Promise<void> {
      if ((await keeper.load(owner)).needsRoster) await uses.roster.load(owner);
    }

    /** XEP-0016 section 2.2: like a roster push, but with the name only. */
    function changed(account: Account, name: string, toAll: boolean): void {
      for (const session of account.sessions()) {
        if (!toAll && session.peek(knowsLists) !== true) continue;
        const query = el('query', { xmlns: ns.PRIVACY }, el('list', { name }));
        const iq = el('iq', { xmlns: ns.CLIENT, type: 'set', id: `push-${random.hex(6)}` }, query);
        session.deliver(Stanza.fromElement(iq, session.jid, account.jid));
      }
    }
  },
});

/** Nobody reads or writes the lists of somebody else. */
function refused({ session, from, to }: Iq): StanzaError | undefined {
  if (!session || !from.bare.equals(to.bare)) return StanzaError.forbidden();
  session.set(knowsLists, true);
  return undefined;
}

/** Most servers see no active list: until one does, no stanza is looked at on its way to a session. */
function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}

function limitOf(option: number | 'infinity'): number {
  return option === 'infinity' ? Number.POSITIVE_INFINITY : option;
}
