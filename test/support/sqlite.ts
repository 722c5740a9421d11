/** An embedded database in a directory of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StorageError } from '../../src/core/storage/index.js';
import type { SqlEngine } from '../../src/storage/sql/sql-engine.js';
import { openSqlite } from '../../src/storage/sql/sqlite/sqlite-engine.js';
import { type SqliteWriter, type SqliteWriterOptions, startSqliteWriter } from '../../src/storage/sql/sqlite/writer.js';

export class TestSqlite {
  readonly directory = mkdtempSync(join(tmpdir(), 'sqlite-'));
  readonly file = join(this.directory, 'test.db');
  readonly failures: StorageError[] = [];
  #writer: SqliteWriter | undefined;

  async start(options: Partial<SqliteWriterOptions> = {}): Promise<SqliteWriter> {
    this.#writer = await startSqliteWriter({
      file: this.file,
      onFailure: (error) => this.failures.push(error),
      onCheckpointFailure: (error) => this.failures.push(error),
      ...options,
    });
    return this.#writer;
  }

  /** One shard's view. */
  engine(): SqlEngine {
    return openSqlite({ file: this.file, writer: this.#writer!.connect() });
  }

  async stop(): Promise<void> {
    await this.#writer?.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
