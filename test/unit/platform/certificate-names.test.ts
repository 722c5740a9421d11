/** The names in certificates: those of clients, and the domains that a server's covers. */
import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { certificateIdentities, coversDomain } from '../../../src/platform/certificates/index.js';
import { dnsName, otherName, srvName, testCertificate, testKey, xmppAddr } from './certificate-kit.js';

const key = testKey();
const stranger = testCertificate({ name: 'Stranger', key });

describe('coversDomain', () => {
  const covers = (domain: string, ...names: Parameters<typeof otherName>[0][] | ReturnType<typeof dnsName>[]) =>
    coversDomain(new X509Certificate(testCertificate({ name: 'Anybody', key, names: [names as never] }).der), domain);

  it('RFC 6120 section 13.7.1.2: by DNS name, with a wildcard for one label', () => {
    expect(covers('example.com', dnsName('example.com'))).toBe(true);
    expect(covers('example.com', dnsName('EXAMPLE.com'))).toBe(true);
    expect(covers('a.example.com', dnsName('*.example.com'))).toBe(true);
    expect(covers('a.b.example.com', dnsName('*.example.com'))).toBe(false);
    expect(covers('example.com', dnsName('example.net'))).toBe(false);
    expect(covers('münchen.de', dnsName('xn--mnchen-3ya.de'))).toBe(true);
  });

  it('RFC 6120 section 13.7.1.2: by SRV name of XMPP', () => {
    expect(covers('example.com', srvName('_xmpp-client.example.com'))).toBe(true);
    expect(covers('example.com', srvName('_xmpp-server.example.com'))).toBe(true);
    expect(covers('example.com', srvName('_imaps.example.com'))).toBe(false);
    expect(covers('example.com', srvName('_xmpp-client.example.net'))).toBe(false);
  });

  it('RFC 6120 section 13.7.1.4: by XMPP address', () => {
    expect(covers('example.com', xmppAddr('example.com'))).toBe(true);
    expect(covers('example.com', xmppAddr('romeo@example.com'))).toBe(false);
  });
});

describe('certificateIdentities', () => {
  const identities = (...names: ReturnType<typeof dnsName>[]) =>
    certificateIdentities(testCertificate({ name: 'Juliet', key, names: [names] }).der);

  it('XEP-0178 section 2: reads XMPP addresses, DNS names, SRV names and the common name', () => {
    expect(
      identities(
        xmppAddr('juliet@example.com'),
        xmppAddr('ジュリエット@example.com'),
        dnsName('example.com'),
        srvName('_xmpp-client.example.com'),
      ),
    ).toEqual({
      xmppAddresses: ['juliet@example.com', 'ジュリエット@example.com'],
      dnsNames: ['example.com'],
      srvNames: ['_xmpp-client.example.com'],
      commonName: 'Juliet',
    });
  });

  it('reads a certificate without alternative names', () => {
    expect(certificateIdentities(stranger.der)).toEqual({
      xmppAddresses: [],
      dnsNames: [],
      srvNames: [],
      commonName: 'Stranger',
    });
  });

  it('reads no common name of a string type that readers disagree on, and the other names all the same', () => {
    const names = [xmppAddr('juliet@example.com')];
    const { der } = testCertificate({ name: 'Juliet', nameType: 20, key, names: [names] });
    expect(certificateIdentities(der)).toMatchObject({ xmppAddresses: ['juliet@example.com'], commonName: undefined });
  });

  it('refuses a certificate with a NUL in its common name', () => {
    expect(certificateIdentities(testCertificate({ name: 'juliet\0.evil.com', key }).der)).toBeUndefined();
  });

  it('leaves other names alone', () => {
    expect(identities(otherName('1.2.3.4', 'juliet@example.com'))?.xmppAddresses).toEqual([]);
  });

  it.each([
    ['a NUL in an XMPP address', [xmppAddr('juliet@example.com\0.evil.com')]],
    ['a NUL in a DNS name', [dnsName('example.com\0.evil.com')]],
    ['a NUL in an SRV name', [srvName('_xmpp-client.example.com\0')]],
    ['bytes that are not UTF-8', [otherName('1.3.6.1.5.5.7.8.5', 'juliet\xff@example.com')]],
    ['bytes beyond ASCII in a DNS name', [dnsName('ex\xe4mple.com')]],
    ['an XMPP address of another string type', [otherName('1.3.6.1.5.5.7.8.5', 'juliet@example.com', 30)]],
  ])('refuses a certificate with %s', (_title, names) => expect(identities(...names)).toBeUndefined());

  it('RFC 5280 section 4.2: refuses a certificate with two lists of names', () => {
    const two = testCertificate({ name: 'J', key, names: [[xmppAddr('a@example.com')], [xmppAddr('b@example.com')]] });
    expect(certificateIdentities(two.der)).toBeUndefined();
  });

  it('is undefined for what is no certificate', () => {
    for (const der of [
      new Uint8Array(),
      new Uint8Array([0x30]),
      new Uint8Array(100_000),
      Buffer.from('30820000', 'hex'),
    ]) {
      expect(certificateIdentities(der)).toBeUndefined();
    }
  });

  it('reads the certificate only, whatever follows it', () => {
    expect(certificateIdentities(Buffer.concat([stranger.der, Buffer.from('more')]))?.commonName).toBe('Stranger');
  });

  it('never throws, whatever bytes are changed or cut off', () => {
    const { der } = testCertificate({ name: 'J', key, names: [[xmppAddr('a@example.com'), dnsName('example.com')]] });
    const position = fc.nat(der.length - 1);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(position, fc.nat(255)), { maxLength: 4 }),
        fc.nat(der.length),
        (changes, length) => {
          const changed = Buffer.from(der);
          for (const [at, byte] of changes) changed[at] = byte;
          for (const bytes of [changed, changed.subarray(0, length)]) {
            const names = certificateIdentities(bytes);
            if (names && JSON.stringify(names).includes('\\u0000')) return false;
          }
          return true;
        },
      ),
      { numRuns: 1500 },
    );
  });
});
