/** Client certificates for tests, with whatever names a certificate can hold. */
import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';

export interface CertificateRequest {
  readonly commonName?: string | undefined;
  readonly xmppAddresses?: readonly string[] | undefined;
  readonly dnsNames?: readonly string[] | undefined;
  /** Signs the certificate; it signs itself when there is none. */
  readonly issuer?: IssuedCertificate | undefined;
  /** Of the RSA key; 2048 by default. */
  readonly bits?: number | undefined;
}

export interface IssuedCertificate {
  readonly der: Buffer;
  readonly pem: string;
  readonly keyPem: string;
}

const DAYS_30 = 30 * 86_400_000;
const XMPP_ADDR = '1.3.6.1.5.5.7.8.5';
const { asn1, pki } = forge;

export function issueCertificate(request: CertificateRequest): IssuedCertificate {
  const pair = generateKeyPairSync('rsa', { modulusLength: request.bits ?? 2048 });
  const keyPem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(pair.publicKey.export({ type: 'spki', format: 'pem' }).toString());
  certificate.serialNumber = '01';
  certificate.validity.notBefore = new Date(Date.now() - DAYS_30);
  certificate.validity.notAfter = new Date(Date.now() + DAYS_30);

  const name = request.commonName === undefined ? 'organizationName' : 'commonName';
  // biome-ignore lint/suspicious/noExplicitAny: the type leaves out the tag of the value.
  const value: any = { name, value: request.commonName ?? 'Meerkat', valueTagClass: asn1.Type.UTF8 };
  certificate.setSubject([value]);
  const issuer = request.issuer && pki.certificateFromPem(request.issuer.pem);
  certificate.setIssuer(issuer ? issuer.subject.attributes : [value]);
  certificate.setExtensions([{ name: 'basicConstraints', cA: issuer === undefined }, ...alternativeNames(request)]);
  certificate.sign(
    pki.privateKeyFromPem(request.issuer?.keyPem ?? keyPem),
    request.bits ? forge.md.sha1.create() : forge.md.sha256.create(),
  );

  const pem = pki.certificateToPem(certificate);
  const der = Buffer.from(asn1.toDer(pki.certificateToAsn1(certificate)).getBytes(), 'latin1');
  return { der, pem, keyPem };
}

function alternativeNames({ xmppAddresses = [], dnsNames = [] }: CertificateRequest): object[] {
  const names = [
    ...dnsNames.map((dns) => asn1.create(asn1.Class.CONTEXT_SPECIFIC, 2, false, dns)),
    ...xmppAddresses.map((address) =>
      asn1.create(asn1.Class.CONTEXT_SPECIFIC, 0, true, [
        asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OID, false, asn1.oidToDer(XMPP_ADDR).getBytes()),
        asn1.create(asn1.Class.CONTEXT_SPECIFIC, 0, true, [
          asn1.create(asn1.Class.UNIVERSAL, asn1.Type.UTF8, false, Buffer.from(address).toString('latin1')),
        ]),
      ]),
    ),
  ];
  if (names.length === 0) return [];
  return [{ id: '2.5.29.17', value: asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, names) }];
}
