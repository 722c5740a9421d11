/** The directories of a shard: a pool of connections for each table of `outgoing_pools.ldap`. */
import type { Directories, Directory } from '../core/directory/directory.js';
import type { Config } from '../platform/config/index.js';
import type { Logger } from '../platform/log.js';
import type { LdapPool } from '../storage/ldap/ldap-pool.js';
import { ldapSettings } from '../storage/ldap/settings.js';

export class ShardDirectories implements Directories {
  readonly #pools: ReadonlyMap<string, LdapPool>;

  private constructor(pools: ReadonlyMap<string, LdapPool>) {
    this.#pools = pools;
  }

  /** Does not wait for the servers: what needs them says so while they are away. Throws when a file of TLS cannot be read. */
  static async open(config: Config, shards: number, log: Logger): Promise<ShardDirectories> {
    const tables = Object.values(config.outgoing_pools.ldap);
    const pools = new Map<string, LdapPool>();
    if (tables.length === 0) return new ShardDirectories(pools);
    // Loaded where there is one: it takes a shard some memory, and part of its start.
    const { LdapPool } = await import('../storage/ldap/ldap-pool.js');
    for (const table of tables) pools.set(table.tag, new LdapPool({ settings: ldapSettings(table, shards), log }));
    for (const pool of pools.values()) pool.start();
    return new ShardDirectories(pools);
  }

  pool(tag: string): Directory {
    const pool = this.#pools.get(tag);
    if (!pool) throw new Error(`there is no pool outgoing_pools.ldap.${tag}`);
    return pool;
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.close();
  }
}
