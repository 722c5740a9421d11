/** Finds out whether a database has the tables of our stores, and makes those that are missing. */
import type pg from 'pg';
import { createTableSql, StorageError, schemaSql, type Table } from '../../../core/storage/index.js';
import { isServerError, pgError } from './pg-error.js';

/** Any number that no other program uses: one node or shard at a time makes tables. */
const LOCK = 0x6d656572;

// Those that a name without a schema means, whether we may read them or not.
const COLUMNS =
  'SELECT c.relname, a.attname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid ' +
  'WHERE c.relname = ANY($1) AND pg_catalog.pg_table_is_visible(c.oid) AND a.attnum > 0 AND NOT a.attisdropped';

/** Uses tables as they are, and never changes one. `client` is not pipelined. */
export async function ensureTables(client: pg.Client, tables: readonly Table[], name: string): Promise<void> {
  if ((await missing(client, tables, name)).length === 0) return;
  try {
    await client.query('BEGIN');
    await client.query(`SELECT pg_advisory_xact_lock(${LOCK})`);
    const wanted = await missing(client, tables, name);
    for (const table of wanted) for (const sql of createTableSql(table, 'pgsql')) await client.query(sql);
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => {});
    if (!isServerError(cause)) throw pgError(cause, name);
    const wanted = await missing(client, tables, name);
    const names = wanted.map((table) => table.name).join(', ');
    const remedy = `Let the owner of the database run this, or load MongooseIM's own schema:\n\n${schemaSql(wanted, 'pgsql')}`;
    const reason = `${cause.message} (${cause.code})`;
    throw new StorageError('schema', `${name} lacks ${names}, and making them failed: ${reason}. ${remedy}`, { cause });
  }
}

/** Throws when a table is there without columns that we need. */
async function missing(client: pg.Client, tables: readonly Table[], name: string): Promise<Table[]> {
  const { rows } = await client.query<{ relname: string; attname: string }>(COLUMNS, [
    tables.map((table) => table.name),
  ]);
  const found = new Map<string, Set<string>>();
  for (const { relname, attname } of rows) found.set(relname, (found.get(relname) ?? new Set()).add(attname));

  const lacking = tables.flatMap((table) => {
    const own = found.get(table.name);
    if (!own) return [];
    return Object.keys(table.columns)
      .filter((column) => !own.has(column))
      .map((column) => `${table.name}.${column}`);
  });
  if (lacking.length > 0) {
    const advice = 'bring its schema up to that of MongooseIM 6.2.1 or later';
    throw new StorageError('schema', `${name} lacks the columns ${lacking.join(', ')}: ${advice}`);
  }
  return tables.filter((table) => !found.has(table.name));
}
