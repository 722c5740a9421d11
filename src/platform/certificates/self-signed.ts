/** Certificates that the server makes for itself, so that TLS works from the first start on. */
import { createHash, createPublicKey, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { domainToAscii } from '../../protocol/jid/domain.js';
import type { Random } from '../random.js';
import { oid } from './oids.js';

type Forge = typeof import('node-forge');
type Asn1 = import('node-forge').asn1.Asn1;

/** Marks a certificate as our own work, which may be replaced by a newer one. */
export const ISSUED_BY = 'Meerkat self-signed';

/** Left out of the types of forge. */
interface IpCodec {
  bytesFromIP(address: string): string;
}

const YEARS = 10;
const MS_PER_DAY = 86_400_000;
/** RFC 5280 appendix A: ub-common-name. */
const MAX_COMMON_NAME = 64;
const SERIAL_BYTES = 16;

/** PEM of PKCS #8. RSA of 2048 bits, because operators' cipher lists often leave nothing for other kinds. */
export async function makeKey(): Promise<string> {
  const options = {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  } as const;
  const { privateKey } = await promisify(generateKeyPair)('rsa', options);
  return privateKey;
}

/** `domains` are prepared, and not none. */
export async function signOwnCertificate(
  key: string,
  domains: readonly string[],
  now: number,
  random: Random,
): Promise<string> {
  // Loaded here only, since it takes a while and few starts need it.
  const { default: library } = await import('node-forge');
  const { pki } = library;
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(publicKeyOf(key));
  certificate.serialNumber = serialNumber(random);
  certificate.validity.notBefore = new Date(now - MS_PER_DAY);
  certificate.validity.notAfter = new Date(now);
  certificate.validity.notAfter.setUTCFullYear(new Date(now).getUTCFullYear() + YEARS);
  const name = distinguishedName(domains[0]!);
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    { name: 'subjectKeyIdentifier' },
    { id: oid.SUBJECT_ALT_NAME, value: alternativeNames(library, domains) },
  ]);
  certificate.sign(pki.privateKeyFromPem(key), library.md.sha256.create());
  return pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
}

function publicKeyOf(key: string): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}

/** RFC 5280 section 4.1.2.2: positive, and at most 20 bytes. */
function serialNumber(random: Random): string {
  const hex = random.hex(SERIAL_BYTES);
  return `4${hex.slice(1)}`;
}

function distinguishedName(domain: string): { type?: string; name?: string; value: string }[] {
  const commonName = domainToAscii(domain);
  const organization = { name: 'organizationName', value: ISSUED_BY };
  return commonName.length > MAX_COMMON_NAME
    ? [organization]
    : [{ type: oid.COMMON_NAME, value: commonName }, organization];
}

/** RFC 6120 section 13.7.1.2: a DNS name and an XMPP address for each domain. */
function alternativeNames({ asn1, util }: Forge, domains: readonly string[]): Asn1 {
  const { Class, Type } = asn1;
  const context = (tag: number, constructed: boolean, value: string | Asn1[]): Asn1 =>
    asn1.create(Class.CONTEXT_SPECIFIC, tag as never, constructed, value);
  const names = domains.flatMap((domain) => {
    const address = domain.startsWith('[') ? domain.slice(1, -1) : /^[\d.]+$/.test(domain) ? domain : undefined;
    const host =
      address === undefined
        ? context(2, false, domainToAscii(domain))
        : context(7, false, (util as unknown as IpCodec).bytesFromIP(address));
    const text = asn1.create(Class.UNIVERSAL, Type.UTF8, false, util.encodeUtf8(domain));
    const type = asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(oid.XMPP_ADDR).getBytes());
    return [host, context(0, true, [type, context(0, true, [text])])];
  });
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, names);
}

/** Lower-case hexadecimal SHA-256 with colons, as people compare it with what their client shows. */
export function fingerprint(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex').match(/../g)!.join(':');
}
