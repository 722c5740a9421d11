/** SQLite as one shard sees it: reads on its own connection, writes through the port to the writer. */
import type { MessagePort } from 'node:worker_threads';
import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import {
  type SqlValue,
  type Statement,
  type Step,
  StorageError,
  type StoreDefinition,
  storeSchema,
  type WriteResult,
} from '../../../core/storage/index.js';
import { defaultWriteLimits, PendingWrites, type WriteLimits } from '../pending-writes.js';
import type { SqlEngine } from '../sql-engine.js';
import { openForReading } from './open-file.js';
import type { FromWriter, ToWriter, WireJob } from './protocol.js';
import { fromWire, sqliteError } from './sqlite-error.js';

export interface SqliteEngineOptions {
  readonly file: string;
  /** Of the writer's `connect`. The engine owns it. */
  readonly writer: MessagePort;
  readonly limits?: WriteLimits;
}

/** The writer has to be running, so the file is there. */
export function openSqlite(options: SqliteEngineOptions): SqlEngine {
  return new SqliteEngine(options);
}

class SqliteEngine implements SqlEngine {
  readonly dialect = 'sqlite';
  readonly #file: string;
  readonly #port: MessagePort;
  readonly #reader: DatabaseSyncInstance;
  readonly #prepared = new Map<Statement<object>, StatementSyncInstance>();
  readonly #pending: PendingWrites;
  readonly #numbers = new Map<Statement<object>, number>();
  #newStatements: (readonly [number, string])[] = [];
  #jobs: WireJob[] = [];
  #gone: StorageError | undefined;

  constructor({ file, writer, limits = defaultWriteLimits }: SqliteEngineOptions) {
    this.#file = file;
    this.#port = writer;
    this.#reader = openForReading(file);
    this.#pending = new PendingWrites(limits);
    writer.on('message', (outcomes: FromWriter) => this.#settle(outcomes));
    writer.on('close', () => this.#lose());
    // Only while something waits has the process a reason to go on because of us.
    writer.unref();
  }

  async read<R extends object>(statement: Statement<R>, values: readonly SqlValue[] = []): Promise<readonly R[]> {
    try {
      return this.#prepare(statement).all(...values) as R[];
    } catch (error) {
      throw sqliteError(error);
    }
  }

  async write<R extends object>(statement: Statement<R>, values: readonly SqlValue[] = []): Promise<WriteResult<R>> {
    const [result] = await this.#queue([{ statement, values }]);
    return result as WriteResult<object> as WriteResult<R>;
  }

  transaction(steps: readonly Step[]): Promise<readonly WriteResult[]> {
    return this.#queue(steps);
  }

  barrier(): Promise<void> {
    return this.#pending.barrier();
  }

  async ensure(definitions: readonly StoreDefinition<unknown>[]): Promise<void> {
    this.#flush();
    const { id, done } = this.#admit([]);
    this.#post({ kind: 'ensure', id, schemas: definitions.map(storeSchema) });
    await done;
  }

  async open<S>(definition: StoreDefinition<S>): Promise<S> {
    await this.ensure([definition]);
    return definition.sql(this);
  }

  async close(): Promise<void> {
    await this.barrier();
    this.#gone ??= new StorageError('unavailable', `${this.#file} is closed`);
    this.#port.close();
    // SQLite lets go of the file when the last statement is gone too, which is up to the collector.
    this.#prepared.clear();
    if (this.#reader.isOpen) this.#reader.close();
  }

  async #queue(steps: readonly Step[]): Promise<readonly WriteResult[]> {
    const { id, done } = this.#admit(steps.map(({ values }) => values));
    // Whatever this turn of the loop brings goes in one message.
    if (this.#jobs.length === 0) setImmediate(() => this.#flush());
    this.#jobs.push({ id, steps: steps.map(({ statement, values }) => [this.#number(statement), values]) });
    return done;
  }

  #admit(values: readonly (readonly SqlValue[])[]): { id: number; done: Promise<readonly WriteResult[]> } {
    if (this.#gone) throw this.#gone;
    const admitted = this.#pending.add(values);
    this.#port.ref();
    return admitted;
  }

  #flush(): void {
    if (this.#jobs.length === 0 || this.#gone) return;
    const message: ToWriter = { kind: 'write', statements: this.#newStatements, jobs: this.#jobs };
    this.#newStatements = [];
    this.#jobs = [];
    this.#post(message);
  }

  #post(message: ToWriter): void {
    this.#port.postMessage(message);
  }

  #settle(outcomes: FromWriter): void {
    for (const [id, outcome] of outcomes) {
      this.#pending.settle(id, 'code' in outcome ? fromWire(outcome) : outcome);
    }
    if (this.#pending.size === 0) this.#port.unref();
  }

  #lose(): void {
    this.#gone ??= new StorageError('unavailable', `the writer of ${this.#file} has ended`);
    this.#pending.rejectAll(this.#gone);
  }

  #number(statement: Statement<object>): number {
    const known = this.#numbers.get(statement);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(statement, number);
    this.#newStatements.push([number, statement.text.sqlite]);
    return number;
  }

  #prepare(statement: Statement<object>): StatementSyncInstance {
    const known = this.#prepared.get(statement);
    if (known) return known;
    const prepared = this.#reader.prepare(statement.text.sqlite);
    if (!statement.isRare) this.#prepared.set(statement, prepared);
    return prepared;
  }
}
