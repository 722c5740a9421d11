/** How a module declares the data that it keeps. */
import type { Sql } from './sql.js';
import type { Table } from './table.js';

/** A change of tables that already hold data. Only for databases that the server made itself. */
export interface Migration {
  /** Counts up from 2; the tables as first published are version 1. */
  readonly version: number;
  readonly statements: readonly string[];
}

/** `S` is an interface in the module's own words; it never mentions SQL. */
export interface StoreDefinition<S> {
  /** Unique; under this name the embedded database remembers the version of the tables. */
  readonly name: string;
  /** As of the latest version. On PostgreSQL tables that exist are used as they are, if they have these columns. */
  readonly tables: readonly Table[];
  readonly migrations?: readonly Migration[];
  sql(sql: Sql): S;
  /** For tests; forgets everything with the object. */
  memory(): S;
}

export function defineStore<S>(definition: StoreDefinition<S>): StoreDefinition<S> {
  return definition;
}

export type StoreOf<D> = D extends StoreDefinition<infer S> ? S : never;

/** The account that data belongs to. Both parts are normalised; a `Jid` will do. */
export interface AccountKey {
  readonly local: string;
  readonly domain: string;
}

/** A text that no other account has. */
export function accountKey({ local, domain }: AccountKey): string {
  return `${local}@${domain}`;
}

/** What an engine has to know of a store to make its tables; plain data, ready to be sent to a thread. */
export interface StoreSchema {
  readonly name: string;
  readonly tables: readonly Table[];
  readonly migrations: readonly Migration[];
}

export function storeSchema({ name, tables, migrations = [] }: StoreDefinition<unknown>): StoreSchema {
  return { name, tables, migrations };
}
