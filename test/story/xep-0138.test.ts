/** XEP-0138: stream compression with zlib, between login and binding; and the bombs that it invites. */
import { readFileSync } from 'node:fs';
import { constants, createDeflate, deflateSync } from 'node:zlib';
import type { Element } from 'ltx';
import { expect, it } from 'vitest';
import { authenticate, bind, register } from '../support/story/actor.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { header, RawClient } from '../support/story/raw-client.js';
import type { TestServer } from '../support/story/server.js';

const FEATURE = 'http://jabber.org/features/compress';
const COMPRESS = 'http://jabber.org/protocol/compress';
const COMPRESS_ZLIB = `<compress xmlns='${COMPRESS}'><method>zlib</method></compress>`;
const TLS = '  tls = {mode = "starttls_required", certificate = "automatic", verify_mode = "none"}\n';
const [PLAIN, SECURE, WITHOUT, SMALL] = [0, 1, 2, 3];

for (const shards of [1, 4]) {
  onBothEngines(
    `XEP-0138 with ${shards} shards`,
    (engine) =>
      ownConfig({
        engine,
        shards,
        listeners: ['  zlib = 100000\n', `${TLS}  zlib = 65536\n`, '', '  zlib = 1000\n'],
      }),
    (server) => {
      negotiation(server);
      traffic(server);
      abuse(server);
    },
  );
}

function negotiation(server: () => TestServer): void {
  it('XEP-0170 section 2.1: is offered after the login and not before, and not twice', async () => {
    const client = await RawClient.connect(port(server, PLAIN));
    expect((await client.open()).getChild('compression', FEATURE)).toBeUndefined();
    await logIn(client, port(server, PLAIN));
    const features = await client.open();
    expect(features.getChild('compression', FEATURE)?.getChildText('method')).toBe('zlib');
    await client.startCompression();
    const again = await client.open();
    expect(again.getChild('compression', FEATURE)).toBeUndefined();
    expect(again.getChild('bind')).toBeDefined();
    client.destroy();
  });

  it('section 3: is refused with setup-failed before the login, which goes on', async () => {
    const client = await RawClient.connect(port(server, PLAIN));
    await client.open();
    client.send(COMPRESS_ZLIB);
    expect(await refusal(client)).toBe('setup-failed');
    await logIn(client, port(server, PLAIN));
    client.destroy();
  });

  it.each([
    ['an unknown method: unsupported-method', '<method>lzw</method>', 'unsupported-method'],
    ['no method: setup-failed', '', 'setup-failed'],
    ['an empty method: setup-failed', '<method/>', 'setup-failed'],
  ])('section 3: %s, and zlib can still be asked for', async (_, method, condition) => {
    const client = await authenticated(port(server, PLAIN));
    client.send(`<compress xmlns='${COMPRESS}'>${method}</compress>`);
    expect(await refusal(client)).toBe(condition);
    await client.startCompression();
    await client.open();
    await bind(client);
    client.destroy();
  });

  it('asked for twice, or of a bound stream, it fails with setup-failed and the stream goes on', async () => {
    const client = await compressed(port(server, PLAIN));
    client.send(COMPRESS_ZLIB);
    expect(await refusal(client)).toBe('setup-failed');
    await bind(client);
    client.send(COMPRESS_ZLIB);
    expect(await refusal(client)).toBe('setup-failed');
    await ping(client);
    client.destroy();
  });

  it('without the option it is not known', async () => {
    const client = await authenticated(port(server, WITHOUT));
    client.send(COMPRESS_ZLIB);
    expect(await client.fails()).toBe('unsupported-stanza-type');
  });

  it('what was sent in clear behind the request makes it fail, and is read in clear', async () => {
    const client = await authenticated(port(server, PLAIN));
    client.send(`${COMPRESS_ZLIB}<iq type='set' id='early'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>`);
    expect(await refusal(client)).toBe('setup-failed');
    const bound = await client.next((element) => element.attrs['id'] === 'early');
    expect(bound.attrs['type']).toBe('result');
    client.destroy();
  });

  it('compressed bytes right behind the request are no better: the stream fails', async () => {
    const client = await authenticated(port(server, PLAIN));
    client.sendRaw(Buffer.concat([Buffer.from(COMPRESS_ZLIB), flushed(header())]));
    expect(await refusal(client)).toBe('setup-failed');
    expect(await client.fails()).toBe('bad-format');
  });

  it('but white space means nothing', async () => {
    const client = await authenticated(port(server, PLAIN));
    client.send('\n');
    await client.startCompression();
    await client.open();
    client.destroy();
  });
}

function traffic(server: () => TestServer): void {
  it.each([
    ['plain TCP', PLAIN],
    ['TLS', SECURE],
  ])('a login and a conversation over %s, long messages included', async (_, entrance) => {
    const alice = await compressed(port(server, entrance));
    const bob = await compressed(port(server, entrance));
    const address = await bind(bob);
    await bind(alice);
    for (const size of [10, 3000, 40_000]) {
      const text = Array.from({ length: size }, () => Math.random().toString(36)[2]).join('');
      alice.send(`<message to='${address}' type='chat'><body>${text}</body></message>`);
      expect((await bob.next((element) => element.is('message'))).getChildText('body')).toBe(text);
    }
    for (let i = 0; i < 200; i++) alice.send(`<message to='${address}' type='chat'><body>line ${i}</body></message>`);
    for (let i = 0; i < 200; i++) {
      expect((await bob.next((element) => element.is('message'))).getChildText('body')).toBe(`line ${i}`);
    }
    alice.send('</stream:stream>');
    await alice.until(() => alice.text.endsWith('</stream:stream>'), 'the end of the stream');
    await alice.closed();
    bob.destroy();
  });

  it('what a client pipelines into the compressed stream is read in order, across its binding', async () => {
    const client = await authenticated(port(server, PLAIN));
    await client.startCompression();
    const pings = Array.from({ length: 50 }, (_, i) => `<iq type='get' id='p${i}'><ping xmlns='urn:xmpp:ping'/></iq>`);
    client.send(
      `${header()}<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>${pings.join('')}`,
    );
    for (let i = 0; i < 50; i++) await client.next((element) => element.attrs['id'] === `p${i}`);
    client.destroy();
  });

  it('bytes may come one at a time', async () => {
    const client = await authenticated(port(server, PLAIN));
    await client.startCompression();
    for (const byte of flushed(header())) {
      client.sendRaw(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.next((element) => element.is('features'));
    client.destroy();
  });
}

function abuse(server: () => TestServer): void {
  it('section 3: what is no zlib stream ends with processing-failed', async () => {
    const client = await authenticated(port(server, PLAIN));
    await client.startCompression();
    client.sendRaw(Buffer.from(header()));
    const error = await client.next((element) => element.is('error'));
    expect(error.getChild('failure', COMPRESS)?.getChild('processing-failed')).toBeDefined();
    expect(error.getChild('undefined-condition')).toBeDefined();
    await client.closed();
  });

  it('an element over the limit of the option is a policy-violation, one below it is not', async () => {
    const client = await compressed(port(server, SMALL));
    await bind(client);
    client.send(`<message to='localhost'><body>${'y'.repeat(800)}</body></message>`);
    await ping(client);
    client.send(`<message to='localhost'><body>${'abcdefghij'.repeat(100)}</body></message>`);
    expect(await client.fails()).toBe('policy-violation');
  });

  it.each([
    ['zeros, after the login', false, '\0'],
    ['zeros, in a bound stream', true, '\0'],
    ['white space, in a bound stream', true, ' '],
    ['letters within a message', true, 'x'],
    ['empty elements', true, '<a/>'],
  ])(
    'a bomb of a gigabyte costs little memory and ends with policy-violation: %s',
    { timeout: 60_000 },
    async (_, isBound, text) => {
      const client = await compressed(port(server, PLAIN));
      if (isBound) await bind(client);
      const before = residentBytes(server());
      if (text === 'x' || text === '<a/>') client.send("<message to='localhost'><body>");
      const error = client.fails();
      const deflate = client.deflate;
      const block = Buffer.from(text.repeat((1 << 20) / text.length));
      for (let mebibyte = 0; mebibyte < 1024 && !client.isClosed; mebibyte++) {
        if (!deflate.write(block)) await new Promise((resolve) => deflate.once('drain', resolve));
      }
      expect(await error).toBe('policy-violation');
      expect(residentBytes(server()) - before).toBeLessThan(32 << 20);
    },
  );

  it('a bomb within a bomb is a bomb; what is inside is never looked at', async () => {
    const inner = deflateSync(Buffer.alloc(8 << 20), { level: 9 });
    const client = await compressed(port(server, PLAIN));
    await bind(client);
    client.send(Buffer.concat(Array.from({ length: 40 }, () => inner)));
    expect(['policy-violation', 'not-well-formed']).toContain(await client.fails());
  });

  it('a bomb that drips is stopped like one that pours', async () => {
    const client = await compressed(port(server, PLAIN));
    await bind(client);
    const bytes: Buffer[] = [];
    const deflate = createDeflate({ level: 9 });
    deflate.on('data', (data: Buffer) => bytes.push(data));
    await new Promise<void>((resolve) =>
      deflate.write(Buffer.alloc(4 << 20, ' '), () => deflate.flush(() => resolve())),
    );
    const raw = Buffer.concat(bytes).subarray(2);
    const error = client.fails();
    for (let at = 0; at < raw.length && !client.isClosed; at += 64) {
      client.sendRaw(raw.subarray(at, at + 64));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await error).toBe('policy-violation');
  });

  it('and it is written to the log', () => {
    expect(server().output()).toContain('c2s.compression.too_much');
  });
}

function port(server: () => TestServer, entrance: number | undefined): number {
  return server().ports[entrance as number] as number;
}

async function logIn(client: RawClient, at: number): Promise<void> {
  const credentials = {
    username: `z-${Math.random().toString(36).slice(2)}`,
    domain: 'localhost',
    password: 'secret',
  };
  if ('encrypted' in client.socket) {
    client.send(
      `<iq type='set' id='reg'><query xmlns='jabber:iq:register'><username>${credentials.username}</username><password>secret</password></query></iq>`,
    );
    await client.next((element) => element.attrs['id'] === 'reg');
  } else await register(at, credentials);
  await authenticate(client, credentials);
}

/** With the features of the authenticated stream read. */
async function authenticated(at: number): Promise<RawClient> {
  const client = await RawClient.connect(at);
  const features = await client.open();
  if (features.getChild('starttls')?.getChild('required')) {
    await client.startTls();
    await client.open();
  }
  await logIn(client, at);
  await client.open();
  return client;
}

async function compressed(at: number): Promise<RawClient> {
  const client = await authenticated(at);
  await client.startCompression();
  await client.open();
  return client;
}

async function refusal(client: RawClient): Promise<string | undefined> {
  const failure: Element = await client.next((element) => element.is('failure', COMPRESS));
  return failure.getChildElements()[0]?.getName();
}

async function ping(client: RawClient): Promise<void> {
  client.send("<iq type='get' id='ping'><ping xmlns='urn:xmpp:ping'/></iq>");
  await client.next((element) => element.attrs['id'] === 'ping');
}

function flushed(text: string): Buffer {
  return deflateSync(text, { finishFlush: constants.Z_SYNC_FLUSH });
}

function residentBytes({ process: { pid } }: TestServer): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
