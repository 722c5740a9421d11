/** Runs a group of writes in one transaction so that each fails for itself alone. */
import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import type { Row, SqlValue } from '../../../core/storage/index.js';
import type { WireOutcome } from './protocol.js';
import { sqliteError, toWire } from './sqlite-error.js';

/** One write as a caller asked for it: several steps are done together or not at all. */
export interface Job {
  readonly steps: readonly { readonly text: string; readonly values: readonly SqlValue[] }[];
}

interface Prepared {
  readonly statement: StatementSyncInstance;
  readonly returnsRows: boolean;
}

/** Thrown when SQLite has undone the whole transaction by itself, as it does when the disk is full. */
class TransactionLost extends Error {}

export class GroupCommit {
  readonly #database: DatabaseSyncInstance;
  readonly #prepared = new Map<string, Prepared>();

  constructor(database: DatabaseSyncInstance) {
    this.#database = database;
  }

  /** When it returns, whatever has no error is committed. */
  run(jobs: readonly Job[]): WireOutcome[] {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
    } catch (cause) {
      // Somebody else has the lock, or the disk fails. To wait as long again for each of them would help nobody.
      return jobs.map(() => toWire(sqliteError(cause)));
    }
    try {
      const outcomes = jobs.map((job) => this.#attempt(job));
      this.#database.exec('COMMIT');
      return outcomes;
    } catch (cause) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      if (jobs.length === 1) return [toWire(sqliteError(cause instanceof TransactionLost ? cause.cause : cause))];
      // The reason may lie in one of them: each gets its own chance.
      return jobs.flatMap((job) => this.run([job]));
    }
  }

  #attempt({ steps }: Job): WireOutcome {
    // SQLite undoes a failed statement by itself.
    const isAtomic = steps.length <= 1;
    try {
      if (!isAtomic) this.#database.exec('SAVEPOINT job');
      const results = steps.map(({ text, values }) => this.#step(text, values));
      if (!isAtomic) this.#database.exec('RELEASE job');
      return results;
    } catch (cause) {
      if (!this.#database.isTransaction) throw new TransactionLost('the transaction was undone', { cause });
      if (!isAtomic) this.#database.exec('ROLLBACK TO job; RELEASE job');
      return toWire(sqliteError(cause));
    }
  }

  #step(text: string, values: readonly SqlValue[]): { changes: number; rows: readonly Row[] } {
    const { statement, returnsRows } = this.#prepare(text);
    if (!returnsRows) return { changes: Number(statement.run(...values).changes), rows: [] };
    const rows = statement.all(...values) as Row[];
    return { changes: rows.length, rows };
  }

  #prepare(text: string): Prepared {
    const known = this.#prepared.get(text);
    if (known) return known;
    const statement = this.#database.prepare(text);
    const prepared = { statement, returnsRows: statement.columns().length > 0 };
    this.#prepared.set(text, prepared);
    return prepared;
  }
}
