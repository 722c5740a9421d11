/** XEP-0440: which channel bindings a server can do. */
import type { Element } from 'ltx';
import { expect, it } from 'vitest';
import { RawClient } from '../support/story/raw-client.js';
import { onEachServer } from '../support/story/story.js';

const SASL_CB = 'urn:xmpp:sasl-cb:0';

onEachServer('XEP-0440', (server) => {
  it.each([
    ['TLSv1.2', ['tls-server-end-point', 'tls-unique'], []],
    ['TLSv1.3', ['tls-exporter', 'tls-server-end-point'], ['tls-unique']],
  ] as const)('section 3: on %s the types that this version has', async (version, present, absent) => {
    const client = await RawClient.connect(server.starttlsPort);
    await client.open();
    await client.startTls({ minVersion: version, maxVersion: version });
    const types = typesOf(await client.open());
    expect(types).toEqual(expect.arrayContaining([...present]));
    for (const type of absent) expect(types).not.toContain(type);
    client.destroy();
  });

  it('section 3: nothing without TLS', async () => {
    for (const port of [server.port, server.starttlsPort]) {
      const client = await RawClient.connect(port);
      expect((await client.open()).getChild('sasl-channel-binding', SASL_CB)).toBeUndefined();
      client.destroy();
    }
  });
});

function typesOf(features: Element): string[] {
  const list = features.getChild('sasl-channel-binding', SASL_CB)?.getChildren('channel-binding') ?? [];
  return list.map((element) => element.attrs['type']);
}
