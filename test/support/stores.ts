/** Runs the contract of a store over everything that implements it. */
import { afterAll, beforeAll, describe } from 'vitest';
import type { StoreDefinition } from '../../src/core/storage/index.js';
import { systemRandom } from '../../src/platform/random.js';
import { openPgsql } from '../../src/storage/sql/pgsql/pg-engine.js';
import type { SqlEngine } from '../../src/storage/sql/sql-engine.js';
import { FakeLog } from './fake-log.js';
import { TestPostgres } from './postgres.js';
import { TestSqlite } from './sqlite.js';

export interface Subject<S> {
  store(): S;
  /** A domain that nothing is kept for. */
  domain(): string;
}

interface Backend {
  open<S>(definition: StoreDefinition<S>): Promise<S>;
  close(): Promise<void>;
}

async function memory(): Promise<Backend> {
  return { open: async (definition) => definition.memory(), close: async () => {} };
}

async function sqlite(): Promise<Backend> {
  const database = new TestSqlite();
  await database.start();
  return backendOf(database.engine(), () => database.stop());
}

async function pgsql(postgres: TestPostgres): Promise<Backend> {
  const engine = await openPgsql({ settings: postgres.settings(), log: new FakeLog(), random: systemRandom });
  return backendOf(engine, () => postgres.stop());
}

function backendOf(engine: SqlEngine, stop: () => Promise<void>): Backend {
  return {
    open: (definition) => engine.open(definition),
    close: async () => {
      await engine.close();
      await stop();
    },
  };
}

/** `suite` declares tests; it is called once for each backend. */
export async function storeContract<S>(
  definition: StoreDefinition<S>,
  suite: (subject: Subject<S>) => void,
): Promise<void> {
  const postgres = await TestPostgres.start();
  declare('memory', memory);
  declare('sqlite', sqlite);
  if (typeof postgres !== 'string') declare('pgsql', () => pgsql(postgres));
  else describe.skip(`pgsql, not run because it cannot start: ${postgres}`, () => suite({} as Subject<S>));

  function declare(name: string, start: () => Promise<Backend>): void {
    describe(name, () => {
      let backend: Backend;
      let store: S;
      let domains = 0;
      beforeAll(async () => {
        backend = await start();
        store = await backend.open(definition);
      });
      afterAll(() => backend?.close());
      suite({ store: () => store, domain: () => `host${++domains}.example` });
    });
  }
}
