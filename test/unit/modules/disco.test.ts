/** XEP-0115 section 6.1: what every stream is told of the server is computed once, until it changes. */
import { expect, it } from 'vitest';
import { HookTable } from '../../../src/core/hooks/hook-table.js';
import { order } from '../../../src/core/hooks/order.js';
import { Host } from '../../../src/core/hosts/host.js';
import { IqTable } from '../../../src/core/routing/iq-table.js';
import { streamFeatures } from '../../../src/core/streams/hooks.js';
import { discoInfo } from '../../../src/modules/disco/api.js';
import modDisco from '../../../src/modules/disco/mod_disco.js';
import type { HostTypeConfig } from '../../../src/platform/config/index.js';
import { el } from '../../../src/protocol/element.js';
import { ModuleScene } from '../../support/module-scene.js';

it('capabilities are computed again only when features or handlers have changed', async () => {
  const scene = new ModuleScene(async () => true);
  await scene.start(modDisco, { server_info: [], extra_domains: [] }, {});
  const { host } = scene;
  let asked = 0;
  const detach = host.hooks.on(discoInfo, order.record, () => {
    asked++;
    return el('feature', { var: 'urn:test:more' });
  });
  const stream = { domain: 'localhost', ip: '127.0.0.1' };
  const version = () => host.hooks.collect(streamFeatures, { stream, isAuthenticated: true } as never)[0]?.attrs['ver'];

  const first = version();
  expect([version(), version()]).toEqual([first, first]);
  expect(asked).toBe(1);

  const withdraw = host.advertise('urn:test:new');
  const second = version();
  expect(second).not.toBe(first);
  withdraw();
  expect(version()).toBe(first);
  detach();
  expect(version()).not.toBe(first);
  expect(asked).toBe(3);
});

it('a host without a change keeps its revision', () => {
  const ignore = () => {};
  const host = new Host('localhost', {} as HostTypeConfig, new HookTable(ignore), new IqTable(ignore));
  const before = host.revision;
  expect(host.revision).toBe(before);
  host.advertise('a');
  expect(host.revision).not.toBe(before);
});
