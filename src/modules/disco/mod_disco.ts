/** XEP-0030: tells what the server and its accounts are and can do. */
import { defineModule } from '../../core/module/module.js';
import type { Iq } from '../../core/routing/iq-table.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { rosterApi } from '../roster/api.js';
import { type DiscoQuestion, discoApi, discoInfo, discoItems, discoNode, feature } from './api.js';
import { serverInfoForm } from './server-info.js';

export default defineModule({
  name: 'mod_disco',
  xeps: [
    { number: 30, version: '2.5.0', status: 'complete' },
    { number: 128, version: '1.0.1', status: 'complete' },
    { number: 157, version: '1.1.1', status: 'complete' },
  ],
  uses: { roster: rosterApi },
  features: [ns.DISCO_INFO, ns.DISCO_ITEMS],

  start(scope) {
    const { host, sessions, config, services } = scope;
    const serverInfo = serverInfoForm(config.server_info, 'mod_disco');
    scope.iq('get', ns.DISCO_INFO, 'query', onInfo);
    scope.iq('get', ns.DISCO_ITEMS, 'query', onItems);
    scope.provide(discoApi, {
      domainInfo: (domain) => {
        const to = Jid.trusted('', domain);
        // In a parent, so that they are in its namespace as they will be in an answer.
        return el('query', { xmlns: ns.DISCO_INFO }, info({ host, from: to, to, node: '' })).elements();
      },
    });

    async function onInfo(iq: Iq): Promise<Element | StanzaError> {
      const question = questionOf(iq);
      const claimed = await claimedNode(iq, 'info');
      if (claimed) return claimed;
      const refused = await refusal(question);
      if (refused) return refused;
      const found = info(question);
      if (found.length === 0) return StanzaError.itemNotFound();
      return el('query', { xmlns: ns.DISCO_INFO, node: question.node || undefined }, found);
    }

    async function onItems(iq: Iq): Promise<Element | StanzaError> {
      const question = questionOf(iq);
      const claimed = await claimedNode(iq, 'items');
      if (claimed) return claimed;
      const refused = await refusal(question);
      if (refused) return refused;
      const items = host.hooks.collect(discoItems, question);
      if (question.node === '')
        items.push(...(question.to.local === '' ? domainItems(question) : accountItems(question)));
      // Section 7: a node without items is empty, one that does not exist is an error.
      else if (items.length === 0 && info(question).length === 0) return StanzaError.itemNotFound();
      return el('query', { xmlns: ns.DISCO_ITEMS, node: question.node || undefined }, items);
    }

    /** Section 8: who may not see presence may not learn that the account exists either. */
    async function refusal({ from, to }: DiscoQuestion): Promise<StanzaError | undefined> {
      if (to.local === '' || (await scope.uses.roster.maySeePresence(to, from))) return undefined;
      return StanzaError.serviceUnavailable();
    }

    /** Each feature once: an answer that has one twice is ill-formed (XEP-0115 section 5.4). */
    function info(question: DiscoQuestion): Element[] {
      const more = host.hooks.collect(discoInfo, question);
      const all = question.node === '' ? [...ownInfo(question), ...more] : more;
      const isDomain = question.to.local === '' && question.node === '';
      return [...new Map(all.map((one) => [one.toXml(), one])).values(), ...(isDomain ? serverInfo : [])];
    }

    function ownInfo({ to }: DiscoQuestion): Element[] {
      const identity =
        to.local === ''
          ? el('identity', { category: 'server', type: 'im', name: 'Meerkat' })
          : el('identity', { category: 'account', type: 'registered' });
      return [identity, ...[...host.features].sort().map(feature)];
    }

    /** Hidden services are for other services alone, where the option says so. */
    function domainItems({ from, to }: DiscoQuestion): Element[] {
      const seesAll = config.users_can_see_hidden_services || from.local === '';
      const shown = services.hosts.servicesOf(host, to.domain, seesAll);
      return [...new Set([...shown, ...config.extra_domains])].map((domain) => el('item', { jid: domain }));
    }

    /** Section 4.1: the available resources of an account. */
    function accountItems({ to }: DiscoQuestion): Element[] {
      return [...(sessions.account(to)?.available() ?? [])].map(({ jid }) => el('item', { jid: jid.toString() }));
    }
  },
});

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
