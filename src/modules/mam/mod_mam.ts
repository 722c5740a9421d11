/** XEP-0313: keeps the messages of accounts, and gives them back page by page. */
import { accountRemoved } from '../../core/accounts/hooks.js';
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import { messageUndelivered, stanzaReceived, stanzaSent } from '../../core/routing/hooks.js';
import { sessionClosed, sessionOpening } from '../../core/sessions/hooks.js';
import { ns } from '../../protocol/namespaces.js';
import { RSM_NAMESPACE } from '../../protocol/rsm.js';
import { rosterApi } from '../roster/api.js';
import { archiveApi } from './api.js';
import { isArchivable } from './archivable.js';
import { ArchiveIds } from './archive-id.js';
import { ArchiveIqs } from './archive-iqs.js';
import { archiveStore } from './archive-store.js';
import { ArchiveWriter, type Refused } from './archive-writer.js';
import { Archiving } from './archiving.js';
import { Owners } from './owners.js';
import { Recorder } from './recorder.js';
import { Retention } from './retention.js';
import { archiveSettings } from './settings.js';

/** Without a cache the archives of accounts that are offline are remembered this long at most. */
const SHORTEST_MEMORY_MS = 10_000;

export default defineModule({
  name: 'mod_mam',
  xeps: [
    { number: 59, version: '1.0', status: 'complete' },
    { number: 313, version: '1.1.3', status: 'complete' },
    { number: 334, version: '1.0.0', status: 'complete' },
    { number: 359, version: '0.7.0', status: 'complete' },
    { number: 424, version: '0.4.2', status: 'complete' },
    { number: 431, version: '0.2.0', status: 'complete' },
    { number: 441, version: '0.2.0', status: 'complete' },
  ],
  stores: { archive: archiveStore },
  uses: { roster: rosterApi },

  start(scope) {
    const settings = archiveSettings(scope.config);
    scope.provide(archiveApi, {
      keeps: (message) => settings !== undefined && isArchivable(message, 'I', settings),
    });
    if (!settings) return;
    const { clock, log, services } = scope;
    const { commitments, router, parse } = services;
    const { archive: store } = scope.stores;
    const refused: Refused = (message, error) => recorder.refused(message, error);
    const writer = new ArchiveWriter({ store, clock, log, commitments, pace: settings.pace, refused });
    const cache = settings.cache_users ? scope.config.cache : undefined;
    const owners = new Owners(store, { cache, hasPreferences: settings.user_prefs_store !== undefined });
    const ids = new ArchiveIds(clock, router.shard);
    const recorder = new Recorder({ settings, store, writer, ids, clock, log, parse, router });
    const archiving = new Archiving({ services, settings, owners, recorder, roster: scope.uses.roster });

    scope.on(sessionOpening, order.record, async ({ session }) => {
      await owners.attach(session.account);
      return undefined;
    });
    scope.on(sessionClosed, order.record, ({ session }) => owners.remember(session.account));
    scope.on(stanzaSent, order.transform, (sent) => archiving.cleanSent(sent));
    scope.on(stanzaSent, order.archive, (sent) => archiving.sent(sent));
    scope.on(stanzaSent, order.record, (sent) => archiving.mark(sent));
    scope.on(stanzaReceived, order.transform, (received) => archiving.cleanReceived(received));
    scope.on(stanzaReceived, order.archive, (received) => archiving.received(received));
    // Before anything takes the message: what is kept for later has the archive's id, too.
    scope.on(messageUndelivered, order.transform, (received) => archiving.undelivered(received));

    const maxCount = settings.max_count === 'infinity' ? Number.MAX_SAFE_INTEGER : settings.max_count;
    new ArchiveIqs(scope, { settings, store, writer, owners, maxCount }).register();
    for (const feature of features(settings)) scope.feature(feature);

    const isOurs = (domain: string) => services.hosts.serving(domain) === scope.host;
    const retention = new Retention({ store, clock, log, settings: scope.config.retention, isOurs });
    if (services.isFirstShard) retention.start((undo) => scope.onStop(undo));
    scope.on(accountRemoved, order.cleanup, async ({ account }) => {
      const owner = await owners.load(account);
      await writer.settled();
      owners.forget(account);
      if (owner.userId !== undefined) await retention.removeAll(owner.userId);
    });
    const lifetime = cache ? cache.time_to_live : SHORTEST_MEMORY_MS / 60_000;
    if (lifetime !== 'infinity') scope.every(Math.min(lifetime * 60_000, 0x7fffffff), () => owners.age());
    scope.onStop(() => writer.close());
  },
});

function features(settings: { message_retraction: boolean; archive_groupchats: boolean; full_text_search: boolean }) {
  return [
    ...[ns.MAM, ns.MAM_1, `${ns.MAM}#extended`, `${ns.MAM}#groupchat-field`, ns.STANZA_ID, RSM_NAMESPACE],
    ...(settings.archive_groupchats ? [`${ns.MAM}#groupchat-available`] : []),
    ...(settings.full_text_search ? ['urn:xmpp:fulltext:0'] : []),
    ...[ns.RETRACT, ns.RETRACT_0],
    ...(settings.message_retraction
      ? [`${ns.RETRACT}#tombstone`, `${ns.RETRACT_0}#tombstone`, ns.RETRACT_BY_STANZA_ID]
      : []),
  ];
}
