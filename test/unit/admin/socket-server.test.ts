import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ask } from '../../../src/admin/ctl/client.js';
import { makeDispatcher } from '../../../src/admin/dispatch.js';
import { commands } from '../../../src/admin/registry.js';
import { type ControlSocket, openControlSocket } from '../../../src/admin/socket-server.js';
import { FakeLog } from '../../support/fake-log.js';
import { MemoryAdmin } from '../../support/memory-admin.js';

const open: ControlSocket[] = [];
afterEach(async () => {
  for (const socket of open.splice(0)) await socket.close();
});

const newDir = () => mkdtempSync(join(tmpdir(), 'meerkat-ctl-'));

async function start(dataDir = newDir()) {
  const context = new MemoryAdmin();
  const log = new FakeLog();
  const socket = await openControlSocket({ dataDir, dispatcher: makeDispatcher(commands, context, log), log });
  open.push(socket);
  return { context, dataDir, socket };
}

const status = { category: 'server', command: 'status', args: {} };

/** Sends bytes and returns what came back until the server ended the connection, or `lines` lines came. */
function exchange(
  path: string,
  bytes: string | Buffer,
  lines = Number.POSITIVE_INFINITY,
): Promise<Record<string, unknown>[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write(bytes));
    let text = '';
    const end = () => {
      socket.destroy();
      resolve(
        text
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line)),
      );
    };
    socket.on('data', (chunk) => {
      text += chunk;
      if (text.split('\n').length > lines) end();
    });
    socket.on('end', end);
    socket.on('error', reject);
  });
}

describe('the control socket', () => {
  test('answers commands, and is for the own user only', async () => {
    const { dataDir, socket } = await start();
    expect(statSync(socket.path).mode & 0o777).toBe(0o600);
    expect(await ask(status, { dataDir, timeoutMs: 5000 })).toMatchObject({ statusCode: 'RUNNING' });
    await expect(ask({ ...status, command: 'statu' }, { dataDir, timeoutMs: 5000 })).rejects.toMatchObject({
      code: 'unknown_command',
    });
  });

  test('answers several requests of one connection in their order', async () => {
    const { socket } = await start();
    const requests = [1, 2, 3].map((id) => `${JSON.stringify({ id, ...status })}\n`).join('');
    expect((await exchange(socket.path, requests, 3)).map(({ id }) => id)).toEqual([1, 2, 3]);
  });

  test.each([
    ['no JSON', 'hello\n'],
    ['an array', '[]\n'],
    ['null', 'null\n'],
    ['no id', '{"category":"server","command":"status"}\n'],
    ['a number as the category', '{"id":1,"category":1,"command":"status"}\n'],
    ['args that are a list', '{"id":1,"category":"server","command":"status","args":[]}\n'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00, 0x0a])],
  ])('refuses %s and goes on', async (_, bytes) => {
    const { dataDir, socket } = await start();
    expect(await exchange(socket.path, bytes, 1)).toEqual([
      { id: expect.toBeOneOf([null, 1]), error: expect.objectContaining({ code: 'invalid_request' }) },
    ]);
    expect(await ask(status, { dataDir, timeoutMs: 5000 })).toMatchObject({ statusCode: 'RUNNING' });
  });

  test.each([
    ['one that ends', `${'x'.repeat(70_000)}\n`],
    ['one that does not', 'x'.repeat(300_000)],
  ])('ends the connection of a request that is too long: %s', async (_, bytes) => {
    const { dataDir, socket } = await start();
    expect(await exchange(socket.path, bytes)).toEqual([
      { id: null, error: expect.objectContaining({ code: 'request_too_long' }) },
    ]);
    expect(await ask(status, { dataDir, timeoutMs: 5000 })).toMatchObject({ statusCode: 'RUNNING' });
  });

  test('takes a request in pieces, and survives a client that leaves in the middle', async () => {
    const { dataDir, socket } = await start();
    const leaver = connect(socket.path, () => leaver.end('{"id":1,'));
    await once(leaver, 'close');
    const slow = connect(socket.path);
    for (const piece of ['{"id":1,"categ', 'ory":"server","command":"st', 'atus"}', '\n']) {
      slow.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [answer] = await once(slow, 'data');
    expect(JSON.parse(String(answer))).toMatchObject({ id: 1, result: { statusCode: 'RUNNING' } });
    slow.destroy();
    expect(await ask(status, { dataDir, timeoutMs: 5000 })).toMatchObject({ statusCode: 'RUNNING' });
  });

  test('closing answers what was asked, and removes the socket', async () => {
    const { context, dataDir, socket } = await start();
    let answer!: (count: number) => void;
    context.accounts.count = () => new Promise((resolve) => (answer = resolve));
    const asked = ask(
      { category: 'account', command: 'countUsers', args: { domain: 'localhost' } },
      { dataDir, timeoutMs: 5000 },
    );
    while (!answer) await new Promise((resolve) => setTimeout(resolve, 5));
    const closed = socket.close();
    answer(42);
    expect(await asked).toBe(42);
    await closed;
    expect(existsSync(socket.path)).toBe(false);
    await expect(ask(status, { dataDir, timeoutMs: 5000 })).rejects.toThrow('no server runs');
  });
});

describe('a start in a data directory', () => {
  test('of a living server is refused, and leaves that one alone', async () => {
    const { dataDir } = await start();
    await expect(start(dataDir)).rejects.toThrow('another server uses this data directory');
    expect(await ask(status, { dataDir, timeoutMs: 5000 })).toMatchObject({ statusCode: 'RUNNING' });
  });

  test('removes the socket of a server that was killed', async () => {
    const dataDir = newDir();
    const path = join(dataDir, 'control.sock');
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.stdout.write('up'))`;
    const victim = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(victim.stdout, 'data');
    victim.kill('SIGKILL');
    await once(victim, 'close');
    expect(existsSync(path)).toBe(true);

    await start(dataDir);
    expect(await ask(status, { dataDir, timeoutMs: 5000 })).toMatchObject({ statusCode: 'RUNNING' });
  });

  test('leaves a file alone that is no socket', async () => {
    const dataDir = newDir();
    writeFileSync(join(dataDir, 'control.sock'), 'mine');
    await expect(start(dataDir)).rejects.toThrow('it is not a socket');
  });

  test('at the same moment as another is refused, unless that one died over it', async () => {
    const dataDir = newDir();
    const claim = join(dataDir, 'control.sock.claim');
    mkdirSync(claim);
    await expect(start(dataDir)).rejects.toThrow('another server is starting');
    utimesSync(claim, new Date(0), new Date(0));
    await start(dataDir);
  });

  test('with a path that is too long for a socket says so', async () => {
    const dataDir = join(newDir(), 'x'.repeat(100));
    await expect(start(dataDir)).rejects.toThrow('choose a shorter data directory');
  });
});
