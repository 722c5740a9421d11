/** PostgreSQL as one shard sees it: one connection for writes, the others for reads, all pipelined. */
import type pg from 'pg';
import {
  type Row,
  type SqlValue,
  type Statement,
  type Step,
  StorageError,
  type StoreDefinition,
  type WriteResult,
} from '../../../core/storage/index.js';
import { type Clock, systemClock } from '../../../platform/clock.js';
import type { Logger } from '../../../platform/log.js';
import type { Random } from '../../../platform/random.js';
import { Outage } from '../../outage.js';
import { defaultWriteLimits, PendingWrites, type WriteLimits } from '../pending-writes.js';
import type { SqlEngine } from '../sql-engine.js';
import { connectClient } from './pg-client.js';
import { isHopeless, pgError } from './pg-error.js';
import { PgLink } from './pg-link.js';
import { ensureTables } from './pg-schema.js';
import { PgWriter } from './pg-writer.js';
import type { PgSettings } from './settings.js';

export interface PgEngineOptions {
  readonly settings: PgSettings;
  readonly log: Logger;
  readonly random: Random;
  readonly clock?: Clock;
  readonly limits?: WriteLimits;
  /** How long a server that cannot be reached is tried for before the start fails. */
  readonly startPatienceMs?: number;
}

const START_PATIENCE_MS = 30_000;

/** Resolves when one connection is up; rejects at once when the server refuses us. */
export async function openPgsql(options: PgEngineOptions): Promise<SqlEngine> {
  const engine = new PgEngine(options);
  try {
    await engine.start(options.startPatienceMs ?? START_PATIENCE_MS);
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

class PgEngine implements SqlEngine {
  readonly dialect = 'pgsql';
  readonly #options: PgEngineOptions;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #outage: Outage;
  readonly #links: readonly PgLink[];
  readonly #readers: readonly PgLink[];
  readonly #writer: PgWriter;
  readonly #pending: PendingWrites;
  readonly #names = new Map<Statement<object>, string>();
  #turn = 0;
  #isClosed = false;

  constructor(options: PgEngineOptions) {
    const { settings, log, random, clock = systemClock, limits = defaultWriteLimits } = options;
    this.#options = options;
    this.#clock = clock;
    this.#name = `PostgreSQL database "${settings.database}" at ${settings.host}:${settings.port}`;
    const outage = new Outage({ area: 'storage', subject: { database: this.#name }, log, clock });
    this.#outage = outage;
    this.#links = Array.from({ length: settings.connections }, () => new PgLink({ settings, outage, clock, random }));
    const [first, ...others] = this.#links;
    this.#readers = others.length > 0 ? others : this.#links;
    this.#writer = new PgWriter(first!, (client, step) => this.#run(client, step), this.#name);
    this.#pending = new PendingWrites(limits);
  }

  async start(patienceMs: number): Promise<void> {
    const end = this.#clock.monotonic() + patienceMs;
    for (;;) {
      try {
        await (await connectClient(this.#options.settings, false)).end();
        return;
      } catch (cause) {
        const error = pgError(cause, this.#name);
        const pauseMs = 1_000;
        if (isHopeless(cause) || this.#clock.monotonic() + pauseMs > end) throw error;
        this.#options.log.warn('storage.connect.failed', { database: this.#name, error });
        await this.#clock.sleep(pauseMs);
      }
    }
  }

  async read<R extends object>(statement: Statement<R>, values: readonly SqlValue[] = []): Promise<readonly R[]> {
    try {
      const client = await this.#reader().client();
      const { rows } = await this.#run(client, { statement, values });
      return rows as object[] as R[];
    } catch (error) {
      throw this.#counted(pgError(error, this.#name));
    }
  }

  async write<R extends object>(statement: Statement<R>, values: readonly SqlValue[] = []): Promise<WriteResult<R>> {
    const [result] = await this.transaction([{ statement, values }]);
    return result as WriteResult<object> as WriteResult<R>;
  }

  async transaction(steps: readonly Step[]): Promise<readonly WriteResult[]> {
    if (this.#isClosed) throw new StorageError('unavailable', `${this.#name} is closed`);
    if (steps.length === 0) return [];
    const { id, done } = this.#pending.add(steps.map(({ values }) => values));
    this.#writer.add({ steps, settle: (outcome) => this.#settle(id, outcome) });
    return done;
  }

  barrier(): Promise<void> {
    return this.#pending.barrier();
  }

  async ensure(definitions: readonly StoreDefinition<unknown>[]): Promise<void> {
    let client: pg.Client | undefined;
    try {
      client = await connectClient(this.#options.settings, false);
      const tables = definitions.flatMap((definition) => definition.tables);
      await ensureTables(client, tables, this.#name);
    } catch (error) {
      throw pgError(error, this.#name);
    } finally {
      await client?.end();
    }
  }

  async open<S>(definition: StoreDefinition<S>): Promise<S> {
    await this.ensure([definition]);
    return definition.sql(this);
  }

  async close(): Promise<void> {
    await this.barrier();
    this.#isClosed = true;
    this.#outage.close();
    await Promise.all(this.#links.map((link) => link.close()));
  }

  #settle(id: number, outcome: readonly WriteResult[] | StorageError): void {
    this.#pending.settle(id, outcome instanceof StorageError ? this.#counted(outcome) : outcome);
  }

  #counted(error: StorageError): StorageError {
    if (error.code === 'unavailable') this.#outage.refused();
    return error;
  }

  /** The next one in turn, passing over those that are down as long as one is up. */
  #reader(): PgLink {
    for (let tries = 0; tries < this.#readers.length; tries++) {
      this.#turn = (this.#turn + 1) % this.#readers.length;
      const link = this.#readers[this.#turn]!;
      if (link.isUp) return link;
      link.wake();
    }
    return this.#readers[this.#turn]!;
  }

  #run(client: pg.Client, { statement, values }: Step): Promise<pg.QueryResult<Row>> {
    const text = statement.text.pgsql;
    const query = { text, values: values as SqlValue[] };
    return client.query<Row>(statement.isRare ? query : { ...query, name: this.#statementName(statement) });
  }

  /** The server knows prepared statements by name, on each connection. */
  #statementName(statement: Statement<object>): string {
    const known = this.#names.get(statement);
    if (known !== undefined) return known;
    const name = `m${this.#names.size}`;
    this.#names.set(statement, name);
    return name;
  }
}
