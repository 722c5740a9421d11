/** Certificates of every good and bad kind, made for tests. */
import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';

const { asn1, pki, util } = forge;
const { Class, Type } = asn1;

export interface TestKey {
  readonly publicPem: string;
  readonly privatePem: string;
}

/** RSA of 1024 bits: quick to make, and nothing here is secret. */
export function testKey(): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 1024,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { publicPem: publicKey, privatePem: privateKey };
}

export interface TestCertificate {
  readonly key: TestKey;
  readonly pem: string;
  readonly der: Uint8Array;
  readonly name: string;
}

export interface TestCertificateOptions {
  readonly name: string;
  readonly key: TestKey;
  readonly issuer?: TestCertificate | undefined;
  readonly isAuthority?: boolean;
  /** Of the common name: ASN.1's number of the string type. */
  readonly nameType?: number;
  readonly from?: string;
  readonly to?: string;
  /** Each becomes a subjectAltName extension; more than one is against RFC 5280. */
  readonly names?: readonly (readonly forge.asn1.Asn1[])[];
}

let serial = 1;

export function testCertificate(options: TestCertificateOptions): TestCertificate {
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(options.key.publicPem);
  certificate.serialNumber = (serial++).toString(16).padStart(2, '0');
  certificate.validity.notBefore = new Date(options.from ?? '2020-01-01T00:00:00Z');
  certificate.validity.notAfter = new Date(options.to ?? '2049-01-01T00:00:00Z');
  certificate.setSubject([
    { name: 'commonName', value: options.name, valueTagClass: (options.nameType ?? Type.UTF8) as never },
  ]);
  certificate.setIssuer([
    { name: 'commonName', value: options.issuer?.name ?? options.name, valueTagClass: Type.UTF8 as never },
  ]);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: options.isAuthority ?? false },
    ...(options.names ?? []).map((names) => ({
      id: '2.5.29.17',
      value: asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, [...names]),
    })),
  ]);
  certificate.sign(pki.privateKeyFromPem((options.issuer?.key ?? options.key).privatePem), forge.md.sha256.create());
  const pem = pki.certificateToPem(certificate);
  const der = Buffer.from(asn1.toDer(pki.certificateToAsn1(certificate)).getBytes(), 'latin1');
  return { key: options.key, pem, der, name: options.name };
}

export function dnsName(name: string): forge.asn1.Asn1 {
  return asn1.create(Class.CONTEXT_SPECIFIC, 2 as never, false, name);
}

/** `type` is that of the ASN.1 string; `text` is its bytes. */
export function otherName(oid: string, text: string, type: number = Type.UTF8): forge.asn1.Asn1 {
  return asn1.create(Class.CONTEXT_SPECIFIC, 0 as never, true, [
    asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(oid).getBytes()),
    asn1.create(Class.CONTEXT_SPECIFIC, 0 as never, true, [asn1.create(Class.UNIVERSAL, type as never, false, text)]),
  ]);
}

export function xmppAddr(address: string): forge.asn1.Asn1 {
  return otherName('1.3.6.1.5.5.7.8.5', util.encodeUtf8(address));
}

export function srvName(name: string): forge.asn1.Asn1 {
  return otherName('1.3.6.1.5.5.7.8.7', name, Type.IA5STRING);
}
