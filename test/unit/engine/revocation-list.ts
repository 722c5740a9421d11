/** Certificate revocation lists for tests (RFC 5280 section 5). */
import { createSign } from 'node:crypto';
import forge from 'node-forge';
import type { Issued } from '../../support/engine/certificates.js';

const { asn1, pki } = forge;
const { UNIVERSAL } = asn1.Class;
const { SEQUENCE, INTEGER, OID, NULL, UTCTIME, BITSTRING } = asn1.Type;

const sequence = (...items: forge.asn1.Asn1[]) => asn1.create(UNIVERSAL, SEQUENCE, true, items);
const time = (ms: number) => asn1.create(UNIVERSAL, UTCTIME, false, asn1.dateToUtcTime(new Date(ms)));

/** A list in PEM, signed by the issuer, that names these certificates. */
export function revocationList(issuer: Issued, revoked: readonly string[]): string {
  const day = 24 * 60 * 60 * 1000;
  const sha256WithRsa = sequence(
    asn1.create(UNIVERSAL, OID, false, asn1.oidToDer('1.2.840.113549.1.1.11').getBytes()),
    asn1.create(UNIVERSAL, NULL, false, ''),
  );
  const entries = revoked.map((pem) => {
    const serial = forge.util.hexToBytes(pki.certificateFromPem(pem).serialNumber);
    return sequence(asn1.create(UNIVERSAL, INTEGER, false, serial), time(Date.now() - day));
  });
  const list = sequence(
    asn1.create(UNIVERSAL, INTEGER, false, asn1.integerToDer(1).getBytes()),
    sha256WithRsa,
    pki.distinguishedNameToAsn1(pki.certificateFromPem(issuer.certificate).subject),
    time(Date.now() - day),
    time(Date.now() + day),
    sequence(...entries),
  );
  const signed = Buffer.from(asn1.toDer(list).getBytes(), 'latin1');
  const signature = createSign('sha256').update(signed).sign(issuer.key).toString('latin1');
  const whole = sequence(list, sha256WithRsa, asn1.create(UNIVERSAL, BITSTRING, false, `\0${signature}`));
  const base64 = Buffer.from(asn1.toDer(whole).getBytes(), 'latin1').toString('base64');
  return `-----BEGIN X509 CRL-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END X509 CRL-----\n`;
}
