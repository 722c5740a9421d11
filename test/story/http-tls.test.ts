/** `[[listen.http]]` with TLS or behind a load balancer: what the gate in front of the server does. */
import { createPrivateKey, getDiffieHellman } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, expect, it } from 'vitest';
import { issue } from '../support/engine/certificates.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { Ctl } from '../support/story/ctl.js';
import { eventually } from '../support/story/eventually.js';
import { ask, get, RawHttp } from '../support/story/raw-http.js';
import type { TestServer } from '../support/story/server.js';
import { webListener } from '../support/story/web-listener.js';

const folder = mkdtempSync(join(tmpdir(), 'meerkat-story-'));
afterAll(() => rmSync(folder, { recursive: true }));

const authority = issue({ name: 'Authority of these tests', isAuthority: true });
const client = issue({ name: 'client', issuer: authority });
put('first');
const locked = issue({ name: 'locked' });
file('own.pem', locked.certificate);
const seal = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' } as const;
file('locked.pem', createPrivateKey(locked.key).export(seal).toString());
file('dh.pem', dhParameters());
file('authority.pem', authority.certificate);

const own = `certfile = "${join(folder, 'cert.pem')}", keyfile = "${join(folder, 'key.pem')}"`;
const LISTENERS = {
  plain: `tls = {${own}}`,
  tls13: `tls = {${own}, versions = ["tlsv1.3"]}`,
  required: `tls = {${own}, cacertfile = "${join(folder, 'authority.pem')}", verify_peer = true}`,
  chain: `tls = {${own}, cacertfile = "${join(folder, 'authority.pem')}"}`,
  few: `tls = {${own}}\n  transport.max_connections = 2`,
  list: `tls = {${own}, versions = ["tlsv1.2"], ciphers = "ECDHE-RSA-AES256-GCM-SHA384"}`,
  suites: `tls = {${own}, versions = ["tlsv1.2"], ciphers = [{cipher = "aes_128_gcm", key_exchange = "ecdhe_rsa", mac = "aead", prf = "sha256"}]}`,
  dh: `tls = {${own}, versions = ["tlsv1.2"], ciphers = "DHE-RSA-AES256-GCM-SHA384", dhfile = "${join(folder, 'dh.pem')}"}`,
  password: `tls = {certfile = "${join(folder, 'own.pem')}", keyfile = "${join(folder, 'locked.pem')}", password = "open sesame"}`,
  proxied: 'proxy_protocol = true\n  proxy_trusted = ["127.0.0.1"]',
  proxiedTls: `proxy_protocol = true\n  tls = {${own}}`,
} as const;
type Name = keyof typeof LISTENERS;

const HANDLER = '[[listen.http.handlers.meerkat_health_handler]]';
const rest = Object.values(LISTENERS).map((lines) => webListener(lines, HANDLER));

onBothEngines(
  'listen.http.tls',
  (engine) => ownConfig({ engine, shards: 2, rest: rest.join('') }),
  (server) => {
    const port = (name: Name) => portOf(server(), name);

    it('a request is served over TLS, however it is cut into pieces', async () => {
      const visitor = await RawHttp.connect(port('plain'), { tls: {} });
      for (const piece of get('/livez', 'X: y\r\n')) {
        visitor.send(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect((await visitor.answer()).body).toBe('ok\n');
      visitor.send(get('/readyz'));
      expect((await visitor.answer()).status).toBe(200);
      visitor.destroy();
    });

    it('RFC 7301: HTTP/1.1 is what ALPN settles on', async () => {
      const visitor = await RawHttp.connect(port('plain'), { tls: { ALPNProtocols: ['h2', 'http/1.1'] } });
      expect((visitor.socket as TLSSocket).alpnProtocol).toBe('http/1.1');
      visitor.destroy();
    });

    it('versions: an older one is refused', async () => {
      await expect(RawHttp.connect(port('tls13'), { tls: { maxVersion: 'TLSv1.2' } })).rejects.toThrow();
      expect((await ask(port('tls13'), get('/livez'), { tls: {} })).status).toBe(200);
    });

    it.each([
      ['list', 'ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES128-GCM-SHA256'],
      ['suites', 'ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES256-GCM-SHA384'],
    ] as const)("ciphers, as OpenSSL's list or Erlang's tables: %s takes %s and no other", async (name, good, bad) => {
      expect((await ask(port(name), get('/livez'), { tls: { ciphers: good } })).status).toBe(200);
      await expect(RawHttp.connect(port(name), { tls: { ciphers: bad } })).rejects.toThrow();
    });

    it('dhfile: its parameters are used', async () => {
      const visitor = await RawHttp.connect(port('dh'), { tls: {} });
      expect((visitor.socket as TLSSocket).getEphemeralKeyInfo()).toMatchObject({ type: 'DH', size: 3072 });
      visitor.destroy();
    });

    it('password: it opens the key', async () => {
      expect((await ask(port('password'), get('/livez'), { tls: {} })).status).toBe(200);
    });

    it('verify_peer: only a client with a certificate is let in', async () => {
      const { certificate: cert, key } = client;
      expect((await ask(port('required'), get('/livez'), { tls: { cert, key } })).status).toBe(200);
      await expect(ask(port('required'), get('/livez'), { tls: {} })).rejects.toThrow();
    });

    it('cacertfile alone is a chain: nobody is asked for a certificate', async () => {
      expect((await ask(port('chain'), get('/livez'), { tls: {} })).status).toBe(200);
    });

    it('transport.max_connections: one more is closed, and there is room again behind it', async () => {
      const two = await Promise.all([0, 1].map(() => RawHttp.connect(port('few'), { tls: {} })));
      await expect(RawHttp.connect(port('few'), { tls: {} })).rejects.toThrow();
      two[0]?.destroy();
      await eventually(async () => {
        const answer = await ask(port('few'), get('/livez'), { tls: {} }).catch(() => undefined);
        return answer?.status === 200;
      });
      two[1]?.destroy();
    });

    it('a changed certificate is used for new connections, and the old ones go on', async () => {
      const name = ({ socket }: RawHttp) => (socket as TLSSocket).getPeerCertificate().subject.CN;
      const reload = () => new Ctl(server().dataDir).json('server reloadCertificates');
      const before = await RawHttp.connect(port('plain'), { tls: {} });
      expect(name(before)).toBe('first');
      put('second');
      try {
        await reload();
        const after = await RawHttp.connect(port('plain'), { tls: {} });
        expect(name(after)).toBe('second');
        before.send(get('/livez'));
        expect((await before.answer()).status).toBe(200);
        after.destroy();
      } finally {
        put('first');
        await reload();
        before.destroy();
      }
    });

    it.each([
      ['1', Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 1234 443\r\n')],
      ['2 with more than addresses', version2()],
    ])('proxy_protocol: version %s, in front of TLS and of HTTP', async (_, first) => {
      expect((await ask(port('proxied'), get('/livez'), { first })).status).toBe(200);
      expect((await ask(port('proxiedTls'), get('/livez'), { first, tls: {} })).status).toBe(200);
    });

    it('proxy_protocol: a connection without a header, or from elsewhere, is closed and logged', async () => {
      const direct = await RawHttp.connect(port('proxied'));
      direct.send(get('/livez'));
      await direct.closed();
      expect(direct.received).toHaveLength(0);
      const first = 'PROXY TCP4 192.0.2.7 192.0.2.1 1234 443\r\n';
      await expect(ask(port('proxied'), get('/livez'), { first, from: '127.0.0.2' })).rejects.toThrow();
      await eventually(() => server().output().includes('the address is not in proxy_trusted'));
    });
  },
);

function portOf(server: TestServer, name: Name): number {
  return server.ports[1 + Object.keys(LISTENERS).indexOf(name)] as number;
}

/** PKCS #3, with the prime of 3072 bits of RFC 3526. */
function dhParameters(): string {
  const integer = (bytes: Buffer) => Buffer.concat([Buffer.from([0x02, 0x82, 0, 0]), bytes]);
  const prime = integer(Buffer.concat([Buffer.alloc(1), getDiffieHellman('modp15').getPrime()]));
  prime.writeUInt16BE(prime.length - 4, 2);
  const content = Buffer.concat([prime, Buffer.from([0x02, 0x01, 0x02])]);
  const head = Buffer.from([0x30, 0x82, 0, 0]);
  head.writeUInt16BE(content.length, 2);
  const text = Buffer.concat([head, content]).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN DH PARAMETERS-----\n${text}\n-----END DH PARAMETERS-----\n`;
}

function put(name: string): void {
  const { certificate, key } = issue({ name });
  file('cert.pem', certificate);
  file('key.pem', key);
}

function file(name: string, text: string): void {
  rmSync(join(folder, name), { force: true });
  writeFileSync(join(folder, name), text);
}

function version2(): Buffer {
  const addresses = Buffer.from([192, 0, 2, 7, 192, 0, 2, 1, 4, 210, 1, 187]);
  const name = Buffer.concat([Buffer.from([0x02, 0, 9]), Buffer.from('localhost')]);
  const head = Buffer.from('0d0a0d0a000d0a515549540a2111', 'hex');
  return Buffer.concat([head, Buffer.from([0, addresses.length + name.length]), addresses, name]);
}
