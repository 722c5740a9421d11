/** The port that stores are written against: SQL in two dialects with grouped commits, and how a store is declared. */
export { isTooLong, StorageError, type StorageErrorCode, TOO_LONG } from './error.js';
export type { Row, Sql, SqlValue, WriteResult } from './sql.js';
export {
  type Dialect,
  dialects,
  limitValue,
  rareStatement,
  type Statement,
  type Step,
  statement,
  step,
} from './statement.js';
export {
  type AccountKey,
  accountKey,
  defineStore,
  type Migration,
  type StoreDefinition,
  type StoreOf,
  type StoreSchema,
  storeSchema,
} from './store.js';
export { createTableSql, schemaSql, type Table, type TableOptions, table } from './table.js';
