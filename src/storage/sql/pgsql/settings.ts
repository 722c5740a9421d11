/** From an `outgoing_pools.rdbms` table to what the connections need. */
import type { PgsqlPool, RdbmsPool } from '../../../platform/config/types.js';
import { type PoolTlsSettings, poolTls } from '../../pool-tls.js';

export interface PgSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
  readonly tls?: PgTls | undefined;
  /** One of them writes. */
  readonly connections: number;
  /** 0: no limit. */
  readonly queryTimeoutMs: number;
  /** The longest pause between two attempts to connect. */
  readonly maxStartIntervalMs: number;
  readonly keepaliveIntervalMs?: number | undefined;
}

export interface PgTls extends PoolTlsSettings {
  /** Otherwise a server without TLS is used in the clear. */
  readonly isRequired: boolean;
}

/** A shard without a connection of its own could not work; two keep reads from waiting for commits. */
const FEWEST_CONNECTIONS = 2;

/** `workers` of the pool are shared by the shards. Throws when a file that the table names cannot be read. */
export function pgSettings(pool: RdbmsPool & { readonly connection: PgsqlPool }, shards: number): PgSettings {
  const { host, port, database, username, password, query_timeout, max_start_interval, keepalive_interval, tls } =
    pool.connection;
  return {
    host,
    port,
    database,
    username,
    password,
    tls: tls && {
      ...poolTls(`outgoing_pools.rdbms.${pool.tag}.connection.tls`, host, tls),
      isRequired: tls.required,
    },
    connections: Math.max(FEWEST_CONNECTIONS, Math.floor(pool.workers / shards)),
    queryTimeoutMs: query_timeout,
    maxStartIntervalMs: max_start_interval * 1_000,
    keepaliveIntervalMs: keepalive_interval === undefined ? undefined : keepalive_interval * 1_000,
  };
}
