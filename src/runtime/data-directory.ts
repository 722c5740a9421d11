/** The data directory: who may use it, and the secret that this installation keeps there. */
import { randomBytes } from 'node:crypto';
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const SECRET_FILE = 'secret.key';
const SECRET_BYTES = 32;

export interface DataDirectory {
  readonly path: string;
  /** The same after every start; see `AuthMethodContext.secret`. */
  readonly secret: Uint8Array;
}

/** Makes the directory if it is not there. Throws when it cannot be used. */
export function openDataDirectory(directory: string): DataDirectory {
  const path = resolve(directory);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    // Of a directory that somebody else owns this fails, and so it should: who owns it could read everything.
    chmodSync(path, 0o700);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Error(`the data directory ${path} cannot be used: ${(error as Error).message}`);
  }
  return { path, secret: readOrMakeSecret(join(path, SECRET_FILE)) };
}

function readOrMakeSecret(file: string): Uint8Array {
  if (!existsSync(file)) writeFileSync(file, randomBytes(SECRET_BYTES).toString('base64'), { mode: 0o600, flag: 'wx' });
  const secret = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64');
  if (secret.length !== SECRET_BYTES) {
    throw new Error(
      `${file} does not hold ${SECRET_BYTES} bytes in Base64: restore it from a backup, or delete it to get a new one`,
    );
  }
  return new Uint8Array(secret);
}
