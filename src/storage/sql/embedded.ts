/** The embedded database: one SQLite file in the data directory, for a server without a database of its own. */
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import type { StorageError } from '../../core/storage/index.js';
import type { Logger } from '../../platform/log.js';
import { startSqliteWriter } from './sqlite/writer.js';

export interface EmbeddedDatabase {
  /** For `openSqlite`. */
  readonly file: string;
  /** A port for one life of one shard, to be transferred to its thread. */
  connect(): MessagePort;
  /** Commits everything; the shards should have closed their engines before. */
  close(): Promise<void>;
}

export interface EmbeddedDatabaseOptions {
  /** Exists already. */
  readonly directory: string;
  readonly log: Logger;
  /** Nothing can be written any more until the server is started again. */
  readonly onFailure?: (error: StorageError) => void;
}

export function embeddedFile(directory: string): string {
  return join(directory, 'meerkat.db');
}

/** For the main thread. Rejects when the file is damaged, or in use by another server. */
export function openEmbeddedDatabase({
  directory,
  log,
  onFailure,
}: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
  return startSqliteWriter({
    file: embeddedFile(directory),
    onFailure: (error) => {
      log.critical('storage.writer.failed', { error });
      onFailure?.(error);
    },
    onCheckpointFailure: (error) => log.error('storage.checkpoint.failed', { error }),
  });
}
