/** Makes the tables of stores in an embedded database and brings old ones up to date. */
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { createTableSql, StorageError, type StoreSchema } from '../../../core/storage/index.js';

const VERSIONS =
  'CREATE TABLE IF NOT EXISTS meerkat_stores (name text PRIMARY KEY, version integer NOT NULL, ' +
  'changed_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP)';

/** Everything or nothing. Doing it again changes nothing. */
export function migrate(database: DatabaseSyncInstance, schemas: readonly StoreSchema[]): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(VERSIONS);
    for (const schema of schemas) migrateOne(database, schema);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function migrateOne(database: DatabaseSyncInstance, { name, tables, migrations }: StoreSchema): void {
  const latest = Math.max(1, ...migrations.map(({ version }) => version));
  const found = database.prepare('SELECT version FROM meerkat_stores WHERE name = ?').get(name) as
    | { version: number }
    | undefined;
  if (found?.version === latest) return;
  if (found && found.version > latest) {
    const versions = `version ${found.version} of the tables of "${name}", this one knows ${latest}`;
    throw new StorageError('schema', `the database was last used by a newer Meerkat: it has ${versions}`);
  }

  const statements = found
    ? migrations
        .filter(({ version }) => version > found.version)
        .sort((one, other) => one.version - other.version)
        .flatMap((migration) => migration.statements)
    : tables.flatMap((table) => createTableSql(table, 'sqlite'));
  for (const statement of statements) database.exec(statement);
  database
    .prepare(
      'INSERT INTO meerkat_stores (name, version) VALUES (?1, ?2) ' +
        'ON CONFLICT (name) DO UPDATE SET version = excluded.version, changed_at = CURRENT_TIMESTAMP',
    )
    .run(name, latest);
}
