/** The databases of a shard, and which of them a store is opened on. */
import { userStore } from '../core/accounts/user-store.js';
import type { UserRecords } from '../core/auth/user-records.js';
import type { StoreDefinition } from '../core/storage/index.js';
import { modules } from '../modules/registry.js';
import type { Config, RdbmsPool } from '../platform/config/index.js';
import type { Logger } from '../platform/log.js';
import { systemRandom } from '../platform/random.js';
import { pgSettings } from '../storage/sql/pgsql/settings.js';
import type { SqlEngine } from '../storage/sql/sql-engine.js';
import { openSqlite } from '../storage/sql/sqlite/sqlite-engine.js';
import type { WriterLine } from './shard-protocol.js';

export interface ShardStorageOptions {
  readonly config: Config;
  readonly writers: readonly WriterLine[];
  readonly shards: number;
  readonly log: Logger;
}

/** The pool that `backend = "rdbms"` means (outgoing_pools.rdbms.default). */
const DEFAULT_POOL = 'default';

export class ShardStorage {
  readonly #embedded: SqlEngine;
  readonly #pools = new Map<string, SqlEngine>();
  readonly #users = new Map<SqlEngine, UserRecords>();

  private constructor(embedded: SqlEngine) {
    this.#embedded = embedded;
  }

  static async open({ config, writers, shards, log }: ShardStorageOptions): Promise<ShardStorage> {
    const engines = writers.map(({ pool, file, port }) => ({ pool, engine: openSqlite({ file, writer: port }) }));
    const embedded = engines.find(({ pool }) => pool === undefined)?.engine;
    if (!embedded) throw new Error('the embedded database was not opened');

    const storage = new ShardStorage(embedded);
    for (const { pool, engine } of engines) if (pool !== undefined) storage.#pools.set(pool, engine);
    try {
      for (const pool of Object.values(config.outgoing_pools.rdbms)) await storage.#join(pool, shards, log);
      await storage.#makeTables(config);
      await storage.#openUsers(config);
      return storage;
    } catch (error) {
      await storage.close();
      throw error;
    }
  }

  /** Opens a store on what its module's `backend` names: the pool for `rdbms`, else the embedded database. */
  open(definition: StoreDefinition<unknown>, backend: string | undefined): Promise<unknown> {
    return this.#engine(backend).open(definition);
  }

  /** The table of accounts of an authentication method. */
  users(method: 'internal' | 'rdbms'): UserRecords {
    return this.#users.get(this.#engine(method)) as UserRecords;
  }

  /** Waits for the writes that are under way. */
  async close(): Promise<void> {
    await Promise.all([...new Set([this.#embedded, ...this.#pools.values()])].map((engine) => engine.close()));
  }

  /** A SQLite pool without a file of its own is the embedded database; one with a file came with its writer. */
  async #join({ connection, ...pool }: RdbmsPool, shards: number, log: Logger): Promise<void> {
    if (connection.driver === 'pgsql') {
      const settings = pgSettings({ ...pool, connection }, shards);
      // One that is not up after its longest pause between attempts is not merely starting.
      const startPatienceMs = settings.maxStartIntervalMs;
      // Not loaded where there is none: it takes a shard some memory, and part of its start.
      const { openPgsql } = await import('../storage/sql/pgsql/pg-engine.js');
      this.#pools.set(pool.tag, await openPgsql({ settings, log, random: systemRandom, startPatienceMs }));
    } else if (connection.file === undefined) {
      this.#pools.set(pool.tag, this.#embedded);
    }
  }

  #engine(backend: string | undefined): SqlEngine {
    if (backend !== 'rdbms') return this.#embedded;
    const pool = this.#pools.get(DEFAULT_POOL);
    if (!pool) throw new Error(`there is no pool outgoing_pools.rdbms.${DEFAULT_POOL}`);
    return pool;
  }

  /** Of all stores at once, so that everything that an operator's database lacks is told together. */
  async #makeTables(config: Config): Promise<void> {
    const needed = new Map<SqlEngine, Set<StoreDefinition<unknown>>>();
    const need = (backend: string | undefined, definition: StoreDefinition<unknown>) => {
      const engine = this.#engine(backend);
      needed.set(engine, (needed.get(engine) ?? new Set()).add(definition));
    };
    for (const { auth, modules: enabled } of config.host_types) {
      for (const method of storedMethods(auth.methods)) need(method, userStore);
      for (const { name, stores = {} } of modules) {
        const settings = (enabled as Record<string, { backend?: string } | undefined>)[name];
        if (settings)
          for (const store of Object.values(stores)) need(settings.backend, store as StoreDefinition<unknown>);
      }
    }
    for (const [engine, definitions] of needed) await engine.ensure([...definitions]);
  }

  async #openUsers(config: Config): Promise<void> {
    for (const method of config.host_types.flatMap(({ auth }) => storedMethods(auth.methods))) {
      const engine = this.#engine(method);
      if (!this.#users.has(engine)) this.#users.set(engine, await engine.open(userStore));
    }
  }
}

/** The methods that keep accounts in a table of ours. */
function storedMethods(methods: readonly string[]): ('internal' | 'rdbms')[] {
  return methods.filter((method) => method === 'internal' || method === 'rdbms');
}
