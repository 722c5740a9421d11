/** Native shards in threads of their own: connections that move in mid-stream, floods, threads that end at any time. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { addonFile } from '../../../src/engine/native/native-addon.js';
import type { EngineCounters, TlsOptions } from '../../../src/engine/port.js';
import { issue } from '../../support/engine/certificates.js';
import { HEADER } from '../../support/engine/harness.js';
import { ask, hold } from '../../support/engine/shard-thread.js';
import { tlsOptions } from '../../support/engine/tls-options.js';

const WORKER = fileURLToPath(new URL('./native-shard-worker.mjs', import.meta.url));

const workers: Worker[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

async function start(group: string, shard: number, tls?: TlsOptions): Promise<Worker> {
  const worker = new Worker(WORKER, { workerData: { addon: addonFile, group, shard, shards: 2, tls } });
  workers.push(worker);
  await once(worker, 'message');
  return worker;
}

/** The calls that came to `worker`, once there are `count` of them. */
async function arrived(worker: Worker, count: number): Promise<number[]> {
  for (;;) {
    const { calls } = await ask<{ calls: number[] }>(worker, { calls: true });
    if (calls.length >= count) return calls;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function listen(worker: Worker): Promise<number> {
  return (await ask<{ port: number }>(worker, { listen: true })).port;
}

async function dial(port: number, secure: boolean): Promise<Socket> {
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false };
  const socket = secure ? connectTls(options) : connect(options);
  sockets.push(socket);
  // A thread that is terminated resets its connections.
  socket.on('error', () => {});
  const [happened] = await Promise.race(
    [secure ? 'secureConnect' : 'connect', 'close'].map(async (event) => once(socket, event).then(() => [event])),
  );
  if (happened === 'close') throw new Error('the connection ended before it began');
  return socket;
}

/** Everything that comes until `last`, or until the connection ends. */
async function until(socket: Socket, last: string): Promise<string> {
  let text = '';
  for await (const bytes of socket) {
    text += bytes;
    if (text.endsWith(last)) break;
  }
  return text;
}

describe.each([
  ['plain TCP', undefined],
  ['TLS 1.2', 'TLSv1.2'],
  ['TLS 1.3', 'TLSv1.3'],
] as const)('over %s', (_, version) => {
  const secure = version !== undefined;
  const tls = secure ? tlsOptions(issue({ name: 'localhost' }), { versions: [version] }) : undefined;

  test('connections move between threads in mid-stream: nothing of what was pipelined is lost or reordered', async () => {
    const group = `move-${process.hrtime.bigint()}`;
    const [first] = await Promise.all([start(group, 0, tls), start(group, 1)]);
    const port = await listen(first);
    const clients = Array.from({ length: 40 }, async (_, client) => {
      const socket = await dial(port, secure);
      const stanzas = Array.from(
        { length: 400 },
        (_, n) => `<message id='${client}-${n}'><body>hello ${n}</body></message>`,
      );
      const expected = stanzas.join('').replaceAll('<message ', "<message from='shard@1' ");
      const answer = until(socket, `hello 399</body></message>`);
      const input = Buffer.from(`${HEADER}<bind/>${stanzas.join('')}`);
      // Cut anywhere, so that halves of tags and of TLS records are on their way while the connection moves.
      for (let at = 0, size = 1; at < input.length; at += size, size = 1 + ((size * 7919 + client) % 3000)) {
        socket.write(input.subarray(at, at + size));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await answer).toBe(`<opened/><bound state='state'/>${expected}`);
    });
    await Promise.all(clients);
  });

  test('a thread that is terminated under load takes its connections along, and the others go on', async () => {
    const group = `end-${process.hrtime.bigint()}`;
    const first = await start(group, 0, tls);
    const port = await listen(first);
    for (let round = 0; round < 4; round++) {
      const second = await start(group, 1);
      const load = Array.from({ length: 20 }, async () => {
        const socket = await dial(port, secure);
        socket.write(`${HEADER}<bind/>`);
        const feed = setInterval(() => socket.write('<message/>'.repeat(200)), 1);
        socket.on('close', () => clearInterval(feed));
        // Reset while it reads or while it writes.
        await until(socket, 'never').catch((error) => expect(error.code).toMatch(/ECONNRESET|EPIPE/));
        return socket.destroyed;
      });
      await new Promise((resolve) => setTimeout(resolve, 60 + 20 * round));
      await second.terminate();
      expect(await Promise.all(load)).toEqual(Array(20).fill(true));
    }
    // The first thread serves on, and finds a second one that was started anew.
    await start(group, 1);
    const socket = await dial(port, secure);
    socket.write(`${HEADER}<bind/><message/>`);
    expect(await until(socket, "<message from='shard@1'/>")).toContain('<bound');
  });

  test('a thread that accepts can be terminated while connections leave it', async () => {
    const group = `leave-${process.hrtime.bigint()}`;
    await start(group, 1);
    for (let round = 0; round < 4; round++) {
      const first = await start(group, 0, tls);
      const port = await listen(first);
      const load = Array.from({ length: 20 }, async () => {
        const socket = await dial(port, secure).catch(() => undefined);
        if (!socket) return;
        socket.write(`${HEADER}<bind/>${'<message/>'.repeat(50)}`);
        await until(socket, 'never').catch(() => {});
      });
      await new Promise((resolve) => setTimeout(resolve, 10 * round));
      await first.terminate();
      for (const socket of sockets.splice(0)) socket.destroy();
      await Promise.all(load);
    }
  });
});

test('a flood of calls to a thread that is busy: refused at the limit of its mailbox, and what was taken arrives in order', async () => {
  const group = `flood-${process.hrtime.bigint()}`;
  const [first, second] = await Promise.all([start(group, 0), start(group, 1)]);
  const release = await hold(second);
  const { sent } = await ask<{ sent: number }>(first, { flood: { most: 100_000, bytes: 16_384 } });
  // Each message counts 64 bytes beside its own.
  expect(sent).toBe(Math.floor((64 << 20) / (16_384 + 64)));
  release();
  const calls = await arrived(second, sent);
  expect(calls.every((call, index) => call === index)).toBe(true);
  const again = await ask<{ sent: number }>(first, { flood: { most: 10, bytes: 16_384 } });
  expect(again.sent).toBe(10);
});

test('a shard runs once in a group; a second one is refused until the first has stopped', async () => {
  const group = `once-${process.hrtime.bigint()}`;
  const first = await start(group, 0);
  const second = new Worker(WORKER, { workerData: { addon: addonFile, group, shard: 0, shards: 2 } });
  const [error] = await once(second, 'error');
  expect(error).toMatchObject({ code: 'shard-taken' });
  await first.terminate();
  await start(group, 0);
});

test('a flood of messages that are hardly any bytes ends at the limit too, and all of them arrive', async () => {
  const group = `tiny-${process.hrtime.bigint()}`;
  const [first, second] = await Promise.all([start(group, 0), start(group, 1)]);
  const before = await ask<{ counters: EngineCounters }>(second, { counters: true });
  const release = await hold(second);
  const { sent } = await ask<{ sent: number }>(first, { flood: { most: 10_000_000, bytes: 10 } });
  expect(sent).toBe(Math.floor((64 << 20) / (10 + 64)));
  release();
  expect(await arrived(second, sent)).toHaveLength(sent);
  const after = await ask<{ counters: EngineCounters }>(second, { counters: true });
  // The mailbox counts what waits in it.
  expect(after.counters.memoryBytes).toBe(before.counters.memoryBytes);
});
