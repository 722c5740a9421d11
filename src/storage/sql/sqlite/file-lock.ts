/** Makes sure that one server at a time uses a database file. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { StorageError } from '../../../core/storage/index.js';
import { sqliteError } from './sqlite-error.js';

/**
 * Holds SQLite's exclusive lock on a small database beside the real one. The system drops such a lock with the process, so
 * nothing has to be cleaned up after a crash, and numbers of processes that repeat, as in containers, mislead nobody. A text file
 * tells people who it is.
 */
export class FileLock {
  readonly #database: DatabaseSyncInstance;
  readonly #pidFile: string;

  private constructor(database: DatabaseSyncInstance, pidFile: string) {
    this.#database = database;
    this.#pidFile = pidFile;
  }

  static acquire(file: string): FileLock {
    const pidFile = `${file}.pid`;
    let database: DatabaseSyncInstance | undefined;
    try {
      database = new DatabaseSync(`${file}.lock`, { timeout: 0 });
      // In this mode the lock stays after the transaction.
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF');
      database.exec('BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS lock (held integer); COMMIT');
    } catch (cause) {
      database?.close();
      const error = sqliteError(cause);
      if (error.code !== 'in-use') throw error;
      throw new StorageError('in-use', `${file} is in use by another server${owner(pidFile)}`, { cause });
    }
    writeFileSync(pidFile, `${process.pid}\n`);
    return new FileLock(database, pidFile);
  }

  release(): void {
    rmSync(this.#pidFile, { force: true });
    this.#database.close();
  }
}

function owner(pidFile: string): string {
  try {
    return `, process ${readFileSync(pidFile, 'utf8').trim()}`;
  } catch {
    return '';
  }
}
