/** The shape of the connections to databases and directories. */
import type { TlsVersionName } from './types.js';

export interface SqlitePool {
  readonly driver: 'sqlite';
  /** Relative to the data directory; unset: the embedded store's own file. */
  readonly file?: string | undefined;
}

export interface PgsqlPool {
  readonly driver: 'pgsql';
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
  /** Milliseconds. */
  readonly query_timeout: number;
  /** Seconds. */
  readonly max_start_interval: number;
  /** Seconds between queries that keep an idle connection open; unset for none. */
  readonly keepalive_interval?: number | undefined;
  readonly tls?: PoolTls | undefined;
}

export interface PoolTls {
  /** Refuse a server without TLS instead of going on in the clear. */
  readonly required: boolean;
  readonly verify_mode: 'none' | 'peer' | 'selfsigned_peer';
  readonly certfile?: string | undefined;
  readonly keyfile?: string | undefined;
  readonly password?: string | undefined;
  readonly cacertfile?: string | undefined;
  readonly crl_files?: readonly string[] | undefined;
  readonly versions: readonly TlsVersionName[];
  readonly ciphers?: string | undefined;
  readonly cipher_suites?: string | undefined;
  /** Checked against the certificate and sent as SNI; unset: the host. */
  readonly server_name?: string | undefined;
  readonly send_server_name: boolean;
}

export interface RdbmsPool {
  readonly tag: string;
  readonly scope: 'global' | 'host_type';
  /** Connections. */
  readonly workers: number;
  readonly connection: SqlitePool | PgsqlPool;
}

export interface LdapPool {
  readonly tag: string;
  /** Connections. */
  readonly workers: number;
  /** Milliseconds. */
  readonly call_timeout: number;
  /** Requests that may wait at each connection; unset for no limit. */
  readonly max_worker_queue_len?: number | undefined;
  readonly connection: LdapConnection;
}

export interface LdapConnection {
  /** Tried in turn. */
  readonly servers: readonly string[];
  readonly port: number;
  /** Empty for nobody. */
  readonly root_dn: string;
  readonly password: string;
  /** Milliseconds. */
  readonly connect_interval: number;
  /** TLS from the first byte. */
  readonly tls?: PoolTls | undefined;
}
