/** The TLS settings of a listener, with the files that they name. */
import { createDiffieHellmanGroup, createPrivateKey, createSign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { TlsOptionsError, tlsOptions } from '../../../../src/net/listeners/tls-options.js';
import type { DomainCertificate, ListenerTls } from '../../../../src/platform/config/index.js';
import { issueCertificate } from '../../../support/client-certificate.js';

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
const source = {
  read: async (path: string) => {
    const text = files[path];
    if (text !== undefined) return text;
    throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
  },
  automatic: async (domains: readonly string[]) => ({ certificate: `made for ${domains}`, key: 'made' }),
};

function section(changes: Partial<ListenerTls> = {}): ListenerTls {
  return {
    mode: 'starttls',
    module: 'fast_tls',
    certificate: 'files',
    certfile: 'all.pem',
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
  return tlsOptions(tls, { listen: { c2s }, general: { hosts: ['example.org'], domain_certfile } }, source);
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
    expect(options.certificate.trim().startsWith(own.pem.slice(0, 60).trim())).toBe(true);
    expect(options.certificate).not.toContain('some text');
    expect(options.key.trim()).toBe(own.keyPem.trim());
    expect(options).toMatchObject({ versions: ['TLSv1.2', 'TLSv1.3'], verify: 'none', alpn: [], names: [], crls: [] });
    expect(options.ciphers).toBe(undefined);
  });

  test('takes the key from a file of its own, with its passphrase in either form', async () => {
    expect(await read({ certfile: 'cert.pem', keyfile: 'key.pem' })).toMatchObject({ key: own.keyPem.trim() });
    for (const keyfile of ['locked.pem', 'locked-old.pem']) {
      const options = await read({ certfile: 'cert.pem', keyfile, password: 'open' });
      expect(options.passphrase).toBe('open');
      const signature = createSign('sha256')
        .update('x')
        .sign({ key: options.key, passphrase: options.passphrase ?? '' });
      expect(signature.length).toBe(256);
    }
  });

  test('carries over what the configuration has settled', async () => {
    const options = await read({
      mode: 'tls',
      cacertfile: 'ca.pem',
      dhfile: 'dh.pem',
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

  test('certificate = "automatic" asks for one for all hosts', async () => {
    const automatic = async (domains: readonly string[]) => {
      expect(domains).toEqual(['example.org']);
      return { certificate: own.pem, key: own.keyPem };
    };
    const tls = section({ certificate: 'automatic', certfile: undefined });
    const config = { listen: { c2s: [{ tls }] as never }, general: { hosts: ['example.org'], domain_certfile: [] } };
    expect(await tlsOptions(tls, config, { ...source, automatic })).toMatchObject({ certificate: own.pem });
  });

  test('general.domain_certfile gives names, in ASCII too for a domain beyond it', async () => {
    const { names } = await read({}, [
      { domain: 'example.net', certfile: 'other.pem' },
      { domain: 'bücher.example', certfile: 'other.pem' },
    ]);
    expect(names.map(({ name }) => name)).toEqual(['example.net', 'bücher.example', 'xn--bcher-kva.example']);
    expect(names[0]?.certificate.trim()).toBe(other.pem.trim());
  });
});

describe('tlsOptions refuses', () => {
  const place = 'listen.c2s[1].tls';

  test.each([
    ['a missing file', { certfile: 'none.pem' }, `${place}.certfile: none.pem cannot be read: there is no such file`],
    [
      'a file without a certificate',
      { certfile: 'key.pem' },
      `${place}.certfile: key.pem holds no "BEGIN CERTIFICATE"`,
    ],
    ['a certificate without a key', { certfile: 'cert.pem' }, `${place}.keyfile: cert.pem holds no private key`],
    ['a broken certificate', { certfile: 'broken.pem' }, `${place}.certfile: a "BEGIN CERTIFICATE" in broken.pem`],
    [
      'the key of another',
      { certfile: 'cert.pem', keyfile: 'other.pem' },
      `${place}.keyfile: the key in other.pem does not belong`,
    ],
    [
      'a wrong passphrase',
      { certfile: 'cert.pem', keyfile: 'locked.pem', password: 'x' },
      `${place}.keyfile: certificate and key`,
    ],
    ['a missing passphrase', { certfile: 'cert.pem', keyfile: 'locked.pem' }, `${place}.keyfile: certificate and key`],
    [
      'authorities in no PEM form',
      { cacertfile: 'text.pem' },
      `${place}.cacertfile: text.pem holds no "BEGIN CERTIFICATE"`,
    ],
    [
      'revocations that are none',
      { crl_files: ['text.pem'] },
      `${place}.crl_files[0]: text.pem holds no "BEGIN X509 CRL"`,
    ],
    ['damaged parameters', { dhfile: 'damaged-dh.pem' }, `${place}.dhfile: a "BEGIN DH PARAMETERS" in damaged-dh.pem`],
    [
      'weak parameters',
      { dhfile: 'weak-dh.pem' },
      `${place}.dhfile: a "BEGIN DH PARAMETERS" in weak-dh.pem cannot be used: the prime has 1024 bits`,
    ],
    ['damaged revocations', { crl_files: ['crl.pem'] }, `${place}.crl_files[0]: a "BEGIN X509 CRL" in crl.pem`],
    ['damaged authorities', { cacertfile: 'broken.pem' }, `${place}.cacertfile: a "BEGIN CERTIFICATE" in broken.pem`],
    ['a certificate whose key OpenSSL finds too small', { certfile: 'small.pem' }, `${place}: OpenSSL does not take`],
  ])('%s, with its place', async (_, changes, beginning) => {
    const found = await problems(read(changes));
    expect(found).toHaveLength(1);
    expect(found[0]?.startsWith(beginning)).toBe(true);
  });

  test('all of it at once, without a word of keys or passphrases', async () => {
    const answer = read(
      { certfile: 'cert.pem', keyfile: 'locked.pem', password: 'hunter2', cacertfile: 'none.pem', dhfile: 'text.pem' },
      [{ domain: 'example.net', certfile: 'gone.pem' }],
    );
    const found = await problems(answer);
    expect(found.map((problem) => problem.slice(0, problem.indexOf(':')))).toEqual([
      `${place}.keyfile`,
      `${place}.cacertfile`,
      `${place}.dhfile`,
      'general.domain_certfile[0].certfile',
    ]);
    expect(found.join()).not.toMatch(/hunter2|PRIVATE KEY-----/);
  });

  test('to go on without a certificate of its own making', async () => {
    const automatic = async () => {
      throw new Error('disk full');
    };
    const tls = section({ certificate: 'automatic' });
    const config = { listen: { c2s: [{ tls }] as never }, general: { hosts: [], domain_certfile: [] } };
    expect(await problems(tlsOptions(tls, config, { ...source, automatic }))).toEqual([
      'listen.c2s[0].tls.certificate: no certificate could be made: disk full',
    ]);
  });
});
