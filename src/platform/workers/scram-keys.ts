/** The key derivation of SCRAM (RFC 5802 section 3), without PBKDF2. */
import { createHash, createHmac } from 'node:crypto';

/** Digest names as OpenSSL spells them. */
export type Digest = 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

export const DIGEST_BYTES: Readonly<Record<Digest, number>> = {
  sha1: 20,
  sha224: 28,
  sha256: 32,
  sha384: 48,
  sha512: 64,
};

export function hmac(digest: Digest, key: Uint8Array, data: string | Uint8Array): Uint8Array {
  return createHmac(digest, key).update(data).digest();
}

export function hash(digest: Digest, data: Uint8Array): Uint8Array {
  return createHash(digest).update(data).digest();
}

/** What the server keeps: it can check a proof and make a signature, but not log in elsewhere. */
export function scramKeys(
  digest: Digest,
  saltedPassword: Uint8Array,
): { storedKey: Uint8Array; serverKey: Uint8Array } {
  const clientKey = hmac(digest, saltedPassword, 'Client Key');
  return { storedKey: hash(digest, clientKey), serverKey: hmac(digest, saltedPassword, 'Server Key') };
}
