/** SCRAM secrets as the server keeps them: the proof of a client checked, the signature of the server made. */
import { timingSafeEqual } from 'node:crypto';
import { type Digest, hash, hmac, scramKeys } from '../../platform/workers/scram-keys.js';
import type { PasswordHash } from './config.js';

export interface ScramCredentials {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** The configuration's `sha` is SHA-1; the other names are OpenSSL's. */
export function digestOf(name: PasswordHash): Digest {
  return name === 'sha' ? 'sha1' : name;
}

/** Constant time for secrets of equal length; the length itself is no secret. */
export function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * RFC 5802 section 3: checks ClientProof over AuthMessage. Returns ServerSignature, or undefined when the client does not know
 * the password.
 */
export function verifyProof(
  name: PasswordHash,
  credentials: ScramCredentials,
  authMessage: Uint8Array,
  proof: Uint8Array,
): Uint8Array | undefined {
  const digest = digestOf(name);
  const signature = hmac(digest, credentials.storedKey, authMessage);
  if (proof.length !== signature.length) return undefined;

  const clientKey = new Uint8Array(proof.length);
  for (let i = 0; i < proof.length; i++) clientKey[i] = (proof[i] as number) ^ (signature[i] as number);
  if (!equalSecrets(hash(digest, clientKey), credentials.storedKey)) return undefined;
  return hmac(digest, credentials.serverKey, authMessage);
}

/** Whether a salted password is the one that the credentials were made of. */
export function matchesSalted(name: PasswordHash, credentials: ScramCredentials, salted: Uint8Array): boolean {
  return equalSecrets(scramKeys(digestOf(name), salted).storedKey, credentials.storedKey);
}
