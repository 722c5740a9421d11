/** XEP-0054: keeps the vCard of every account and shows it to whoever asks. */
import { accountRemoved } from '../../core/accounts/hooks.js';
import { order } from '../../core/hooks/order.js';
import { KeyedQueue } from '../../core/keyed-queue.js';
import { defineModule } from '../../core/module/module.js';
import type { Scope } from '../../core/module/scope.js';
import { stanzaSent } from '../../core/routing/hooks.js';
import type { Iq, IqAnswer } from '../../core/routing/iq-table.js';
import { sessionOpening } from '../../core/sessions/hooks.js';
import type { AccountKey } from '../../core/storage/index.js';
import type { VcardLdap } from '../../platform/config/index.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';
import { LdapVcards } from './ldap-vcards.js';
import { Photos } from './photos.js';
import { fieldsOf, overlongField } from './searchable.js';
import { StoredVcards } from './stored-vcards.js';
import { serveDirectory } from './user-directory.js';
import { vcardStore } from './vcard-store.js';
import type { Vcards } from './vcards.js';

export default defineModule({
  name: 'mod_vcard',
  xeps: [
    { number: 54, version: '1.3.0', status: 'complete' },
    { number: 55, version: '1.3', status: 'complete' },
    { number: 153, version: '1.1.1', status: 'complete' },
  ],
  stores: { vcards: vcardStore },
  features: [ns.VCARD],

  start(scope) {
    const { config, log, host } = scope;
    const store = scope.stores.vcards;
    const fromLdap = config.ldap && ldapVcards(scope, config.ldap);
    const vcards: Vcards = fromLdap ?? new StoredVcards(store);
    const turns = new KeyedQueue();
    const source = fromLdap ? { get: (account: AccountKey) => fromLdap.read(account) } : vcards;
    const photos = new Photos({ vcards: source, turns, router: scope.router, log, parse: scope.services.parse });
    const maxSize = config.max_size === 'infinity' ? Number.POSITIVE_INFINITY : config.max_size;
    scope.iq('get', ns.VCARD, 'vCard', ({ to }) => softwareCard(to.domain), 'domain');
    scope.iq('get', ns.VCARD, 'vCard', onGet, 'account');
    scope.iq('set', ns.VCARD, 'vCard', () => StanzaError.notAllowed(), 'domain');
    scope.iq('set', ns.VCARD, 'vCard', onSet, 'account');
    if (!fromLdap) scope.on(accountRemoved, order.cleanup, ({ account }) => store.removeAccount(account));
    if (!fromLdap || fromLdap.hasPhotos) showPhotos();
    if (config.search) openDirectory();

    /** Nobody waits at the login for a directory in another machine: contacts see a photo from there when it is known. */
    function showPhotos(): void {
      scope.on(sessionOpening, order.record, ({ session }) => {
        if (!fromLdap) return photos.learn(session.account).then(() => undefined);
        void photos.learnLater(session.account);
        return undefined;
      });
      scope.on(stanzaSent, order.transform, photos.add);
    }

    /** XEP-0054 section 3.1: an account without a vCard and one that does not exist look the same. */
    async function onGet({ to }: Iq): Promise<IqAnswer> {
      const xml = await vcards.get(to);
      if (xml instanceof StanzaError) return xml;
      if (xml === undefined) return StanzaError.itemNotFound();
      const vcard = scope.services.parse(xml);
      if (vcard) return vcard;
      log.warn('vcard.unreadable', { account: to.toString() });
      return StanzaError.serviceUnavailable();
    }

    async function onSet({ from, to, payload }: Iq): Promise<IqAnswer> {
      if (!from.bare.equals(to.bare)) return StanzaError.notAllowed();
      if (fromLdap) return StanzaError.notAllowed('vCards come from a directory, and are changed there');
      const fields = fieldsOf(payload);
      const tooLong = overlongField(fields);
      if (tooLong) return StanzaError.badRequest(`the field ${tooLong} is too long`);
      const xml = payload.toXml();
      if (Buffer.byteLength(xml) > maxSize) return StanzaError.policyViolation('the vCard is too large');
      await turns.run(to.bare.toString(), async () => {
        await store.put(to.bare, xml, fields);
        const account = scope.sessions.account(to);
        if (account) photos.change(account, payload);
      });
      return undefined;
    }

    function openDirectory(): void {
      const domains = new Map(host.config.domains.map((domain) => [config.host.replaceAll('@HOST@', domain), domain]));
      const iqs = scope.service(config.host);
      serveDirectory(iqs, {
        vcards,
        limit: config.matches === 'infinity' ? undefined : config.matches,
        hostOf: (directory) => domains.get(directory) as string,
      });
      iqs.on('get', ns.VCARD, 'vCard', 'domain', ({ to }) => softwareCard(to.domain));
    }
  },
});

function ldapVcards({ services, accounts }: Scope<unknown, unknown, unknown>, settings: VcardLdap): LdapVcards {
  const directory = services.directories.pool(settings.pool_tag);
  return new LdapVcards({ settings, directory, exists: (account) => accounts.exists(account) });
}

/** What a domain of the server says about itself. */
function softwareCard(domain: string): Element {
  return el(
    'vCard',
    { xmlns: ns.VCARD },
    el('FN', {}, 'Meerkat'),
    el('URL', {}, 'https://meerkat.im'),
    el('DESC', {}, `Meerkat XMPP server at ${domain}`),
  );
}
