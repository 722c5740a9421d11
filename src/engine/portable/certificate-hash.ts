/** Finds the hash that a certificate was signed with, as `tls-server-end-point` needs it (RFC 5929 section 4.1). */
import { type Der, OBJECT_IDENTIFIER, parts, SEQUENCE } from './der.js';

const EXPLICIT_0 = 0xa0;

/** Object identifiers in DER, in hex. MD5 and SHA-1 are replaced by SHA-256, as the RFC says. */
const SIGNATURES: Readonly<Record<string, string>> = {
  '2a864886f70d010104': 'sha256',
  '2a864886f70d010105': 'sha256',
  '2a864886f70d01010e': 'sha224',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d0401': 'sha256',
  '2a8648ce3d040301': 'sha224',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
};
const RSASSA_PSS = '2a864886f70d01010a';
const HASHES: Readonly<Record<string, string>> = {
  '2b0e03021a': 'sha256',
  '608648016503040204': 'sha224',
  '608648016503040201': 'sha256',
  '608648016503040202': 'sha384',
  '608648016503040203': 'sha512',
};

/** Node's name of the hash; undefined for signatures without one, such as Ed25519. */
export function signatureHash(certificate: Uint8Array): string | undefined {
  const algorithm = parts(parts(certificate)[0]?.body)[1];
  const [identifier, parameters] = parts(algorithm?.body);
  if (identifier?.tag !== OBJECT_IDENTIFIER) return undefined;
  const name = hex(identifier.body);
  return name === RSASSA_PSS ? pssHash(parameters) : SIGNATURES[name];
}

/** RFC 4055 section 3.1: SHA-1 when nothing is said. */
function pssHash(parameters: Der | undefined): string | undefined {
  const explicit = parts(parameters?.body).find((part) => part.tag === EXPLICIT_0);
  if (!explicit) return 'sha256';
  const [algorithm] = parts(explicit.body);
  if (algorithm?.tag !== SEQUENCE) return undefined;
  const [identifier] = parts(algorithm.body);
  return identifier && HASHES[hex(identifier.body)];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
