/** What every SQL engine offers beyond the port: making tables, and an end. */
import type { Sql, StoreDefinition } from '../../core/storage/index.js';

export interface SqlEngine extends Sql {
  /**
   * Makes the tables of these stores where they are missing, and brings those of an embedded database up to date. Rejects, naming
   * everything that is missing, when that cannot be done. Any number of shards and nodes may ask for the same at once.
   */
  ensure(definitions: readonly StoreDefinition<unknown>[]): Promise<void>;
  /** A store whose tables are there. */
  open<S>(definition: StoreDefinition<S>): Promise<S>;
  /** Waits for the writes that are under way. */
  close(): Promise<void>;
}
