/** Says in the words of the port what PostgreSQL, or the way to it, complains about. */
import { StorageError, type StorageErrorCode } from '../../../core/storage/index.js';

// Classes and codes of PostgreSQL's manual, appendix A.
const CODES: readonly (readonly [prefix: string, StorageErrorCode])[] = [
  ['53100', 'disk-full'],
  ['57014', 'timeout'],
  ['42P01', 'schema'],
  ['42703', 'schema'],
  ['22001', 'too-long'],
  // Such as a row that is too large for an index.
  ['54000', 'too-long'],
  ['22', 'constraint'],
  ['23', 'constraint'],
  ['08', 'unavailable'],
  ['53', 'unavailable'],
  ['57P', 'unavailable'],
  ['XX001', 'corrupt'],
  ['XX002', 'corrupt'],
];
/** Waiting helps against none of these: wrong password, unknown database, no permission. */
const HOPELESS = ['28', '3D', '42501'];

interface ServerError {
  readonly code: string;
  readonly message: string;
}

/** True when the server itself has refused a statement: then it is certain that nothing was done. */
export function isServerError(cause: unknown): cause is ServerError {
  const { code, severity } = cause as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && code.length === 5 && typeof severity === 'string';
}

export function isHopeless(cause: unknown): boolean {
  return isServerError(cause) && HOPELESS.some((prefix) => cause.code.startsWith(prefix));
}

export function pgError(cause: unknown, what: string): StorageError {
  if (cause instanceof StorageError) return cause;
  if (!isServerError(cause)) {
    const { message, code } = cause as { message?: string; code?: string };
    if (message === 'Query read timeout') return new StorageError('timeout', `${what} does not answer`, { cause });
    return new StorageError('unavailable', `${what} cannot be reached (${code ?? message})`, { cause });
  }
  const [, code] = CODES.find(([prefix]) => cause.code.startsWith(prefix)) ?? ['', 'failed' as const];
  return new StorageError(code, `${what} refuses: ${cause.message} (${cause.code})`, { cause });
}
