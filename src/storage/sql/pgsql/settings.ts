/** From an `outgoing_pools.rdbms` table to what the connections need. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import { StorageError } from '../../../core/storage/index.js';
import type { PgsqlPool, PoolTls, RdbmsPool } from '../../../platform/config/types.js';

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

export interface PgTls {
  readonly options: ConnectionOptions;
  /** Otherwise a server without TLS is used in the clear. */
  readonly isRequired: boolean;
  /** A certificate that its owner has signed is good enough. */
  readonly mayBeSelfSigned: boolean;
  /** `options` say what is sent as the server's name (SNI), also that nothing is; else it is the host. */
  readonly hasOwnServerName: boolean;
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
    tls: tls && poolTls(pool.tag, host, tls),
    connections: Math.max(FEWEST_CONNECTIONS, Math.floor(pool.workers / shards)),
    queryTimeoutMs: query_timeout,
    maxStartIntervalMs: max_start_interval * 1_000,
    keepaliveIntervalMs: keepalive_interval === undefined ? undefined : keepalive_interval * 1_000,
  };
}

const VERSIONS = { tlsv1: 'TLSv1', 'tlsv1.1': 'TLSv1.1', 'tlsv1.2': 'TLSv1.2', 'tlsv1.3': 'TLSv1.3' } as const;
const IN_ORDER = ['tlsv1', 'tlsv1.1', 'tlsv1.2', 'tlsv1.3'] as const;

function poolTls(tag: string, host: string, tls: PoolTls): PgTls {
  const read = (option: string, file: string | undefined): Buffer | undefined => {
    if (file === undefined) return undefined;
    try {
      return readFileSync(file);
    } catch (cause) {
      const place = `outgoing_pools.rdbms.${tag}.connection.tls.${option}`;
      throw new StorageError('failed', `${place}: ${(cause as Error).message}`, { cause });
    }
  };
  const versions = IN_ORDER.filter((version) => tls.versions.includes(version)).map((version) => VERSIONS[version]);
  const ciphers = [tls.cipher_suites, tls.ciphers].filter((list) => list !== undefined).join(':');
  const name = tls.server_name ?? host;
  const options: ConnectionOptions = {
    ca: read('cacertfile', tls.cacertfile),
    cert: read('certfile', tls.certfile),
    key: read('keyfile', tls.keyfile ?? tls.certfile),
    passphrase: tls.password,
    rejectUnauthorized: tls.verify_mode === 'peer',
    minVersion: versions[0],
    maxVersion: versions.at(-1),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    ...(ciphers !== '' && { ciphers }),
    // RFC 6066 section 3: an address is not a name.
    ...(tls.send_server_name && isIP(name) === 0 && { servername: name }),
  };
  return {
    options,
    isRequired: tls.required,
    mayBeSelfSigned: tls.verify_mode === 'selfsigned_peer',
    hasOwnServerName: options.servername !== host,
  };
}
