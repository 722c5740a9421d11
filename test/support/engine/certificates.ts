/** Certificates for tests of TLS: authorities, servers and clients, valid for the day. */
import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';

export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

interface Request {
  readonly name: string;
  /** Undefined for a certificate that signs itself. */
  readonly issuer?: Issued;
  readonly isAuthority?: boolean;
  readonly hash?: 'sha256' | 'sha384' | 'sha1';
  /** Days from now. */
  readonly from?: number;
  readonly to?: number;
}

let serial = 0;

export function issue({ name, issuer, isAuthority = false, hash = 'sha256', from = -1, to = 1 }: Request): Issued {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey.export({ type: 'spki', format: 'pem' }).toString());
  serial += 1;
  certificate.serialNumber = serial.toString(16).padStart(4, '0');
  const day = 24 * 60 * 60 * 1000;
  certificate.validity.notBefore = new Date(Date.now() + from * day);
  certificate.validity.notAfter = new Date(Date.now() + to * day);
  const subject = [{ name: 'commonName', value: name }];
  certificate.setSubject(subject);
  certificate.setIssuer(issuer ? forge.pki.certificateFromPem(issuer.certificate).subject.attributes : subject);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: isAuthority },
    { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(issuer?.key ?? key), forge.md[hash].create());
  return { certificate: forge.pki.certificateToPem(certificate), key };
}

/** The certificate in DER. */
export function der(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
}
