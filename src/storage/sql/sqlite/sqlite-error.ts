/** Says in the words of the port what SQLite complains about. */
import { StorageError, type StorageErrorCode } from '../../../core/storage/index.js';
import type { WireError } from './protocol.js';

// Primary result codes; the extended ones have them in their low byte.
const CODES: Readonly<Record<number, readonly [StorageErrorCode, string]>> = {
  5: ['in-use', 'another process holds a lock on the database for too long'],
  6: ['in-use', 'another connection holds a lock on a table for too long'],
  8: ['failed', 'the database cannot be written'],
  10: ['failed', 'the disk reports an error'],
  11: ['corrupt', 'the database is damaged: restore it from a backup'],
  13: ['disk-full', 'no room is left for the database'],
  14: ['failed', 'the database file cannot be opened'],
  18: ['too-long', 'a value is too large for the database'],
  19: ['constraint', 'a rule of the table is broken'],
  20: ['constraint', 'a value is of another type than its column'],
  26: ['corrupt', 'the file is not a database, or its beginning is damaged: restore it from a backup'],
};

export function sqliteError(cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause;
  const { errcode, message } = cause as { errcode?: number; message?: string };
  const [code, meaning] = CODES[(errcode ?? 0) & 0xff] ?? ['failed', 'SQLite refuses'];
  return new StorageError(code, `${meaning} (${message ?? String(cause)})`, { cause });
}

export function toWire(error: StorageError): WireError {
  return { code: error.code, message: error.message };
}

export function fromWire({ code, message }: WireError): StorageError {
  return new StorageError(code, message);
}
