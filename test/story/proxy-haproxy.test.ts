/** HAProxy between clients and the server: the address of the client arrives, whatever HAProxy sends. */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventKind } from '../../src/engine/envelope.js';
import { loadNativeEngine } from '../../src/engine/native/native-addon.js';
import { createNativeEngine } from '../../src/engine/native/native-engine.js';
import { createPortableEngine } from '../../src/engine/portable/portable-engine.js';
import { issue } from '../support/engine/certificates.js';
import { LISTEN, Shard, step } from '../support/engine/harness.js';
import { authenticate, bind, type Credentials } from '../support/story/actor.js';
import { type Engine, ownConfig } from '../support/story/both-engines.js';
import { Ctl } from '../support/story/ctl.js';
import { eventually } from '../support/story/eventually.js';
import { type Haproxy, haproxyProgram, startHaproxy } from '../support/story/haproxy.js';
import { RawClient } from '../support/story/raw-client.js';
import { ENGINES, startServer, type TestServer } from '../support/story/server.js';

const why = haproxyProgram ? '' : ' (skipped: HAProxy is not installed: apt-get install haproxy)';
/** HAProxy itself comes from 127.0.0.1. */
const CLIENT = '127.0.0.2';
const CERTIFICATE = 'certificate = "automatic", verify_mode = "none"';
const WAYS = ['plain', 'STARTTLS', 'direct TLS'] as const;
const SENDS = ['send-proxy', 'send-proxy-v2', 'send-proxy-v2-ssl', 'send-proxy-v2-ssl-cn'] as const;

const authority = issue({ name: 'authority', isAuthority: true });
const balancer = issue({ name: 'localhost', issuer: authority });
const romeo = issue({ name: 'romeo', issuer: authority });
const FILES = { 'balancer.pem': balancer.certificate + balancer.key, 'ca.pem': authority.certificate };

const config = (engine: Engine) =>
  ownConfig({
    engine,
    shards: 2,
    listeners: ['', `tls = {mode = "starttls_required", ${CERTIFICATE}}`, `tls = {mode = "tls", ${CERTIFICATE}}`].map(
      (tls) => `proxy_protocol = true\nproxy_trusted = ["127.0.0.1"]\n${tls}`,
    ),
  });

async function someone(server: TestServer): Promise<Credentials> {
  const credentials = { username: `h-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'secret' };
  const { username, domain, password } = credentials;
  await new Ctl(server.dataDir).json(
    `account registerUser --username ${username} --domain ${domain} --password ${password}`,
  );
  return credentials;
}

describe.skipIf(!haproxyProgram).each(ENGINES)(`HAProxy${why} [%s]`, (engine) => {
  let server: TestServer;
  let haproxy: Haproxy;

  beforeAll(async () => {
    server = await startServer({ config: config(engine) });
    const forward = server.ports.flatMap((port) =>
      SENDS.map((send) => `  bind 127.0.0.1:PORT\n  server s 127.0.0.1:${port} ${send}`),
    );
    const checked = server.ports.flatMap((port) => [
      `  bind 127.0.0.1:PORT\n  server checked 127.0.0.1:${port} send-proxy check inter 100 check-send-proxy`,
      `  bind 127.0.0.1:PORT\n  server checked 127.0.0.1:${port} send-proxy-v2 check inter 100 check-send-proxy`,
      // Connects and leaves.
      `  bind 127.0.0.1:PORT\n  server checked 127.0.0.1:${port} send-proxy check inter 100 port ${port} no-check-send-proxy`,
    ]);
    haproxy = await startHaproxy([...forward, ...checked]);
  });

  afterAll(async () => {
    await haproxy?.stop();
    await server?.stop();
  });

  describe.each(WAYS)('%s', (way) => {
    it.each(SENDS)('%s: the session has the address of the client', async (send) => {
      const credentials = await someone(server);
      const port = haproxy.ports[WAYS.indexOf(way) * SENDS.length + SENDS.indexOf(send)] as number;
      const client = await RawClient.connect(port, {
        from: CLIENT,
        ...(way === 'direct TLS' && { tls: {} }),
      });
      await client.open();
      if (way === 'STARTTLS') {
        await client.startTls();
        await client.open();
      }
      await authenticate(client, credentials);
      await client.open();
      const jid = await bind(client);
      const { result } = await new Ctl(server.dataDir).json(`session listUserSessions --user ${jid.split('/')[0]}`);
      expect(result).toMatchObject([{ user: jid, ip: CLIENT }]);
      client.destroy();
    });
  });

  it('health checks of every kind find the server up, and the log has no line about them', async () => {
    const checks = async () => (await haproxy.servers()).filter(({ svname }) => svname === 'checked');
    await eventually(async () => (await checks()).every(({ check_status }) => check_status === 'L4OK'));
    // Some more of them.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const all = await checks();
    expect(all).toHaveLength(9);
    for (const { status, chkfail } of all) expect([status, chkfail]).toEqual(['UP', '0']);
    expect(server.output()).not.toContain('refused');
  });
});

/** The connection of a client with TLS up to HAProxy, as the engine sees it. */
describe.skipIf(!haproxyProgram).each(ENGINES)(`HAProxy that ends TLS${why} [%s]`, (name) => {
  let shard: Shard;
  let haproxy: Haproxy;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    const native = loadNativeEngine();
    shard = await Shard.start(async (options) => {
      if (name === 'portable') return createPortableEngine(options);
      if ('unavailable' in native) throw new Error(native.unavailable);
      return createNativeEngine(native, options);
    }, step);
    const proxy = { trusted: ['127.0.0.1'], headerDeadlineMs: 5_000, maxHeaderBytes: 4_096 };
    const { port } = await shard.engine.listen({ ...LISTEN, proxy });
    const bindTo = '  bind 127.0.0.1:PORT ssl crt DIR/balancer.pem ca-file DIR/ca.pem verify optional alpn xmpp-client';
    const server = `  server s 127.0.0.1:${port}`;
    const more = 'proxy-v2-options ssl,cert-cn,ssl-cipher,authority,unique-id,crc32c';
    haproxy = await startHaproxy(
      [
        `${bindTo}\n${server} send-proxy-v2-ssl`,
        `${bindTo}\n${server} send-proxy-v2-ssl-cn`,
        `${bindTo}\n  unique-id-format %[rand,hex]\n${server} send-proxy-v2 ${more}`,
      ],
      FILES,
    );
  });

  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await haproxy?.stop();
    shard?.engine.stop();
  });

  async function detailsOf(index: number, identity?: { certificate: string; key: string }) {
    const socket = connectTcp({ host: '127.0.0.1', port: haproxy.ports[index] as number, localAddress: CLIENT });
    sockets.push(socket);
    const tls = connectTls({
      socket,
      servername: 'chat.example',
      ALPNProtocols: ['xmpp-client'],
      rejectUnauthorized: false,
      ...(identity && { cert: identity.certificate, key: identity.key }),
    });
    tls.on('error', () => {});
    const { slot, generation } = await shard.next(eventKind.CONNECTED);
    return shard.engine.details(slot, generation);
  }

  it('send-proxy-v2-ssl: the version of TLS, and no certificate', async () => {
    expect(await detailsOf(0)).toMatchObject({
      remoteAddress: CLIENT,
      proxied: { peerAddress: '127.0.0.1', tls: { version: 'TLSv1.3', clientCommonName: undefined, verified: false } },
    });
  });

  it('send-proxy-v2-ssl-cn: the name in the certificate of the client', async () => {
    expect(await detailsOf(1, romeo)).toMatchObject({
      remoteAddress: CLIENT,
      proxied: { tls: { version: 'TLSv1.3', clientCommonName: 'romeo', verified: true } },
    });
  });

  it('proxy-v2-options: server name, cipher, identifier, under a checksum', async () => {
    expect(await detailsOf(2, romeo)).toMatchObject({
      remoteAddress: CLIENT,
      proxied: {
        authority: 'chat.example',
        uniqueId: expect.any(Uint8Array),
        tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', clientCommonName: 'romeo', verified: true },
      },
    });
    expect(shard.engine.counters().refused).toBe(0);
  });
});
