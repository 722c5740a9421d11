/** What a native shard does to its process: memory of idle connections, running out of descriptors, exceptions of handlers. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { addonFile } from '../../../src/engine/native/native-addon.js';
import { issue } from '../../support/engine/certificates.js';
import { HEADER } from '../../support/engine/harness.js';
import { tlsOptions } from '../../support/engine/tls-options.js';

const PROGRAM = fileURLToPath(new URL('./native-shard-process.mjs', import.meta.url));

interface Figures {
  readonly port: number;
  readonly exceptions: number;
  readonly cpuMs: number;
  readonly connections: number;
  readonly accepted: number;
  readonly memoryBytes: number;
  readonly rss: number;
}

/** What a process may have at most; Node asks for all of it when it starts. Fewer connections are made where that is little. */
const descriptors = Number(execFileSync('sh', ['-c', 'ulimit -n']).toString()) || Number.POSITIVE_INFINITY;

const children: ChildProcess[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A shard in a process; the function asks for its figures. */
function start(mode: string, { tls = '', descriptors = 0 } = {}): () => Promise<Figures> {
  const command = [process.execPath, '--expose-gc', PROGRAM, addonFile, mode, tls];
  const limited = ['sh', '-c', `ulimit -n ${descriptors} && exec "$@"`, 'sh', ...command];
  const [file, ...args] = descriptors === 0 ? command : limited;
  const child = spawn(file as string, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => {
    child.stdin.write('?\n');
    return JSON.parse((await lines.next()).value as string) as Figures;
  };
}

/** Connects, and sends this once the connection stands. */
async function dial(port: number, text: string, secure = false): Promise<Socket> {
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false };
  const socket = secure ? connectTls(options) : connect(options);
  sockets.push(socket);
  socket.on('error', () => {});
  socket.resume();
  await once(socket, secure ? 'secureConnect' : 'connect');
  socket.write(text);
  return socket;
}

async function until(ask: () => Promise<Figures>, holds: (figures: Figures) => boolean): Promise<Figures> {
  for (let tries = 0; tries < 500; tries++) {
    const figures = await ask();
    if (holds(figures)) return figures;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('waited too long');
}

describe('idle connections', () => {
  async function measure(count: number, secure: boolean): Promise<{ own: number; rss: number }> {
    const tls = secure ? JSON.stringify(tlsOptions(issue({ name: 'localhost' }))) : '';
    const ask = start('serve', { tls });
    const { port } = await ask();
    const more = async (connections: number): Promise<Figures> => {
      while (sockets.length < connections) {
        const missing = Math.min(100, connections - sockets.length);
        await Promise.all(Array.from({ length: missing }, () => dial(port, `${HEADER}<iq/>`, secure)));
      }
      return until(ask, (figures) => figures.connections === connections);
    };
    // Some are there before, so that what is allocated once, or during handshakes, does not count.
    const before = await more(500);
    const after = await more(500 + count);
    return { own: (after.memoryBytes - before.memoryBytes) / count, rss: (after.rss - before.rss) / count };
  }

  test('plain: 10,000 hold no buffers, and cost at most 400 bytes of records each', { timeout: 120_000 }, async () => {
    const { own, rss } = await measure(Math.min(9500, descriptors - 800), false);
    console.log(`idle plain connection: ${own.toFixed(0)} bytes of records, ${rss.toFixed(0)} bytes of the process`);
    expect(own).toBeLessThan(400);
    expect(rss).toBeLessThan(1500);
  });

  test('TLS 1.3: the same, and keys, without anything of OpenSSL', { timeout: 120_000 }, async () => {
    const { own, rss } = await measure(1000, true);
    console.log(`idle TLS connection: ${own.toFixed(0)} bytes of records, ${rss.toFixed(0)} bytes of the process`);
    expect(own).toBeLessThan(800);
    // OpenSSL 3.0 would keep 13.5 KB of its own for a connection.
    expect(rss).toBeLessThan(4000);
  });
});

test('out of descriptors: waiting connections are turned away without spinning, and later ones served', async () => {
  const ask = start('poor', { descriptors: 60 });
  const { port } = await ask();
  let turnedAway = 0;
  for (let n = 0; n < 120; n++) {
    const socket = await dial(port, HEADER).catch(() => undefined);
    if (socket) socket.on('close', () => turnedAway++);
    else turnedAway++;
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = await ask();
  expect(before.connections).toBeLessThan(60);
  expect(turnedAway).toBe(120 - before.connections);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const after = await ask();
  expect(after.cpuMs - before.cpuMs).toBeLessThan(300);
  for (const socket of sockets.splice(0)) socket.destroy();
  await until(ask, ({ connections }) => connections === 0);
  await dial(port, HEADER);
  await until(ask, ({ connections }) => connections === 1);
});

test('a handler that throws is an uncaught exception, and the engine goes on', async () => {
  const ask = start('throw');
  const { port } = await ask();
  await dial(port, HEADER);
  await until(ask, ({ exceptions }) => exceptions === 1);
  await dial(port, HEADER);
  await until(ask, ({ exceptions, connections }) => exceptions === 2 && connections === 2);
});
