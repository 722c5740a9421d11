/** XEP-0030: what other modules and services beside a domain have to do with its answers. */
import { describe, expect, it } from 'vitest';
import { HookTable } from '../../../src/core/hooks/hook-table.js';
import { order } from '../../../src/core/hooks/order.js';
import { Host, Hosts } from '../../../src/core/hosts/host.js';
import { Scope, type ShardServices } from '../../../src/core/module/scope.js';
import { IqTable } from '../../../src/core/routing/iq-table.js';
import { type DiscoQuestion, discoInfo, domainFeatures } from '../../../src/modules/disco/api.js';
import modDisco from '../../../src/modules/disco/mod_disco.js';
import type { HostTypeConfig } from '../../../src/platform/config/index.js';
import { el } from '../../../src/protocol/element.js';
import { Jid } from '../../../src/protocol/jid.js';
import { ns } from '../../../src/protocol/namespaces.js';
import { Stanza } from '../../../src/protocol/stanza.js';

const ignore = () => {};

function scene(seesHidden = true) {
  const host = new Host('localhost', {} as HostTypeConfig, new HookTable(ignore), new IqTable(ignore));
  const hosts = new Hosts();
  const iqs = new IqTable(ignore);
  hosts.add(host, ['localhost']);
  hosts.addService('shown.localhost', { host, iqs });
  hosts.addService('hidden.localhost', { host, iqs, isHidden: true });
  const scope = new Scope({
    host,
    config: {
      extra_domains: ['far.example', 'shown.localhost'],
      server_info: [],
      users_can_see_hidden_services: seesHidden,
    },
    stores: {},
    uses: { roster: { maySeePresence: async () => true } },
    services: { hosts, sessions: { account: () => undefined } } as unknown as ShardServices,
    provide: ignore,
  } as never);
  void modDisco.start(scope as never);
  const ask = async (xmlns: string, from: string, about = 'localhost') => {
    const [to, sender] = [Jid.parse(about) as Jid, Jid.parse(from) as Jid];
    const payload = el('query', { xmlns });
    const stanza = Stanza.fromElement(el('iq', { xmlns: ns.CLIENT, type: 'get', id: '1' }, payload), to, sender);
    const answer = await host.iqs.answer({ host, stanza, type: 'get', payload, from: sender, to, session: undefined });
    const query = answer.tree().child('query', xmlns);
    return (query?.elements() ?? []).map(({ name, attrs }) => attrs['jid'] ?? attrs['var'] ?? name);
  };
  return { host, ask };
}

describe('items of a domain', () => {
  it('each service once, with the extra domains', async () => {
    expect(await scene().ask(ns.DISCO_ITEMS, 'alice@localhost/r')).toEqual([
      'shown.localhost',
      'hidden.localhost',
      'far.example',
    ]);
  });

  it('users_can_see_hidden_services = false: hidden ones are for services alone', async () => {
    const { ask } = scene(false);
    expect(await ask(ns.DISCO_ITEMS, 'alice@localhost/r')).toEqual(['shown.localhost', 'far.example']);
    expect(await ask(ns.DISCO_ITEMS, 'other.localhost')).toContain('hidden.localhost');
  });
});

describe('information', () => {
  it('XEP-0115 section 5.4: has each feature once, whoever adds it', async () => {
    const { host, ask } = scene();
    host.advertise('urn:test:twice');
    const add = ({ node }: DiscoQuestion) => (node === '' ? el('feature', { var: 'urn:test:twice' }) : undefined);
    host.hooks.on(discoInfo, order.record, add);
    for (const about of ['localhost', 'alice@localhost']) {
      const found = await ask(ns.DISCO_INFO, 'alice@localhost/r', about);
      expect(
        found.filter((one) => one === 'urn:test:twice'),
        about,
      ).toHaveLength(1);
    }
  });

  it('features of the domain are not those of its accounts', async () => {
    const { host, ask } = scene();
    host.hooks.on(discoInfo, order.record, domainFeatures('urn:test:domain'));
    expect(await ask(ns.DISCO_INFO, 'alice@localhost/r')).toContain('urn:test:domain');
    expect(await ask(ns.DISCO_INFO, 'alice@localhost/r', 'alice@localhost')).not.toContain('urn:test:domain');
  });
});
