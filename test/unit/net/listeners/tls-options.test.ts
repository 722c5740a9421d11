/** The TLS settings of a listener, with the files that they name. */
import { createDiffieHellmanGroup, createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TlsOptionsError, tlsOptions } from '../../../../src/net/listeners/tls-options.js';
import type { DomainCertificate, ListenerTls } from '../../../../src/platform/config/index.js';
import { systemRandom } from '../../../../src/platform/random.js';
import { issueCertificate } from '../../../support/client-certificate.js';
import { FakeClock } from '../../../support/fake-clock.js';

const authority = issueCertificate({ commonName: 'authority' });
const own = issueCertificate({ dnsNames: ['example.org'], issuer: authority });
const other = issueCertificate({ dnsNames: ['example.net'] });
const locked = createPrivateKey(own.keyPem)
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open' })
  .toString();
const lockedOldForm = createPrivateKey(own.keyPem)
  .export({ type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'open' })
  .toString();

const small = issueCertificate({ dnsNames: ['example.org'], bits: 512 });

/** PKCS #3, as `openssl dhparam` writes it. */
function dhParameters(group: string): string {
  const prime = createDiffieHellmanGroup(group).getPrime();
  const integer = Buffer.concat([Buffer.from([0x02, 0x82, 0, 0]), Buffer.from([0]), prime]);
  integer.writeUInt16BE(prime.length + 1, 2);
  const body = Buffer.concat([integer, Buffer.from([0x02, 0x01, 0x02])]);
  const header = Buffer.from([0x30, 0x82, 0, 0]);
  header.writeUInt16BE(body.length, 2);
  const text = Buffer.concat([header, body]).toString('base64');
  return `-----BEGIN DH PARAMETERS-----\n${text}\n-----END DH PARAMETERS-----\n`;
}

const files: Record<string, string> = {
  'all.pem': `some text before\n${own.pem}${authority.pem}${own.keyPem}`,
  'cert.pem': own.pem,
  'key.pem': own.keyPem,
  'locked.pem': locked,
  'locked-old.pem': lockedOldForm,
  'other.pem': other.pem + other.keyPem,
  'ca.pem': authority.pem,
  'text.pem': 'hello',
  'broken.pem': `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${own.keyPem}`,
  'dh.pem': dhParameters('modp14'),
  'weak-dh.pem': dhParameters('modp2'),
  'damaged-dh.pem': '-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n',
  'crl.pem': '-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n',
  'small.pem': small.pem + small.keyPem,
};
const folder = mkdtempSync(join(tmpdir(), 'meerkat-tls-'));
for (const name in files) writeFileSync(join(folder, name), files[name] as string);
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const warnings: string[] = [];
const surroundings = {
  dataDir: folder,
  clock: new FakeClock(Date.now()),
  random: systemRandom,
  warn: (problem: string) => void warnings.push(problem),
};

function section(changes: Partial<ListenerTls> = {}): ListenerTls {
  return {
    mode: 'starttls',
    module: 'fast_tls',
    certificate: 'files',
    certfile: at('all.pem'),
    crl_files: [],
    verify_mode: 'none',
    require_certificate: false,
    disconnect_on_failure: true,
    versions: ['tlsv1.2', 'tlsv1.3'],
    prefer_server_ciphers: false,
    ...changes,
  };
}

function read(changes: Partial<ListenerTls> = {}, domain_certfile: DomainCertificate[] = []) {
  const tls = section(changes);
  const c2s = [{ tls: undefined }, { tls }] as never;
  return tlsOptions(tls, { listen: { c2s }, general: { hosts: ['example.org'], domain_certfile } }, surroundings);
}

async function problems(answer: Promise<unknown>): Promise<readonly string[]> {
  const error = await answer.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(TlsOptionsError);
  return (error as TlsOptionsError).problems;
}

describe('tlsOptions', () => {
  test('takes certificate, chain and key from one file', async () => {
    const options = await read();
    expect(options.certificate.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(new X509Certificate(options.certificate).serialNumber).toBe(new X509Certificate(own.pem).serialNumber);
    expect(new X509Certificate(options.certificate).checkHost('example.org')).toBe('example.org');
    expect(new X509Certificate(options.certificate).checkPrivateKey(createPrivateKey(options.key))).toBe(true);
    expect(options).toMatchObject({ versions: ['TLSv1.2', 'TLSv1.3'], verify: 'none', alpn: [], names: [], crls: [] });
    expect(options.ciphers).toBe(undefined);
    expect(warnings).toEqual([]);
  });

  test.each([
    ['key.pem', undefined],
    ['locked.pem', 'open'],
    ['locked-old.pem', 'open'],
  ])('takes the key from a file of its own: %s, with passphrase %s', async (name, password) => {
    const { key } = await read({ certfile: at('cert.pem'), keyfile: at(name), password });
    expect(createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' })).toBe(own.keyPem);
  });

  test('carries over what the configuration has settled', async () => {
    const options = await read({
      mode: 'tls',
      cacertfile: at('ca.pem'),
      dhfile: at('dh.pem'),
      verify_mode: 'selfsigned_peer',
      require_certificate: true,
      disconnect_on_failure: false,
      versions: ['tlsv1', 'tlsv1.1'],
      ciphers: 'ECDHE-RSA-AES256-GCM-SHA384',
      cipher_suites: 'TLS_AES_256_GCM_SHA384',
      prefer_server_ciphers: true,
    });
    expect(options).toMatchObject({
      versions: ['TLSv1', 'TLSv1.1'],
      ca: authority.pem,
      dhParameters: files['dh.pem'],
      verify: 'selfsigned',
      requireCertificate: true,
      disconnectOnFailure: false,
      ciphers: 'ECDHE-RSA-AES256-GCM-SHA384',
      cipherSuites: 'TLS_AES_256_GCM_SHA384',
      preferServerCiphers: true,
    });
    // XEP-0368 section 4.
    expect(options.alpn).toEqual(['xmpp-client']);
  });

  test('certificate = "automatic" makes one for all hosts and keeps it', async () => {
    const first = await read({ certificate: 'automatic', certfile: undefined });
    expect(new X509Certificate(first.certificate).checkHost('example.org')).toBe('example.org');
    expect(await read({ certificate: 'automatic', certfile: undefined })).toEqual(first);
  });

  test('general.domain_certfile gives names, in ASCII too for a domain beyond it', async () => {
    const { names } = await read({}, [
      { domain: 'example.net', certfile: at('other.pem') },
      { domain: 'bücher.example', certfile: at('other.pem') },
    ]);
    expect(names.map(({ name }) => name)).toEqual(['example.net', 'bücher.example', 'xn--bcher-kva.example']);
    expect(names[0]?.certificate.trim()).toBe(other.pem.replaceAll('\r', '').trim());
    expect(warnings.splice(0)).toEqual([
      expect.stringMatching(/^general\.domain_certfile\[1\]: .*other\.pem: .*not made out to bücher\.example/),
    ]);
  });
});

describe('tlsOptions refuses', () => {
  const place = 'listen.c2s[1].tls';

  test.each([
    ['a missing file', { certfile: 'none.pem' }, ': none.pem: does not exist'],
    ['a certificate without a key', { certfile: at('cert.pem') }, `: ${at('cert.pem')}: holds no private key`],
    ['a wrong passphrase', { keyfile: at('locked.pem'), password: 'x' }, `: ${at('locked.pem')}: the private key`],
    [
      'the key of another',
      { keyfile: at('other.pem') },
      `: ${at('other.pem')}: the private key belongs to no certificate`,
    ],
    ['missing authorities', { cacertfile: 'none.pem' }, '.cacertfile: none.pem: does not exist'],
    [
      'authorities in no PEM form',
      { cacertfile: at('text.pem') },
      `.cacertfile: ${at('text.pem')}: holds no "BEGIN CERT`,
    ],
    ['damaged authorities', { cacertfile: at('broken.pem') }, `.cacertfile: ${at('broken.pem')}: `],
    ['revocations that are none', { crl_files: [at('text.pem')] }, `.crl_files[0]: ${at('text.pem')}: holds no`],
    ['damaged revocations', { crl_files: [at('crl.pem')] }, `.crl_files[0]: ${at('crl.pem')}: `],
    ['damaged parameters', { dhfile: at('damaged-dh.pem') }, `.dhfile: ${at('damaged-dh.pem')}: it is damaged`],
    ['weak parameters', { dhfile: at('weak-dh.pem') }, `.dhfile: ${at('weak-dh.pem')}: the prime has 1024 bits`],
    ['a key that OpenSSL finds too small', { certfile: at('small.pem') }, ': OpenSSL does not take these settings: '],
  ])('%s, with its place', async (_, changes, beginning) => {
    const found = await problems(read(changes));
    expect(found).toHaveLength(1);
    expect(found[0]?.slice(0, place.length + beginning.length)).toBe(place + beginning);
  });

  test('all of it at once, without a word of keys or passphrases', async () => {
    const answer = read(
      { keyfile: at('locked.pem'), password: 'hunter2', cacertfile: 'none.pem', dhfile: at('text.pem') },
      [{ domain: 'example.net', certfile: 'gone.pem' }],
    );
    const found = await problems(answer);
    expect(found.map((problem) => problem.slice(0, problem.indexOf(':'))).sort()).toEqual([
      'general.domain_certfile[0]',
      place,
      `${place}.cacertfile`,
      `${place}.dhfile`,
    ]);
    expect(found.join()).not.toMatch(/hunter2|PRIVATE KEY-----/);
  });
});
