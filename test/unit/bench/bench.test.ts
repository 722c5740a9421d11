import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const ENGINES = ['native', 'portable'].filter(
  (engine) => engine === 'portable' || existsSync(`${root}/build/Release/meerkat.node`),
);
const PATIENCE_MS = 120_000;

async function bench(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['bin/meerkat-bench.mjs', ...args], { cwd: root });
  return stdout;
}

/** The table that a bench prints, a row by its first column. */
function rows(output: string): Map<string, string[]> {
  const lines = output.trim().split('\n').slice(1);
  return new Map(lines.map((line) => line.split(/ {2,}/)).map(([name, ...cells]) => [name as string, cells]));
}

describe.each(ENGINES)('benches run on the %s engine', (engine) => {
  test.each([
    ['--pipeline 1'],
    ['--managed --devices 2 --archive'],
    ['--pipeline 5 --tls'],
    ['--rate 200 --shards 2'],
    ['--websocket --pipeline 3'],
  ])(
    'chat %s: every message arrives, once and in order',
    async (options) => {
      const usual = ['--engine', engine, '--pairs', '2', '--seconds', '1', '--warmup', '1'];
      const [costs] = rows(await bench('chat', ...usual, ...options.split(' '))).get(engine) ?? [];
      expect(Number(costs)).toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );

  test(
    'login makes contacts, and measures logins',
    async () => {
      const few = ['--contacts', '3', '--accounts', '2', '--abreast', '2', '--seconds', '1'];
      const [logins] = rows(await bench('login', '--engine', engine, ...few)).get('3') ?? [];
      expect(Number(logins)).toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );

  test(
    'compression measures bombs and idle streams',
    async () => {
      const output = await bench('compression', '--engine', engine, '--streams', '5', '--mebibytes', '8');
      // Both bombs were refused.
      expect(output.match(/true$/gm)).toHaveLength(2);
    },
    PATIENCE_MS,
  );

  test(
    'archive writes rows and reads pages of each kind',
    async () => {
      const options = '--seconds 1 --rate 1000 --rows 5000 --pages 2'.split(' ');
      const [written = '', read = ''] = (await bench('archive', '--engine', engine, ...options)).split('\n\n');
      for (const [rate] of rows(written).values()) expect(Number(rate)).toBeGreaterThan(0);
      expect([...rows(read).values()].map(([cost]) => Number.parseFloat(cost as string) > 0)).toEqual(
        Array(8).fill(true),
      );
    },
    PATIENCE_MS,
  );

  test(
    'churn tells the memory behind each round',
    async () => {
      const usual = ['--engine', engine, '--connections', '20', '--rounds', '2'];
      const found = rows(await bench('churn', ...usual, '--websocket'));
      expect([...found.keys()]).toEqual([`${engine}, round 1`, `${engine}, round 2`]);
    },
    PATIENCE_MS,
  );

  test(
    'sessions counts memory at each number of sessions',
    async () => {
      const found = rows(await bench('sessions', '--engine', engine, '--sessions', '20,50', '--available'));
      expect([...found.keys()]).toEqual(['20', '50']);
    },
    PATIENCE_MS,
  );

  test.each([['--unauthenticated'], ['--available --tls']])(
    'idle %s: memory is told by the connection',
    async (options) => {
      const output = await bench('idle', '--engine', engine, '--connections', '50', ...options.split(' '));
      expect(Number(rows(output).get(engine)?.[2])).not.toBeNaN();
    },
    PATIENCE_MS,
  );
});

test.skipIf(!ENGINES.includes('native'))(
  'chat measures the engine as a multiple of the floor',
  async () => {
    const output = await bench('chat', ...'--engine native,floor --pairs 2 --seconds 1 --warmup 1'.split(' '));
    expect(output).toContain('times the floor');
    expect(Number(rows(output).get('floor')?.[1])).toBe(1);
  },
  PATIENCE_MS,
);

/** A budget of the architecture. */
const MOST_IDLE_BYTES = 1_536;

test.skipIf(!ENGINES.includes('native'))(
  'an idle bound session keeps within its memory',
  async () => {
    const [, , heap, , native] = (rows(await bench('idle', '--connections', '2000')).get('native') ?? []).map(Number);
    expect(heap).toBeGreaterThan(0);
    expect(native).toBeGreaterThan(0);
    expect(Number(heap) + Number(native)).toBeLessThan(MOST_IDLE_BYTES);
  },
  PATIENCE_MS,
);

describe('a chatter checks what comes', () => {
  async function faultAfter(...numbers: number[]): Promise<string | undefined> {
    const { Chatter, chatText } = await import('../../../bench/inside/chat-pair.mjs');
    const [socket, other] = [new PassThrough(), new PassThrough()];
    const alice = new Chatter(socket, 'alice@localhost/1');
    alice.meet(new Chatter(other, 'bob@localhost/2'));
    const stamped = (number: number) => chatText(alice.jid, number).replace(' type', " from='bob@localhost/2' type");
    const bytes = numbers.map(stamped).join('');
    // In two pieces, cut within a message.
    for (const piece of [bytes.slice(0, 400), bytes.slice(400)]) if (piece !== '') socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
    return alice.fault;
  }

  test('numbers in their order are right', async () => expect(await faultAfter(0, 1, 2, 3)).toBeUndefined());
  test('a lost message is seen', async () => expect(await faultAfter(0, 2)).toMatch(/^expected message 1, got/));
  test('a doubled message is seen', async () => expect(await faultAfter(0, 1, 1)).toMatch(/^expected message 2, got/));
  test('a disordered message is seen', async () => expect(await faultAfter(1, 0)).toMatch(/^expected message 0, got/));
});

test('a wrong option is answered with what is wrong', async () => {
  await expect(bench('chat', '--pairs', 'many')).rejects.toMatchObject({
    code: 2,
    stderr: '--pairs cannot be many.\n',
  });
});
