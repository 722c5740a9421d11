/** Acknowledged means durable: servers are killed for real, and their files opened again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { statement } from '../../../src/core/storage/index.js';
import { TestSqlite } from '../../support/sqlite.js';

const SERVER = fileURLToPath(new URL('./fixtures/writing-server.mjs', import.meta.url));
const ALL = statement<{ readonly id: string }>('SELECT id FROM numbers');

let database: TestSqlite;
let children: ChildProcess[];

beforeEach(() => {
  database = new TestSqlite();
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await database.stop();
});

/** A server in a process of its own; `lines` grows with what it acknowledges. */
async function server(
  prefix: string,
  streams = 20,
): Promise<{ child: ChildProcess; lines: () => string[]; kill(): Promise<void> }> {
  const child = spawn(process.execPath, [SERVER, database.file, prefix, String(streams)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  let output = '';
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
      if (output.startsWith('ready\n')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return {
    child,
    // The last one may be cut in half.
    lines: () => output.split('\n').slice(1, -1),
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

it('loses no acknowledged write when the process is killed, again and again', async () => {
  const acknowledged: string[] = [];
  for (let life = 0; life < 6; life++) {
    const { lines, kill } = await server(`life${life}`);
    await new Promise((resolve) => setTimeout(resolve, 150 + life * 70));
    await kill();
    expect(lines().length).toBeGreaterThan(0);
    acknowledged.push(...lines());
  }
  await database.start();
  const engine = database.engine();
  const found = new Set((await engine.read(ALL)).map(({ id }) => id));
  expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
  await engine.close();
});

it('refuses a second server on the same file, and says which process has it', async () => {
  const { child, kill } = await server('first', 1);
  await expect(database.start()).rejects.toMatchObject({
    code: 'in-use',
    message: expect.stringContaining(`process ${child.pid}`),
  });
  // A server that was killed stands in nobody's way.
  await kill();
  await database.start();
});
