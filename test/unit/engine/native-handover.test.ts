/** Hand-overs between native shards at their limits: compressed streams, shards that are slow or die with thousands of connections. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { constants, createDeflate, createInflate } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { addonFile } from '../../../src/engine/native/native-addon.js';
import type { EngineCounters, TlsOptions } from '../../../src/engine/port.js';
import { issue } from '../../support/engine/certificates.js';
import { HEADER } from '../../support/engine/harness.js';
import { ask, hold } from '../../support/engine/shard-thread.js';
import { tlsOptions } from '../../support/engine/tls-options.js';

const WORKER = fileURLToPath(new URL('./native-shard-worker.mjs', import.meta.url));
/** What the process may open at most; both ends of each connection are in it. */
const descriptors = Number(execFileSync('sh', ['-c', 'ulimit -n']).toString()) || Number.POSITIVE_INFINITY;
const MOST = 10_000;

const workers: Worker[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

async function pair(tls?: TlsOptions): Promise<{ first: Worker; second: Worker; port: number }> {
  const group = `hand-over-${process.hrtime.bigint()}`;
  const start = async (shard: number): Promise<Worker> => {
    const worker = new Worker(WORKER, { workerData: { addon: addonFile, group, shard, shards: 2, tls } });
    workers.push(worker);
    await once(worker, 'message');
    return worker;
  };
  const [first, second] = [await start(0), await start(1)];
  const { port } = await ask<{ port: number }>(first, { listen: true });
  return { first, second, port };
}

async function counters(worker: Worker): Promise<EngineCounters> {
  return (await ask<{ counters: EngineCounters }>(worker, { counters: true })).counters;
}

async function dial(port: number, secure = false): Promise<Socket> {
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false };
  const socket = secure ? connectTls(options) : connect(options);
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, secure ? 'secureConnect' : 'connect');
  return socket;
}

/** Everything that comes until `last`, or until the connection ends. */
async function until(stream: AsyncIterable<Buffer>, last: string): Promise<string> {
  let text = '';
  for await (const bytes of stream) {
    text += bytes;
    if (text.endsWith(last)) break;
  }
  return text;
}

/** Gathers what comes. */
class Reader {
  readonly socket: Socket;
  text = '';

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.text += bytes;
    });
  }

  async until(last: string): Promise<void> {
    while (!this.text.endsWith(last)) await once(this.socket, 'data');
  }
}

test.each([
  ['plain', undefined],
  ['TLS 1.2', 'TLSv1.2'],
  ['TLS 1.3', 'TLSv1.3'],
] as const)('compressed streams move in the middle of blocks and stanzas, over %s', async (_, version) => {
  const tls = version && tlsOptions(issue({ name: 'localhost' }), { versions: [version] });
  const { port } = await pair(tls);
  const clients = Array.from({ length: 12 }, async (_, client) => {
    const socket = await dial(port, version !== undefined);
    socket.write(`${HEADER}<compress/>`);
    let text = '';
    while (!text.endsWith('<compressed/>')) text += (await once(socket, 'data'))[0];
    const inflate = createInflate({ finishFlush: constants.Z_SYNC_FLUSH });
    socket.on('data', (bytes: Buffer) => inflate.write(bytes));
    const stanzas = Array.from(
      { length: 200 },
      (_, n) => `<message id='${n}'><body>hi ${client} ${n}</body></message>`,
    );
    const answer = until(inflate, `hi ${client} 199</body></message>`);
    const deflate = createDeflate({ level: client % 10 });
    deflate.end(`${HEADER}<bind/>${stanzas.join('')}`);
    const input = await buffered(deflate);
    // Cut anywhere: within blocks, within stanzas, and within the request that moves the connection.
    for (let at = 0, size = 1; at < input.length; at += size, size = 1 + ((size * 7919 + client) % 97)) {
      socket.write(input.subarray(at, at + size));
      if (at % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const expected = stanzas.join('').replaceAll('<message ', "<message from='shard@1' ");
    expect(await answer).toBe(`<opened/><bound state='state'/>${expected}`);
  });
  await Promise.all(clients);
});

test('a shard that stands still does not stop another one, and what waits for it arrives in order', async () => {
  const { second, port } = await pair();
  const moved = new Reader(await dial(port));
  moved.socket.write(`${HEADER}<bind/>`);
  await moved.until("<bound state='state'/>");
  const release = await hold(second);
  const stanzas = Array.from({ length: 500 }, (_, n) => `<message id='${n}'/>`).join('');
  moved.socket.write(stanzas);
  const late = new Reader(await dial(port));
  late.socket.write(`${HEADER}<bind/>${stanzas}`);
  // Newcomers are accepted and served before the slow one says a word.
  for (let n = 0; n < 20; n++) {
    const other = new Reader(await dial(port));
    other.socket.write(HEADER);
    await other.until('<opened/>');
  }
  expect(moved.text + late.text).not.toContain('shard@1');
  release();
  const expected = `<opened/><bound state='state'/>${stanzas.replaceAll('<message ', "<message from='shard@1' ")}`;
  for (const reader of [moved, late]) {
    await reader.until("id='499'/>");
    expect(reader.text).toBe(expected);
  }
});

test('a shard that dies with 10,000 connections ends them all, and the other one goes on', {
  timeout: 120_000,
}, async () => {
  const { first, second, port } = await pair();
  const count = Math.min(MOST, Math.floor((descriptors - 1000) / 2));
  if (count < MOST) console.log(`${count} connections instead of ${MOST}: the process may open ${descriptors} files`);
  const stays = await dial(port);
  stays.write(HEADER);
  let ended = 0;
  for (let made = 0; made < count; made += 250) {
    const some = Array.from({ length: Math.min(250, count - made) }, async () => {
      const socket = await dial(port);
      socket.resume();
      socket.on('close', () => ended++);
      socket.write(`${HEADER}<bind/><message`);
    });
    await Promise.all(some);
  }
  while ((await counters(second)).connections < count) await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await counters(first)).connections).toBe(1);
  const dying = second.terminate();
  // Neither accepting nor an established connection waits for it.
  const socket = await dial(port);
  socket.write(HEADER);
  expect(await until(socket, '<opened/>')).toBe('<opened/>');
  await dying;
  while (ended < count) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(stays.destroyed).toBe(false);
  // A connection that wants to go there is told so by its shard, and goes nowhere.
  const lost = await dial(port);
  lost.write(`${HEADER}<bind/>`);
  expect(await until(lost, 'never')).toBe('<opened/>');
});

async function buffered(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
