/** The SQLite databases of a server: each with its writer in a thread of its own, started before the shards. */
import { resolve } from 'node:path';
import type { Config } from '../platform/config/index.js';
import type { Log } from '../platform/log.js';
import { openEmbeddedDatabase } from '../storage/sql/embedded.js';
import { startSqliteWriter } from '../storage/sql/sqlite/writer.js';
import type { WriterLine } from './shard-protocol.js';

export interface DatabasesOptions {
  readonly config: Config;
  readonly directory: string;
  readonly log: Log;
  /** A writer has died: nothing can be kept any more. */
  readonly onFailure: () => void;
}

export interface Databases {
  /** Ports for one life of one shard. */
  connect(): WriterLine[];
  /** Commits everything. */
  close(): Promise<void>;
}

/** Opens the embedded database, and the file of every pool that names one. */
export async function openDatabases({ config, directory, log, onFailure }: DatabasesOptions): Promise<Databases> {
  const embedded = await openEmbeddedDatabase({ directory, log, onFailure });
  const opened = [{ pool: undefined as string | undefined, database: embedded }];
  const close = async () => {
    for (const { database } of opened.reverse()) await database.close();
  };
  try {
    for (const { tag, connection } of Object.values(config.outgoing_pools.rdbms)) {
      if (connection.driver !== 'sqlite' || connection.file === undefined) continue;
      const database = await startSqliteWriter({
        file: resolve(directory, connection.file),
        onFailure: (error) => {
          log.critical('storage.writer.failed', { pool: tag, error });
          onFailure();
        },
        onCheckpointFailure: (error) => log.error('storage.checkpoint.failed', { pool: tag, error }),
      });
      opened.push({ pool: tag, database });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    connect: () => opened.map(({ pool, database }) => ({ pool, file: database.file, port: database.connect() })),
    close,
  };
}
