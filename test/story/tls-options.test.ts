/** The `tls` section of a listener: certificates, versions, ciphers, client certificates, in both generations of spellings. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { afterAll, expect, it } from 'vitest';
import { issue } from '../support/engine/certificates.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { RawClient } from '../support/story/raw-client.js';
import type { TestServer } from '../support/story/server.js';
import { revocationList } from '../unit/engine/revocation-list.js';

const folder = mkdtempSync(join(tmpdir(), 'meerkat-story-'));
afterAll(() => rmSync(folder, { recursive: true }));

const authority = issue({ name: 'Authority of these tests', isAuthority: true });
const client = issue({ name: 'client', issuer: authority });
const revoked = issue({ name: 'revoked', issuer: authority });
const stranger = issue({ name: 'stranger' });

const localhost = serverCertificate('localhost');
const other = serverCertificate('other.example');
const authorityFile = file('authority.pem', authority.certificate);
const crlFile = file('revoked.pem', revocationList(authority, [revoked.certificate]));

const base = `certfile = "${localhost}", verify_mode = "none"`;
const verifying = `module = "just_tls", mode = "starttls", certfile = "${localhost}", cacertfile = "${authorityFile}"`;

const LISTENERS = {
  plain: `mode = "starttls", ${base}`,
  tls12: `module = "just_tls", mode = "starttls", ${base}, versions = ["tlsv1.2"]`,
  tls13: `module = "just_tls", mode = "starttls", ${base}, versions = ["tlsv1.3"]`,
  fast: `module = "fast_tls", mode = "starttls", certfile = "${localhost}", protocol_options = ["no_sslv2", "no_sslv3", "no_tlsv1", "no_tlsv1_1", "no_tlsv1_3"], ciphers = "ECDHE-RSA-AES256-GCM-SHA384"`,
  just: `module = "just_tls", mode = "starttls", ${base}, ciphers = "ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_256_GCM_SHA384"`,
  required: `${verifying}, verify_mode = "peer"`,
  lenient: `${verifying}, verify_mode = "peer", disconnect_on_failure = false`,
  selfsigned: `${verifying}, verify_mode = "selfsigned_peer"`,
  crl: `${verifying}, verify_mode = "peer", crl_files = ["${crlFile}"]`,
  old: `module = "fast_tls", mode = "starttls", certfile = "${localhost}", cacertfile = "${authorityFile}", verify_peer = true`,
} as const;
type Name = keyof typeof LISTENERS;

onBothEngines(
  'listen.c2s.tls',
  (engine) =>
    ownConfig({
      engine,
      hosts: ['localhost', 'other.example'],
      general: `  domain_certfile = [{domain = "other.example", certfile = "${other}"}]`,
      listeners: Object.values(LISTENERS).map((tls) => `tls = {${tls}}`),
    }),
  (server) => {
    it('domain_certfile: the certificate is that of the name in SNI', async () => {
      expect(await subject(server(), 'plain', { servername: 'other.example' })).toBe('other.example');
      expect(await subject(server(), 'plain', { servername: 'localhost' })).toBe('localhost');
      expect(await subject(server(), 'plain', { servername: 'unknown.example' })).toBe('localhost');
    });

    it('domain_certfile: and without SNI that of the domain that the stream asked for', async () => {
      expect(await subject(server(), 'plain', {}, 'other.example')).toBe('other.example');
      expect(await subject(server(), 'plain', {}, 'localhost')).toBe('localhost');
    });

    it.each([
      ['tls12', 'TLSv1.2', 'TLSv1.2'],
      ['tls12', 'TLSv1.3', undefined],
      ['tls13', 'TLSv1.3', 'TLSv1.3'],
      ['tls13', 'TLSv1.2', undefined],
      ['fast', 'TLSv1.2', 'TLSv1.2'],
      ['fast', 'TLSv1.3', undefined],
      ['plain', 'TLSv1.2', 'TLSv1.2'],
      ['plain', 'TLSv1.3', 'TLSv1.3'],
      ['plain', 'TLSv1.1', undefined],
    ] as const)('versions, protocol_options: %s meets a client that speaks %s alone', async (name, version, agreed) => {
      const options: ConnectionOptions = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' };
      expect((await handshake(server(), name, options))?.version).toBe(agreed);
    });

    it.each([
      ['fast', 'TLSv1.2', 'ECDHE-RSA-AES256-GCM-SHA384', true],
      ['fast', 'TLSv1.2', 'ECDHE-RSA-AES128-GCM-SHA256', false],
      ['just', 'TLSv1.2', 'ECDHE-RSA-AES128-GCM-SHA256', true],
      ['just', 'TLSv1.2', 'ECDHE-RSA-AES256-GCM-SHA384', false],
      ['just', 'TLSv1.3', 'TLS_AES_256_GCM_SHA384', true],
      ['just', 'TLSv1.3', 'TLS_AES_128_GCM_SHA256', false],
    ] as const)('ciphers: %s and a client of %s with %s alone: %s', async (name, version, ciphers, isAgreed) => {
      const agreed = await handshake(server(), name, { ciphers, minVersion: version, maxVersion: version });
      expect(agreed?.cipher).toBe(isAgreed ? ciphers : undefined);
    });

    const [good, bad, self, gone] = [client, stranger, stranger, revoked].map(({ certificate, key }) => ({
      cert: certificate,
      key,
    }));
    it.each([
      ['none', 'plain', {}, true],
      ['peer, with a certificate of the authority', 'required', good, true],
      ['peer, with one of nobody we know', 'required', bad, false],
      ['peer, with none', 'required', {}, false],
      ['peer, not disconnecting, with one of nobody we know', 'lenient', bad, true],
      ['peer, not disconnecting, with none', 'lenient', {}, true],
      ['selfsigned_peer, with one that signed itself', 'selfsigned', self, true],
      ['selfsigned_peer, with one of the authority', 'selfsigned', good, true],
      ['peer with crl_files, with one that was not revoked', 'crl', good, true],
      ['peer with crl_files, with one that was', 'crl', gone, false],
      ['verify_peer of the older library, with one of the authority', 'old', good, true],
      ['verify_peer of the older library, with one of nobody we know', 'old', bad, false],
    ] as const)('verify_mode: %s', async (_, name, options, isLetIn) => {
      const versions = ['TLSv1.2', 'TLSv1.3'] as const;
      for (const version of versions)
        expect(await isServed(server(), name, { ...options, minVersion: version, maxVersion: version })).toBe(isLetIn);
    });
  },
);

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Certificate and key in one file. */
function serverCertificate(domain: string): string {
  const { certificate, key } = issue({ name: domain });
  return file(`${domain}.pem`, certificate + key);
}

async function begin(server: TestServer, name: Name, domain: string): Promise<RawClient> {
  const raw = await RawClient.connect(server.ports[Object.keys(LISTENERS).indexOf(name)] as number);
  await raw.open(domain);
  return raw;
}

/** What a handshake agreed on; undefined when there is no agreement. */
async function handshake(server: TestServer, name: Name, options: ConnectionOptions, domain = 'localhost') {
  const raw = await begin(server, name, domain);
  try {
    await raw.startTls(options);
    const socket = raw.socket as TLSSocket;
    const { subject } = socket.getPeerCertificate();
    return { version: socket.getProtocol(), cipher: socket.getCipher().name, subject: subject.CN };
  } catch {
    return undefined;
  } finally {
    raw.destroy();
  }
}

async function subject(server: TestServer, name: Name, options: ConnectionOptions, domain = 'localhost') {
  return (await handshake(server, name, options, domain))?.subject;
}

/** Whether a stream opens under TLS: a server of TLS 1.3 refuses a certificate behind the client's last word. */
async function isServed(server: TestServer, name: Name, options: ConnectionOptions): Promise<boolean> {
  const raw = await begin(server, name, 'localhost');
  try {
    await raw.startTls(options);
    return await Promise.race([raw.open().then(() => true), raw.closed().then(() => false)]);
  } catch {
    return false;
  } finally {
    raw.destroy();
  }
}
