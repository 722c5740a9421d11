/** From an `outgoing_pools.ldap` table to what the connections need. */
import type { LdapPool } from '../../platform/config/types.js';
import { type PoolTlsSettings, poolTls } from '../pool-tls.js';

export interface LdapSettings {
  readonly tag: string;
  /** In the order in which they are tried. */
  readonly servers: readonly LdapServer[];
  /** Empty for nobody (RFC 4513 section 5.1.1), as the password then is. */
  readonly rootDn: string;
  readonly password: string;
  readonly connections: number;
  /** How long a search may take, with the connection that it may need. */
  readonly callTimeoutMs: number;
  /** The pause between attempts to connect. */
  readonly connectIntervalMs: number;
  /** Requests that may wait for a connection's answers beside the one that it works on. */
  readonly maxQueue: number;
}

export interface LdapServer {
  readonly host: string;
  readonly port: number;
  readonly tls?: PoolTlsSettings | undefined;
}

/** `workers` of the pool are shared by the shards. Throws when a file that the table names cannot be read. */
export function ldapSettings(pool: LdapPool, shards: number): LdapSettings {
  const { tag, workers, call_timeout, max_worker_queue_len, connection } = pool;
  const place = `outgoing_pools.ldap.${tag}.connection.tls`;
  return {
    tag,
    servers: connection.servers.map((host) => ({
      host,
      port: connection.port,
      tls: connection.tls && poolTls(place, host, connection.tls),
    })),
    rootDn: connection.root_dn,
    password: connection.password,
    connections: Math.max(1, Math.floor(workers / shards)),
    callTimeoutMs: call_timeout,
    connectIntervalMs: connection.connect_interval,
    maxQueue: max_worker_queue_len ?? Number.POSITIVE_INFINITY,
  };
}
