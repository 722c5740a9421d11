/** Describes tables as MongooseIM names them, and writes their definition in each dialect. */
import type { Dialect } from './statement.js';

export interface TableOptions {
  readonly primaryKey: readonly string[];
  /** Columns by the name of the index. */
  readonly indexes?: Readonly<Record<string, readonly string[]>>;
  /** Columns by the name of the index that lets no two rows have the same values in them. */
  readonly unique?: Readonly<Record<string, readonly string[]>>;
  /** The enumerated types that its columns have on PostgreSQL, with their values. Elsewhere they are text. */
  readonly types?: Readonly<Record<string, readonly string[]>>;
}

export interface Table extends TableOptions {
  readonly name: string;
  /** PostgreSQL types with `NOT NULL` and defaults, by column. */
  readonly columns: Readonly<Record<string, string>>;
}

export function table(name: string, columns: Readonly<Record<string, string>>, options: TableOptions): Table {
  return { name, columns, ...options };
}

/** Statements that make the table and its indexes where they are missing. */
export function createTableSql(definition: Table, dialect: Dialect): string[] {
  const { name, columns, primaryKey, indexes = {}, unique = {}, types = {} } = definition;
  const serial = primaryKey.length === 1 && columns[primaryKey[0]!]?.startsWith('serial');
  const lines = Object.entries(columns).map(([column, type]) => `  ${column} ${columnType(type, types, dialect)}`);
  // SQLite numbers rows only in a column that is declared as the key itself.
  if (!(serial && dialect === 'sqlite')) lines.push(`  PRIMARY KEY (${primaryKey.join(', ')})`);
  return [
    ...(dialect === 'pgsql' ? Object.entries(types).map(([type, values]) => createTypeSql(type, values)) : []),
    `CREATE TABLE IF NOT EXISTS ${name} (\n${lines.join(',\n')}\n)`,
    ...Object.entries(indexes).map(
      ([index, on]) => `CREATE INDEX IF NOT EXISTS ${index} ON ${name} (${on.join(', ')})`,
    ),
    ...Object.entries(unique).map(
      ([index, on]) => `CREATE UNIQUE INDEX IF NOT EXISTS ${index} ON ${name} (${on.join(', ')})`,
    ),
  ];
}

/** PostgreSQL has no `IF NOT EXISTS` here. */
function createTypeSql(type: string, values: readonly string[]): string {
  const create = `CREATE TYPE ${type} AS ENUM (${values.map((value) => `'${value}'`).join(', ')})`;
  return `DO $$ BEGIN ${create}; EXCEPTION WHEN duplicate_object THEN NULL; END $$`;
}

/** The whole definition for an operator who creates the tables by hand. */
export function schemaSql(tables: readonly Table[], dialect: Dialect): string {
  return tables.map((definition) => `${createTableSql(definition, dialect).join(';\n')};\n`).join('\n');
}

function columnType(type: string, types: Readonly<Record<string, readonly string[]>>, dialect: Dialect): string {
  if (dialect === 'pgsql') return type;
  const [first = ''] = type.split(' ', 1);
  if (Object.hasOwn(types, first)) return `text${type.slice(first.length)}`;
  // AUTOINCREMENT: the number of a deleted row is never given out again.
  if (type.startsWith('serial')) return 'INTEGER PRIMARY KEY AUTOINCREMENT';
  return type.replace(/^bytea/, 'blob').replace(/^character\(1\)/, 'text');
}
