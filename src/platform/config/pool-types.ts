/** The shape of the connections to databases. */
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
