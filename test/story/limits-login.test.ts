/** What a connection may cost before its user is known: time, bytes, requests, numbers. */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { Actor, authenticate, register } from '../support/story/actor.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { eventually } from '../support/story/eventually.js';
import { header, RawClient } from '../support/story/raw-client.js';
import { onEachServer } from '../support/story/story.js';

const credentials = () => ({
  username: `u-${Math.random().toString(36).slice(2)}`,
  domain: 'localhost',
  password: 'x',
});

onBothEngines(
  'c2s_state_timeout',
  (engine) =>
    ownConfig({
      engine,
      shards: 2,
      listeners: [
        'c2s_state_timeout = 1000',
        'c2s_state_timeout = 1000\ntls = {mode = "starttls", certificate = "automatic", verify_mode = "none"}',
        'max_connections = 5',
        'c2s_state_timeout = 1000\ntls = {mode = "tls", certificate = "automatic", verify_mode = "none"}',
      ],
    }),
  (server) => {
    it('section 4.9.3.4: a client that never says a word is told that its time is up', async () => {
      const client = await RawClient.connect(server().port);
      expect(await client.fails()).toBe('connection-timeout');
    });

    it('and so is one that opens a stream and goes no further', async () => {
      const client = await RawClient.connect(server().port);
      await client.open();
      expect(await client.fails()).toBe('connection-timeout');
    });

    it('one that leaves a login half done', async () => {
      const client = await RawClient.connect(server().port);
      await client.open();
      client.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>biwsbj1hLHI9Yg==</auth>");
      expect(await client.fails()).toBe('connection-timeout');
    });

    it('one that does not open the stream anew behind its login', async () => {
      const account = credentials();
      await register(server().port, account);
      const client = await RawClient.connect(server().port);
      await client.open();
      await authenticate(client, account);
      client.restart();
      expect(await client.fails()).toBe('connection-timeout');
    });

    it('one that never binds', async () => {
      const account = credentials();
      await register(server().port, account);
      const client = await RawClient.connect(server().port);
      await client.open();
      await authenticate(client, account);
      await client.open();
      expect(await client.fails()).toBe('connection-timeout');
    });

    it('one that sends a byte now and then and never finishes', async () => {
      const client = await RawClient.connect(server().port);
      const text = header();
      let at = 0;
      const timer = setInterval(() => client.send(text[at++] ?? ' '), 50);
      expect(await client.fails()).toBe('connection-timeout');
      clearInterval(timer);
      expect(at).toBeLessThan(text.length);
    });

    it('one that never begins its TLS handshake is dropped', async () => {
      const client = await RawClient.connect(server().ports[1] as number);
      await client.open();
      client.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
      await client.next((element) => element.is('proceed'));
      await client.closed();
      const direct = await RawClient.connect(server().ports[3] as number);
      await direct.closed();
      expect(direct.text).toBe('');
    });

    it('a client that is bound has all the time that it wants', async () => {
      const actor = await Actor.join(server().port, credentials());
      const silent = await RawClient.connect(server().port);
      await silent.closed();
      const later = await RawClient.connect(server().port);
      await later.closed();
      expect((await actor.asks("<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")).attrs['type']).toBe(
        'result',
      );
      actor.vanish();
    });

    it('max_connections: one too many is turned away, and makes room when another leaves', async () => {
      const port = server().ports[2] as number;
      const held: RawClient[] = [];
      // Every shard counts for itself.
      while (held.length < 30) {
        const client = await admitted(port);
        if (!client) break;
        held.push(client);
      }
      expect(held.length).toBeLessThanOrEqual(10);
      expect(held.length).toBeGreaterThanOrEqual(5);
      for (const client of held) client.destroy();
      await eventually(async () => {
        const client = await admitted(port);
        client?.destroy();
        return client !== undefined;
      });
    });
  },
);

onEachServer('before authentication', (server) => {
  it.each([
    ['white space', ' '.repeat(100_000)],
    ['a stanza', `<iq type='get' id='1'><query xmlns='jabber:iq:register'>${'<a/>'.repeat(25_000)}</query></iq>`],
    ['a header', `<stream:stream a='${'x'.repeat(100_000)}`],
  ])('section 4.9.3.14: %s of a hundred kilobytes is too much', async (what, text) => {
    const client = await RawClient.connect(server.port);
    if (what !== 'a header') await client.open();
    client.send(text);
    expect(await client.fails()).toBe('policy-violation');
  });

  it('section 4.9.3.14: so are a hundred requests', async () => {
    const client = await RawClient.connect(server.port);
    await client.open();
    for (let i = 0; i < 100; i++) client.send(`<iq type='get' id='${i}'><query xmlns='jabber:iq:register'/></iq>`);
    expect(await client.fails()).toBe('policy-violation');
  });
});

/** Each needs a descriptor here and one in the server. */
const SILENT = Math.min(10_000, openFiles() - 1_000);
const STATE_TIMEOUT_MS = 6_000;

onBothEngines(
  `${SILENT} connections that say nothing`,
  (engine) => ownConfig({ engine, listeners: [`backlog = 4096\nc2s_state_timeout = ${STATE_TIMEOUT_MS}`, ''] }),
  (server) => {
    it('cost little memory, keep nobody out, and are closed in time', { timeout: 90_000 }, async () => {
      const pid = server().process.pid as number;
      const before = residentBytes(pid);
      const sockets = await crowd(server().port, SILENT);
      (await Actor.join(server().ports[1] as number, credentials())).vanish();
      const after = residentBytes(pid);
      expect((after - before) / SILENT).toBeLessThan(16 * 1024);

      for (const socket of sockets) socket.resume();
      await eventually(() => sockets.filter((socket) => socket.destroyed).length === SILENT, 60_000);
      expect(sockets.every((socket) => socket.bytesRead > 0)).toBe(true);
      (await Actor.join(server().ports[1] as number, credentials())).vanish();
    });
  },
);

/** A client that was let in; one too many is reset, before or after its first word. */
async function admitted(port: number): Promise<RawClient | undefined> {
  const client = await RawClient.connect(port).catch(() => undefined);
  const opened = client?.open().then(
    () => true,
    () => false,
  );
  return client && (await Promise.race([opened, client.closed().then(() => false)])) ? client : undefined;
}

async function crowd(port: number, size: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < size) {
    const wave = Array.from({ length: Math.min(500, size - sockets.length) }, () => connect(port, '127.0.0.1'));
    await Promise.all(
      wave.map(
        (socket) =>
          new Promise<void>((resolve, reject) => {
            socket.once('connect', resolve);
            socket.once('error', reject);
          }),
      ),
    );
    sockets.push(...wave);
  }
  return sockets;
}

function residentBytes(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

/** The limit that this process and the servers that it starts live under. */
function openFiles(): number {
  const [, soft] = /Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return Number(soft);
}
