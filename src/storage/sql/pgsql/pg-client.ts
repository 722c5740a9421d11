/** Makes one connection to PostgreSQL, set up as the engine needs it. */
import { lookup } from 'node:dns/promises';
import type { TLSSocket } from 'node:tls';
import pg from 'pg';
import { refusedCertificate } from '../../pool-tls.js';
import type { PgSettings } from './settings.js';

const CONNECT_TIMEOUT_MS = 10_000;
/** The server gives a statement up first; a network that swallows the answer is noticed a little later. */
const ANSWER_GRACE_MS = 1_000;
const NO_TLS = 'The server does not support SSL connections';

const { builtins } = pg.types;
const PARSED: readonly number[] = [builtins.INT2, builtins.INT4, builtins.FLOAT4, builtins.FLOAT8, builtins.BYTEA];

/** Numbers where they are exact; everything that the port has no type for stays text. */
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === builtins.INT8) return parseInt8;
    if (PARSED.includes(oid)) return pg.types.getTypeParser(oid, format as 'text');
    return (text: string) => text;
  },
};

/** Rejects with what `pg` or the server says. */
export async function connectClient(settings: PgSettings, isPipelined: boolean): Promise<pg.Client> {
  try {
    return await attempt(settings, isPipelined, true);
  } catch (error) {
    const mayGoOn = settings.tls && !settings.tls.isRequired && (error as Error).message === NO_TLS;
    if (!mayGoOn) throw error;
    return attempt(settings, isPipelined, false);
  }
}

async function attempt(settings: PgSettings, isPipelined: boolean, withTls: boolean): Promise<pg.Client> {
  const { host, port, database, username, password, tls, queryTimeoutMs } = settings;
  // `pg` sends the host as the name of the server, unless it is an address.
  const address = withTls && tls?.hasOwnServerName ? (await lookup(host)).address : host;
  const client = new pg.Client({
    host: address,
    port,
    database,
    user: username,
    password,
    ssl: withTls && tls ? tls.options : false,
    pipeline: isPipelined,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'meerkat',
    ...(queryTimeoutMs > 0 && { query_timeout: queryTimeoutMs + ANSWER_GRACE_MS }),
    types,
  });
  // What goes wrong later reaches the owner by `end`; without a listener it would end the process.
  client.on('error', () => {});
  if (withTls && tls?.mayBeSelfSigned) checkCertificate(client);
  await client.connect();
  if (queryTimeoutMs > 0) await client.query(`SET statement_timeout = ${queryTimeoutMs}`);
  return client;
}

/** The handshake has been told to accept any certificate; all but self-signed ones end here, before the password is sent. */
function checkCertificate(client: pg.Client): void {
  const { connection } = client as unknown as { connection: pg.Connection & { stream: TLSSocket } };
  connection.once('sslconnect', () => {
    const { stream } = connection;
    stream.once('secureConnect', () => {
      const code = refusedCertificate(stream);
      if (code) stream.destroy(new Error(`the certificate is refused: ${code}`));
    });
  });
}

function parseInt8(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}
