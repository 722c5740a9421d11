/** XEP-0115 section 6 and XEP-0390 sections 5.2 and 6.1: what our own domains show of themselves. */
import { describe, expect, it } from 'vitest';
import { HookTable } from '../../../src/core/hooks/hook-table.js';
import { Host } from '../../../src/core/hosts/host.js';
import { IqTable } from '../../../src/core/routing/iq-table.js';
import type { CapsVersion } from '../../../src/modules/caps/offer.js';
import { OwnCapabilities } from '../../../src/modules/caps/own-capabilities.js';
import type { HostTypeConfig } from '../../../src/platform/config/index.js';
import { el } from '../../../src/protocol/element.js';
import { ns } from '../../../src/protocol/namespaces.js';

const ignore = () => {};

function scene(versions: readonly CapsVersion[] = ['v1', 'v2']) {
  const host = new Host('localhost', {} as HostTypeConfig, new HookTable(ignore), new IqTable(ignore));
  let asked = 0;
  const own = new OwnCapabilities(host, versions, () => {
    asked++;
    return [
      el('identity', { xmlns: ns.DISCO_INFO, category: 'server', type: 'im' }),
      ...[...host.features].map((name) => el('feature', { xmlns: ns.DISCO_INFO, var: name })),
    ];
  });
  return { host, own, asked: () => asked };
}

function nodeOf(own: OwnCapabilities): string {
  const { node, ver } = own.elements('localhost')[0]?.attrs ?? {};
  return `${node}#${ver}`;
}

describe('our own capabilities', () => {
  it('are computed again only when features or handlers have changed', () => {
    const { host, own, asked } = scene();
    const first = nodeOf(own);
    expect([nodeOf(own), nodeOf(own)]).toEqual([first, first]);
    expect(asked()).toBe(1);
    const withdraw = host.advertise('urn:test:new');
    expect(nodeOf(own)).not.toBe(first);
    withdraw();
    expect(nodeOf(own)).toBe(first);
    expect(asked()).toBe(3);
  });

  it('come in the order of the option, and only the versions that it has', () => {
    const shown = (versions: readonly CapsVersion[]) =>
      scene(versions)
        .own.elements('localhost')
        .map((one) => one.ns);
    expect(shown(['v1', 'v2'])).toEqual([ns.CAPS, ns.CAPS2]);
    expect(shown(['v2', 'v1'])).toEqual([ns.CAPS2, ns.CAPS]);
    expect(shown(['v1'])).toEqual([ns.CAPS]);
  });

  it('XEP-0390 section 6.1: are answered for as they were, under the nodes of the last three', () => {
    const { host, own } = scene();
    const nodes = [nodeOf(own)];
    for (const name of ['urn:test:1', 'urn:test:2', 'urn:test:3']) {
      host.advertise(name);
      nodes.push(nodeOf(own));
    }
    expect(nodes.map((node) => own.info('localhost', node)?.length)).toEqual([undefined, 2, 3, 4]);
  });

  it('are none where service discovery is off', () => {
    const { host } = scene();
    const own = new OwnCapabilities(host, ['v1', 'v2'], () => undefined);
    expect(own.elements('localhost')).toEqual([]);
    expect(own.info('localhost', 'anything')).toBeUndefined();
  });
});

it('a host without a change keeps its revision', () => {
  const host = new Host('localhost', {} as HostTypeConfig, new HookTable(ignore), new IqTable(ignore));
  const before = host.revision;
  expect(host.revision).toBe(before);
  host.advertise('a');
  expect(host.revision).not.toBe(before);
});
