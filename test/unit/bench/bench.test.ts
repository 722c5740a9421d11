import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
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
  test.each([['--transport=tcp --proxy=v1'], ['--transport=bosh-tls --proxy=v2']])(
    'run starts a Meerkat that has what the profile needs: %s',
    async (how) => {
      const small = ['--set', 'chat.pairs=2', '--set', 'run.warmup=0', '--seconds', '1', '--set', 'server.shards=2'];
      const output = await bench('run', 'chat', '--set', `server.engine=${engine}`, ...small, ...how.split(' '));
      expect(output).toMatch(/^each message +Meerkat/m);
      expect(output).toMatch(/^server load +\d/m);
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
    'sessions counts memory at each number of sessions',
    async () => {
      const found = rows(await bench('sessions', '--engine', engine, '--sessions', '20,50', '--available'));
      expect([...found.keys()]).toEqual(['20', '50']);
    },
    PATIENCE_MS,
  );

  test(
    'login tells what each step costs the shard',
    async () => {
      const small = '--accounts 2 --contacts 4 --rounds 1 --scenes half --privacy'.split(' ');
      const costs = rows(await bench('login', '--engine', engine, ...small)).get('half');
      expect(costs?.map((cost) => Number(cost) >= 0)).toEqual(Array(8).fill(true));
    },
    PATIENCE_MS,
  );

  test.each([['--unauthenticated'], ['--available --tls']])(
    'memory %s: memory is told by the connection',
    async (options) => {
      const output = await bench('memory', '--engine', engine, '--connections', '50', ...options.split(' '));
      expect(Number(rows(output).get(engine)?.[2])).not.toBeNaN();
    },
    PATIENCE_MS,
  );
});

test.skipIf(!ENGINES.includes('native'))(
  'run measures what the kernel alone costs',
  async () => {
    const small = ['--set', 'chat.pairs=2', '--set', 'run.warmup=0', '--seconds', '1'];
    expect(await bench('run', 'chat', ...small, '--transport', 'floor')).toMatch(/^each message +floor/m);
  },
  PATIENCE_MS,
);

/** A budget of the architecture. */
const MOST_IDLE_BYTES = 1_536;

test.skipIf(!ENGINES.includes('native'))(
  'an idle bound session keeps within its memory',
  async () => {
    const [, , heap, , native] = (rows(await bench('memory', '--connections', '2000')).get('native') ?? []).map(Number);
    expect(heap).toBeGreaterThan(0);
    expect(native).toBeGreaterThan(0);
    expect(Number(heap) + Number(native)).toBeLessThan(MOST_IDLE_BYTES);
  },
  PATIENCE_MS,
);

test('a wrong option is answered with what is wrong', async () => {
  await expect(bench('memory', '--connections', 'many')).rejects.toMatchObject({
    code: 2,
    stderr: '--connections cannot be many.\n',
  });
});
