/** Clients behind a load balancer: the PROXY protocol, versions 1 and 2, as raw bytes. */
import type { ConnectionOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { proxyV1, proxyV2, proxyV2Raw, sslTlv, tlv } from '../support/proxy-header.js';
import { authenticate, bind, type Credentials } from '../support/story/actor.js';
import { type Engine, onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { Ctl } from '../support/story/ctl.js';
import { eventually } from '../support/story/eventually.js';
import { header, RawClient } from '../support/story/raw-client.js';
import type { TestServer } from '../support/story/server.js';

const CERTIFICATE = 'certificate = "automatic", verify_mode = "none"';
const PROXIED = 'proxy_protocol = true';

const config = (engine: Engine) =>
  ownConfig({
    engine,
    shards: 2,
    listeners: [
      PROXIED,
      `${PROXIED}\ntls = {mode = "starttls_required", ${CERTIFICATE}}`,
      `${PROXIED}\ntls = {mode = "tls", ${CERTIFICATE}}`,
      `${PROXIED}\nproxy_trusted = ["10.0.0.0/8", "::1"]`,
      `${PROXIED}\nproxy_trusted = ["127.0.0.0/8"]\nc2s_state_timeout = 1000`,
      '',
    ],
  }).replace('registration_timeout = "infinity"', 'registration_timeout = 3600');

const someone = (): Credentials => ({
  username: `u-${Math.random().toString(36).slice(2)}`,
  domain: 'localhost',
  password: 'secret',
});

interface Way {
  readonly name: string;
  /** Index of the listener. */
  readonly listener: number;
  /** What `session list…` calls it. */
  readonly connection: string;
  readonly tls?: ConnectionOptions;
  readonly startTls?: boolean;
}

const WAYS: readonly Way[] = [
  { name: 'plain', listener: 0, connection: 'c2s' },
  { name: 'STARTTLS', listener: 1, connection: 'c2s_tls', startTls: true },
  { name: 'direct TLS', listener: 2, connection: 'c2s_tls', tls: {} },
];

/** The line of `session listUserSessions` of somebody who logged in behind this header. */
async function sessionBehind(
  server: TestServer,
  way: Way,
  first: string | Uint8Array,
): Promise<Record<string, unknown>> {
  const credentials = someone();
  const ctl = new Ctl(server.dataDir);
  const { username, domain, password } = credentials;
  await ctl.json(`account registerUser --username ${username} --domain ${domain} --password ${password}`);
  const port = server.ports[way.listener] as number;
  const client = await RawClient.connect(port, { first, ...(way.tls && { tls: way.tls }) });
  await client.open();
  if (way.startTls) {
    await client.startTls();
    await client.open();
  }
  await authenticate(client, credentials);
  await client.open();
  await bind(client);
  const { result } = await ctl.json(`session listUserSessions --user ${username}@${domain}`);
  client.destroy();
  expect(result).toHaveLength(1);
  return result[0];
}

/** What the server sends to a connection that begins so, until it closes it. */
async function answerTo(port: number, first: string | Uint8Array, ends = false): Promise<string> {
  const client = await RawClient.connect(port, { first });
  if (ends) client.socket.end();
  await client.closed();
  return client.text;
}

const refusals = (server: TestServer) => server.output().match(/proxy_header_refused/g)?.length ?? 0;

onBothEngines('PROXY protocol', config, (server) => {
  const port = (listener: number) => server().ports[listener] as number;

  describe.each(WAYS)('$name', (way) => {
    it.each([
      ['version 1, IPv4', proxyV1('203.0.113.7', 40_000), '203.0.113.7', 40_000],
      ['version 1, IPv6', proxyV1('2001:DB8::7', 40_001), '2001:db8::7', 40_001],
      ['version 2, IPv4', proxyV2('203.0.113.8', 40_002), '203.0.113.8', 40_002],
      ['version 2, IPv6', proxyV2('2001:db8::8', 40_003, { checksum: 'right' }), '2001:db8::8', 40_003],
    ])('%s: the session has the address of the header, whichever shard it lives on', async (_, first, ip, from) => {
      // Accounts at random, two shards: some of these move.
      for (let times = 0; times < 3; times++) {
        expect(await sessionBehind(server(), way, first)).toMatchObject({ ip, port: from, connection: way.connection });
      }
    });

    it.each([
      ['version 1, UNKNOWN', 'PROXY UNKNOWN\r\n'],
      ['version 2, LOCAL', proxyV2Raw(0x20, 0x00, Buffer.alloc(0))],
      ['version 2, Unix', proxyV2Raw(0x21, 0x31, Buffer.alloc(216))],
    ])('%s: the session has the address of the socket', async (_, first) => {
      expect(await sessionBehind(server(), way, first)).toMatchObject({ ip: '127.0.0.1' });
    });

    it('section 2.2: TLVs of any kind are no hindrance', async () => {
      const ssl = sslTlv(0x03, 0, [
        [tlv.SSL_VERSION, 'TLSv1.3'],
        [tlv.SSL_CN, 'romeo'],
      ]);
      const first = proxyV2('203.0.113.9', 1, { tlvs: [[tlv.UNIQUE_ID, 'id'], ssl, [0xea, 'x']], checksum: 'right' });
      expect(await sessionBehind(server(), way, first)).toMatchObject({ ip: '203.0.113.9' });
    });
  });

  it('a header that comes byte by byte', async () => {
    const client = await RawClient.connect(port(0));
    for (const byte of proxyV2('203.0.113.7', 40_000)) {
      client.socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await client.open();
    client.destroy();
  });

  it('a client’s words about TLS to the balancer are no TLS here: STARTTLS stays required', async () => {
    const first = proxyV2('203.0.113.7', 1, { tlvs: [sslTlv(0x01, 0, [])] });
    const client = await RawClient.connect(port(1), { first });
    const features = await client.open();
    expect(features.getChild('starttls')?.getChild('required')).toBeDefined();
    expect(features.getChild('mechanisms')).toBeUndefined();
    client.destroy();
  });

  it('registration_timeout: each address of a header waits for itself', async () => {
    const registering = async (first: string) => {
      const client = await RawClient.connect(port(0), { first });
      await client.open();
      const { username, password } = someone();
      client.send(
        `<iq type='set' id='reg'><query xmlns='jabber:iq:register'><username>${username}</username><password>${password}</password></query></iq>`,
      );
      const answer = await client.next((element) => element.attrs['id'] === 'reg');
      client.destroy();
      return answer.attrs['type'];
    };
    expect(await registering(proxyV1('198.51.100.1', 1))).toBe('result');
    expect(await registering(proxyV1('198.51.100.2', 1))).toBe('result');
    expect(await registering(proxyV1('198.51.100.1', 2))).toBe('error');
  });

  it.each([
    ['missing', header(), 'the first bytes are no PROXY header'],
    ['broken', 'PROXY TCP4 1.2.3.4\r\n', 'the PROXY header is not well-formed'],
    ['too long', `PROXY UNKNOWN ${'x'.repeat(200)}`, 'the PROXY header is longer than'],
    ['damaged', proxyV2('1.2.3.4', 1, { checksum: 'wrong' }), 'the checksum of the PROXY header is wrong'],
  ])('a header that is %s: closed without a word, and the log says why', async (_, first, reason) => {
    expect(await answerTo(port(0), first)).toBe('');
    await eventually(() => server().output().includes(reason));
  });

  it('a header that is cut short', async () => {
    expect(await answerTo(port(0), proxyV2('1.2.3.4', 1).subarray(0, 20), true)).toBe('');
    await eventually(() => server().output().includes('ended within the PROXY header'));
  });

  it('a header that is late', async () => {
    const client = await RawClient.connect(port(0), { first: 'PROXY TCP4 ' });
    await client.closed();
    expect(client.text).toBe('');
    await eventually(() => server().output().includes('no whole PROXY header came within 5 seconds'));
  });

  it('from an address that is not trusted: closed before anything is read', async () => {
    expect(await answerTo(port(3), proxyV1('203.0.113.7', 1))).toBe('');
    await eventually(() => server().output().includes('the address is not in proxy_trusted'));
  });

  it('from one that is trusted; state_timeout runs from the end of the header', async () => {
    const client = await RawClient.connect(port(4));
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(client.isClosed).toBe(false);
    client.send(proxyV1('203.0.113.7', 1));
    expect(await client.fails()).toBe('connection-timeout');
  });

  it('a second header is no XML', async () => {
    const client = await RawClient.connect(port(0), { first: proxyV1('203.0.113.7', 1) + proxyV1('203.0.113.8', 1) });
    expect(await client.fails()).toBe('not-well-formed');
  });

  it('without proxy_protocol a header is no XML either', async () => {
    const client = await RawClient.connect(port(5), { first: proxyV1('203.0.113.7', 1) });
    expect(await client.fails()).toBe('not-well-formed');
  });

  it('a flood of connections without a header is a line in the log, not one for each', async () => {
    const before = refusals(server());
    await Promise.all(Array.from({ length: 100 }, () => answerTo(port(2), 'nonsense')));
    await eventually(() => refusals(server()) > before);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // One for each shard that took some of them.
    expect(refusals(server()) - before).toBeLessThanOrEqual(2);
  });

  it('health checks leave no trace in the log', async () => {
    const before = refusals(server());
    for (const listener of [0, 1, 2]) {
      (await RawClient.connect(port(listener))).destroy();
      const reset = await RawClient.connect(port(listener));
      reset.socket.resetAndDestroy();
      (await RawClient.connect(port(listener), { first: proxyV2Raw(0x20, 0, Buffer.alloc(0)) })).destroy();
      (await RawClient.connect(port(listener), { first: 'PROXY UNKNOWN\r\n' })).destroy();
    }
    await sessionBehind(server(), WAYS[0] as Way, proxyV1('203.0.113.7', 1));
    expect(refusals(server())).toBe(before);
  });
});
