/** Opens a database file after a look at whether it is sound; never repairs or replaces anything. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { StorageError } from '../../../core/storage/index.js';
import type { Synchronous } from './protocol.js';
import { sqliteError } from './sqlite-error.js';

const MAGIC = 'SQLite format 3\0';
/** A file up to this size is looked through at start; it takes about a tenth of a second. */
const MAX_CHECKED_BYTES = 64 * 1024 * 1024;
/** Milliseconds that another process may hold the database up. */
const WRITER_PATIENCE_MS = 5_000;
/** A reader runs on a shard's thread. */
const READER_PATIENCE_MS = 500;

/** The only connection that writes. Makes the file if there is none. */
export function openForWriting(file: string, synchronous: Synchronous): DatabaseSyncInstance {
  checkHeader(file);
  return guarded(file, () => {
    const database = new DatabaseSync(file, { timeout: WRITER_PATIENCE_MS });
    try {
      database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`);
      // Checkpoints run on a thread of their own: the commit that fills the log must not pay for them.
      database.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768');
      checkPages(database, file);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** For a shard. Whatever was committed before a statement starts is seen by it. */
export function openForReading(file: string): DatabaseSyncInstance {
  return guarded(file, () => {
    const database = new DatabaseSync(file, { readOnly: true, timeout: READER_PATIENCE_MS });
    database.exec('PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 268435456');
    return database;
  });
}

/** SQLite takes an empty file for a new database, and would then throw the write-ahead log away. */
function checkHeader(file: string): void {
  const size = sizeOf(file);
  if (size === undefined) return;
  if (size === 0) {
    if ((sizeOf(`${file}-wal`) ?? 0) === 0) return;
    throw new StorageError('corrupt', `${file} is empty but its log is not: restore it from a backup`);
  }
  const start = Buffer.alloc(MAGIC.length);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, start, 0, MAGIC.length, 0);
  } finally {
    closeSync(descriptor);
  }
  if (start.toString('latin1') !== MAGIC) {
    throw new StorageError(
      'corrupt',
      `${file} is not an SQLite database, or its beginning is damaged: restore it from a backup`,
    );
  }
}

function checkPages(database: DatabaseSyncInstance, file: string): void {
  if ((sizeOf(file) ?? 0) > MAX_CHECKED_BYTES) return;
  const [first] = database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
  if (first?.quick_check === 'ok') return;
  throw new StorageError('corrupt', `the database is damaged: restore it from a backup (${first?.quick_check})`);
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

function guarded<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (cause) {
    const error = sqliteError(cause);
    throw new StorageError(error.code, `${file}: ${error.message}`, { cause });
  }
}
