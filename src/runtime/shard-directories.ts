/** The directories of a shard: a pool of connections for each table of `outgoing_pools.ldap`. */
import type { Directories, Directory } from '../core/directory/directory.js';
import type { Config } from '../platform/config/index.js';
import type { Logger } from '../platform/log.js';
import { LdapPool } from '../storage/ldap/ldap-pool.js';
import { ldapSettings } from '../storage/ldap/settings.js';

export class ShardDirectories implements Directories {
  readonly #pools: ReadonlyMap<string, LdapPool>;

  private constructor(pools: ReadonlyMap<string, LdapPool>) {
    this.#pools = pools;
  }

  /** Does not wait for the servers: what needs them says so while they are away. Throws when a file of TLS cannot be read. */
  static open(config: Config, shards: number, log: Logger): ShardDirectories {
    const pools = Object.values(config.outgoing_pools.ldap).map((pool): [string, LdapPool] => [
      pool.tag,
      new LdapPool({ settings: ldapSettings(pool, shards), log }),
    ]);
    for (const [, pool] of pools) pool.start();
    return new ShardDirectories(new Map(pools));
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
