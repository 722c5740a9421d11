/** XEP-0478: the limits of a stream are told in its features. */
import type { Element } from 'ltx';
import { expect, it } from 'vitest';
import { authenticate, register } from '../support/story/actor.js';
import { onBothEngines } from '../support/story/both-engines.js';
import { withOptions } from '../support/story/options.js';
import { RawClient } from '../support/story/raw-client.js';
import type { TestServer } from '../support/story/server.js';
import { onEachServer } from '../support/story/story.js';

onEachServer('XEP-0478 section 3.1', (server) => {
  it('the largest stanza is told, the same that is refused when it is larger', async () => {
    const session = await features(server.port);
    expect(limits(session)).toEqual({ 'max-bytes': '65536' });
    expect(limits(await features(server.starttlsPort))).toEqual({ 'max-bytes': '262144' });
  });

  it('before authentication: what a login may take, and the time to its next step', async () => {
    const client = await RawClient.connect(server.starttlsPort);
    expect(limits(await client.open())).toEqual({ 'max-bytes': '65536', 'idle-seconds': '5' });
    client.destroy();
  });
});

onBothEngines('XEP-0478 with options', config, (server) => {
  it('section 3.1: a client that mod_ping will ask is told when', async () => {
    expect(limits(await features(server().port))).toMatchObject({ 'idle-seconds': '42' });
  });

  it('without a limit of its own a listener tells the one of the engines', async () => {
    expect(limits(await features(portWithoutLimit(server())))).toMatchObject({ 'max-bytes': '134217727' });
  });
});

function config(engine: 'native' | 'portable'): string {
  const text = withOptions('mod_ping', 'send_pings = true', 'ping_interval = 42')(engine);
  return `${text}\n[[listen.c2s]]\n  port = PORT\n  ip_address = "127.0.0.1"\n  max_stanza_size = "infinity"\n`;
}

function portWithoutLimit({ ports }: TestServer): number {
  return ports.at(-1) as number;
}

/** Those of a stream whose user is known. */
async function features(port: number): Promise<Element> {
  const account = { username: `u-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'secret' };
  await register(port, account);
  const client = await RawClient.connect(port);
  await client.open();
  await authenticate(client, account);
  const offered = await client.open();
  client.destroy();
  return offered;
}

function limits(features: Element): Record<string, string> {
  const children = features.getChild('limits', 'urn:xmpp:stream-limits:0')?.getChildElements() ?? [];
  return Object.fromEntries(children.map((child) => [child.getName(), child.getText()]));
}
