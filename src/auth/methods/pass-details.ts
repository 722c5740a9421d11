/** MongooseIM's serialisation of SCRAM secrets in the column `pass_details`. */
import { PASSWORD_HASHES, type PasswordHash } from '../../core/auth/config.js';
import type { ScramCredentials } from '../../core/auth/scram.js';

export type ScramSecrets = Partial<Record<PasswordHash, ScramCredentials>>;

const MULTI = '==MULTI_SCRAM==,';
/** Written before MongooseIM 3.7: SHA-1 alone, the salt behind the keys. */
const SINGLE = '==SCRAM==,';
const TAGS: Readonly<Record<PasswordHash, string>> = {
  sha: '===SHA1===',
  sha224: '==SHA224==',
  sha256: '==SHA256==',
  sha384: '==SHA384==',
  sha512: '==SHA512==',
};
const TAG_LENGTH = 10;

/** All secrets have the same number of iterations: the form has room for one. */
export function writePassDetails(iterations: number, secrets: ScramSecrets): string {
  const blocks = PASSWORD_HASHES.flatMap((hash) => {
    const secret = secrets[hash];
    return secret ? [TAGS[hash] + [secret.salt, secret.storedKey, secret.serverKey].map(base64).join('|')] : [];
  });
  return [`${MULTI}${iterations}`, ...blocks].join(',');
}

/** Undefined when the text is neither form: the account then cannot log in, and nothing is guessed. */
export function readPassDetails(text: string): ScramSecrets | undefined {
  if (text.startsWith(MULTI)) return readMulti(text.slice(MULTI.length).split(','));
  if (text.startsWith(SINGLE)) return readSingle(text.slice(SINGLE.length).split(','));
  return undefined;
}

function readMulti([count, ...blocks]: string[]): ScramSecrets | undefined {
  const iterations = readIterations(count);
  if (iterations === undefined || blocks.length === 0) return undefined;
  const secrets: ScramSecrets = {};
  for (const block of blocks) {
    const hash = PASSWORD_HASHES.find((name) => block.startsWith(TAGS[name]));
    const secret = readSecret(iterations, block.slice(TAG_LENGTH).split('|'));
    if (!hash || !secret) return undefined;
    secrets[hash] = secret;
  }
  return secrets;
}

function readSingle(parts: string[]): ScramSecrets | undefined {
  const [storedKey, serverKey, salt, count, ...rest] = parts;
  const iterations = readIterations(count);
  if (iterations === undefined || rest.length > 0) return undefined;
  const sha = readSecret(iterations, [salt ?? '', storedKey ?? '', serverKey ?? '']);
  return sha && { sha };
}

function readSecret(iterations: number, parts: string[]): ScramCredentials | undefined {
  const [salt, storedKey, serverKey, ...rest] = parts.map((part) => Buffer.from(part, 'base64'));
  if (!salt?.length || !storedKey?.length || !serverKey?.length || rest.length > 0) return undefined;
  return { iterations, salt, storedKey, serverKey };
}

function readIterations(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
