/** XEP-0030: tells what the server and its accounts are and can do. */
import { order } from '../../core/hooks/order.js';
import type { Host } from '../../core/hosts/host.js';
import { defineModule } from '../../core/module/module.js';
import type { Iq } from '../../core/routing/iq-table.js';
import { streamFeatures } from '../../core/streams/hooks.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { rosterApi } from '../roster/api.js';
import { type DiscoQuestion, discoInfo, discoItems, discoNode } from './api.js';
import { verificationString } from './capabilities.js';
import { serverInfoForm } from './server-info.js';

/** XEP-0115 section 4: identifies the software, not this server. */
const CAPS_NODE = 'https://meerkat.im/caps';
export default defineModule({
  name: 'mod_disco',
  xeps: [
    { number: 30, version: '2.5rc3', status: 'complete' },
    { number: 115, version: '1.6.0', status: 'partial' },
    { number: 128, version: '1.0.1', status: 'complete' },
    { number: 157, version: '1.1.1', status: 'complete' },
  ],
  uses: { roster: rosterApi },
  features: [ns.DISCO_INFO, ns.DISCO_ITEMS],

  start(scope) {
    const { host, sessions, config } = scope;
    const serverInfo = serverInfoForm(config.server_info);
    const versions = new Versions(host);
    scope.iq('get', ns.DISCO_INFO, 'query', onInfo);
    scope.iq('get', ns.DISCO_ITEMS, 'query', onItems);
    scope.on(streamFeatures, order.record, ({ stream, isAuthenticated }) =>
      isAuthenticated ? capabilities(stream.domain) : undefined,
    );

    async function onInfo(iq: Iq): Promise<Element | StanzaError> {
      const question = questionOf(iq);
      const claimed = await claimedNode(iq, 'info');
      if (claimed) return claimed;
      const refused = await refusal(question);
      if (refused) return refused;
      const about = isOurs(question) ? { ...question, node: '' } : question;
      const info = question.to.local === '' ? domainInfo(about) : accountInfo(about);
      if (info.length === 0) return StanzaError.itemNotFound();
      return el('query', { xmlns: ns.DISCO_INFO, node: question.node || undefined }, info);
    }

    async function onItems(iq: Iq): Promise<Element | StanzaError> {
      const question = questionOf(iq);
      const claimed = await claimedNode(iq, 'items');
      if (claimed) return claimed;
      const refused = await refusal(question);
      if (refused) return refused;
      const items = host.hooks.collect(discoItems, question);
      if (question.node === '')
        items.push(...(question.to.local === '' ? domainItems(question.to.domain) : accountItems(question.to)));
      if (question.node !== '' && items.length === 0) return StanzaError.itemNotFound();
      return el('query', { xmlns: ns.DISCO_ITEMS, node: question.node || undefined }, items);
    }

    /** XEP-0030 section 8: who may not see presence may not learn that the account exists either. */
    async function refusal({ from, to }: DiscoQuestion): Promise<StanzaError | undefined> {
      if (to.local === '' || (await scope.uses.roster.maySeePresence(to, from))) return undefined;
      return StanzaError.serviceUnavailable();
    }

    function domainInfo(question: DiscoQuestion): Element[] {
      const more = host.hooks.collect(discoInfo, question);
      if (question.node !== '') return more;
      return [
        el('identity', { category: 'server', type: 'im', name: 'Meerkat' }),
        ...[...host.features].sort().map(feature),
        ...more,
        ...serverInfo,
      ];
    }

    function accountInfo(question: DiscoQuestion): Element[] {
      const more = host.hooks.collect(discoInfo, question);
      if (question.node !== '') return more;
      return [
        el('identity', { category: 'account', type: 'registered' }),
        ...[...host.features].sort().map(feature),
        ...more,
      ];
    }

    function domainItems(asked: string): Element[] {
      const domains = [...scope.services.hosts.servicesOf(host, asked), ...config.extra_domains];
      return domains.map((domain) => el('item', { jid: domain }));
    }

    /** XEP-0030 section 4.1: the available resources of an account. */
    function accountItems(account: Jid): Element[] {
      return [...(sessions.account(account)?.available() ?? [])].map(({ jid }) => el('item', { jid: jid.toString() }));
    }

    /** XEP-0115 section 6.1: the server's own capabilities, as a stream feature. */
    function capabilities(domain: string): Element {
      return el('c', { xmlns: ns.CAPS, hash: 'sha-1', node: CAPS_NODE, ver: version(domain) });
    }

    /** XEP-0115 section 6.2: the node under which these very capabilities can be asked for. */
    function isOurs({ to, node }: DiscoQuestion): boolean {
      return to.local === '' && node === `${CAPS_NODE}#${version(to.domain)}`;
    }

    function version(domain: string): string {
      const to = Jid.trusted('', domain);
      return versions.of(domain, () => verificationString(domainInfo({ host, from: to, to, node: '' })));
    }
  },
});

/** What was computed for each of our domains, as long as the host does not change. */
class Versions {
  readonly #host: Host;
  readonly #known = new Map<string, { readonly revision: number; readonly version: string }>();

  constructor(host: Host) {
    this.#host = host;
  }

  of(domain: string, compute: () => string): string {
    const { revision } = this.#host;
    const known = this.#known.get(domain);
    if (known?.revision === revision) return known.version;
    const version = compute();
    this.#known.set(domain, { revision, version });
    return version;
  }
}

function feature(name: string): Element {
  return el('feature', { var: name });
}

function questionOf({ host, from, to, payload }: Iq): DiscoQuestion {
  return { host, from, to, node: payload.attrs['node'] ?? '' };
}

/** What a module says of a node that is its own. */
async function claimedNode(iq: Iq, asksFor: 'info' | 'items'): Promise<Element | StanzaError | undefined> {
  const { host, session, payload } = iq;
  const question = questionOf(iq);
  if (question.node === '') return undefined;
  const answer = await host.hooks.claimAsync(discoNode, { ...question, asksFor, session });
  if (answer === undefined || answer instanceof StanzaError) return answer;
  return el('query', { xmlns: payload.ns, node: question.node }, [...answer]);
}
