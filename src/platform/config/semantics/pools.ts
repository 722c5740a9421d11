/** The `outgoing_pools.rdbms` tables. */
import type { Path } from '../problems.js';
import type { PgsqlPool, RdbmsPool, SqlitePool } from '../types.js';
import { isTable, type Table } from '../validate.js';
import { type Draft, pick } from './draft.js';
import { buildPoolTls } from './tls.js';

const PGSQL_PORT = 5432;
const PGSQL_ONLY = ['host', 'port', 'database', 'username', 'password', 'tls'];

export function buildRdbmsPools(draft: Draft): Readonly<Record<string, RdbmsPool>> {
  const pools: Record<string, RdbmsPool> = {};
  for (const [tag, own] of Object.entries(draft.table('outgoing_pools', 'rdbms'))) {
    if (!isTable(own)) continue;
    const table = draft.filled('outgoing_pools.rdbms.*', own);
    pools[tag] = {
      tag,
      scope: 'global',
      workers: table['workers'] as number,
      connection: buildConnection(draft, ['outgoing_pools', 'rdbms', tag, 'connection']),
    };
  }
  return pools;
}

function buildConnection(draft: Draft, path: Path): SqlitePool | PgsqlPool {
  const own = draft.table(...path);
  if (own['driver'] === 'sqlite') return buildSqlite(draft, path, own);
  if (own['file'] !== undefined) {
    draft.find(
      'contradiction',
      [...path, 'file'],
      'key',
      'a server has no file, expected it with driver = "sqlite" only',
    );
  }
  const table = draft.filled('outgoing_pools.rdbms.*.connection', own);
  const names = [
    'host',
    'database',
    'username',
    'password',
    'query_timeout',
    'max_start_interval',
    'keepalive_interval',
  ];
  return {
    ...(pick(table, names) as unknown as PgsqlPool),
    driver: 'pgsql',
    port: (own['port'] as number | undefined) ?? PGSQL_PORT,
    ...(isTable(own['tls']) && { tls: buildPoolTls(draft, [...path, 'tls'], own['tls']) }),
  };
}

function buildSqlite(draft: Draft, path: Path, own: Table): SqlitePool {
  for (const name of PGSQL_ONLY) {
    if (own[name] === undefined) continue;
    draft.find(
      'contradiction',
      [...path, name],
      'key',
      `a file has no ${name}, expected file alone with driver = "sqlite"`,
    );
  }
  return { driver: 'sqlite', ...pick(own, ['file']) };
}
