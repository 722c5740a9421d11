/** What a store may ask of an SQL engine. */
import type { Dialect, SqlValue, Statement, Step } from './statement.js';

export type { SqlValue } from './statement.js';

/** What PostgreSQL calls `bigint` arrives as a number where that is exact, else as a bigint. */
export type Row = Record<string, SqlValue>;

export interface WriteResult<R extends object = Row> {
  /** Rows inserted, updated or deleted. */
  readonly changes: number;
  /** What `RETURNING` asked for, in no particular order. */
  readonly rows: readonly R[];
}

/**
 * Writes of all callers are gathered into groups, and each group is committed at once. Within one `Sql` they take effect in the
 * order of the calls. A write that fails rejects alone and leaves nothing behind; its neighbours in the group are committed. What
 * was acknowledged is durable: it survives the death of the process, and with the default settings a power cut.
 *
 * All calls reject with a `StorageError`.
 */
export interface Sql {
  readonly dialect: Dialect;
  /** Sees everything whose write was acknowledged before the call. May do its work before it returns. */
  read<R extends object>(statement: Statement<R>, values?: readonly SqlValue[]): Promise<readonly R[]>;
  /** Resolves when it is committed. */
  write<R extends object>(statement: Statement<R>, values?: readonly SqlValue[]): Promise<WriteResult<R>>;
  /** All steps or none, with nothing of others in between. Resolves when they are committed, with one result for each. */
  transaction(steps: readonly Step[]): Promise<readonly WriteResult[]>;
  /** Resolves when no earlier write is under way any more, whether it was committed or failed. */
  barrier(): Promise<void>;
}
