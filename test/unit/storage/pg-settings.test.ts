/** From `outgoing_pools.rdbms` to connections. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { PgsqlPool, PoolTls } from '../../../src/platform/config/types.js';
import { connectClient } from '../../../src/storage/sql/pgsql/pg-client.js';
import { pgSettings } from '../../../src/storage/sql/pgsql/settings.js';
import { issueCertificate } from '../../support/client-certificate.js';

const tls: PoolTls = { required: true, verify_mode: 'none', versions: ['tlsv1.2', 'tlsv1.3'], send_server_name: true };

function pool(connection: Partial<PgsqlPool>, workers = 10) {
  const facts = {
    driver: 'pgsql',
    host: 'localhost',
    port: 5432,
    database: 'x',
    username: 'u',
    password: 'p',
  } as const;
  const limits = { query_timeout: 5_000, max_start_interval: 30 };
  return {
    tag: 'default',
    scope: 'global',
    workers,
    call_timeout: 60_000,
    connection: { ...facts, ...limits, ...connection },
  } as const;
}

describe('the settings of a pool', () => {
  it('share its workers among the shards, but leave each two', () => {
    expect(pgSettings(pool({}), 3).connections).toBe(3);
    expect(pgSettings(pool({}), 1).connections).toBe(10);
    expect(pgSettings(pool({}, 5), 4).connections).toBe(2);
  });

  it('are in milliseconds', () => {
    expect(pgSettings(pool({ keepalive_interval: 30 }), 1)).toMatchObject({
      queryTimeoutMs: 5_000,
      maxStartIntervalMs: 30_000,
      keepaliveIntervalMs: 30_000,
    });
    expect(pgSettings(pool({}), 1).keepaliveIntervalMs).toBeUndefined();
  });

  it('take over every option of TLS', () => {
    const directory = mkdtempSync(join(tmpdir(), 'pool-'));
    const files = Object.fromEntries(
      ['certfile', 'keyfile', 'cacertfile'].map((name) => [name, join(directory, name)]),
    );
    for (const [name, file] of Object.entries(files)) writeFileSync(file, name);
    const connection = {
      tls: { ...tls, ...files, verify_mode: 'peer', ciphers: 'ECDHE', cipher_suites: 'TLS_X', password: 's' } as const,
    };
    const made = pgSettings(pool(connection), 1).tls!;
    expect(made.isRequired).toBe(true);
    expect(made.options).toMatchObject({
      rejectUnauthorized: true,
      passphrase: 's',
      ciphers: 'TLS_X:ECDHE',
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
    });
    expect([made.options.cert, made.options.key, made.options.ca].map(String)).toEqual([
      'certfile',
      'keyfile',
      'cacertfile',
    ]);
    rmSync(directory, { recursive: true });
  });

  it('name the option whose file cannot be read', () => {
    const connection = { tls: { ...tls, cacertfile: '/nowhere/ca.pem' } };
    expect(() => pgSettings(pool(connection), 1)).toThrow(
      /outgoing_pools\.rdbms\.default\.connection\.tls\.cacertfile: ENOENT/,
    );
  });
});

describe('the name that is sent to a server with TLS', () => {
  let server: Server | undefined;

  afterEach(() => server?.close());

  /** Does what PostgreSQL does until TLS is up, and ends the connection then. */
  async function nameSent(own: Partial<PoolTls>, host = 'localhost'): Promise<string> {
    const { pem, keyPem } = issueCertificate({ commonName: 'localhost' });
    const context = createSecureContext({ cert: pem, key: keyPem });
    let name = 'none';
    server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write('S');
        const SNICallback = (
          asked: string,
          done: (error: null, context: ReturnType<typeof createSecureContext>) => void,
        ) => {
          name = asked;
          done(null, context);
        };
        const secure = new TLSSocket(socket, { isServer: true, secureContext: context, SNICallback });
        secure.on('error', () => {});
        secure.once('data', () => secure.destroy());
      });
    });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const settings = pgSettings(pool({ host, port, tls: { ...tls, ...own } }), 1);
    await expect(connectClient(settings, true)).rejects.toThrow(/terminated/);
    return name;
  }

  it('is the host', async () => expect(await nameSent({})).toBe('localhost'));

  it('is `server_name` where that is set', async () =>
    expect(await nameSent({ server_name: 'db.example' })).toBe('db.example'));

  it('is left out with `send_server_name = false`', async () =>
    expect(await nameSent({ send_server_name: false })).toBe('none'));

  it('is left out for an address', async () => expect(await nameSent({}, '127.0.0.1')).toBe('none'));
});
