import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const hasEngine = existsSync(`${root}/build/Release/meerkat.node`);
const directory = mkdtempSync(join(tmpdir(), 'meerkat-compare-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const PATIENCE_MS = 120_000;

function compare(...args: string[]) {
  return promisify(execFile)(process.execPath, ['bin/meerkat-bench.mjs', 'compare', ...args], { cwd: root });
}

describe('a comparison', () => {
  test.skipIf(!hasEngine)(
    'measures a server and the floor, and writes what report can read',
    async () => {
      const [json, html] = [join(directory, 'runs.json'), join(directory, 'page.html')];
      const short = ['run.seconds=1', 'run.warmup=0', 'chat.pairs=2'].flatMap((change) => ['--set', change]);
      const { stdout } = await compare(
        ...['--servers', 'meerkat,floor', '--profiles', 'chat-closed', '--repeat', '1', ...short],
        ...['--json', json, '--html', html],
      );
      expect(stdout).toMatch(/^each message +meerkat +floor\ncount +\d.*\nCPU .*\n {2}times the floor +\d/m);
      expect(stdout).toMatch(/^(Server on core 0, generator on|Server and generator)/m);
      const { format, runs } = JSON.parse(readFileSync(json, 'utf8'));
      expect(format).toBe('meerkat-bench comparison 1');
      expect(runs).toHaveLength(2);
      for (const run of runs) {
        expect(run.failures).toEqual([]);
        expect(run.server.perOperation.message.total).toBeGreaterThan(0);
      }
      expect(runs.map(({ target }: { target: unknown }) => target)).toMatchObject([
        { name: 'meerkat', mechanism: 'SCRAM-SHA-1' },
        { name: 'floor', transport: 'floor' },
      ]);
      expect(readFileSync(html, 'utf8')).toContain('Latency of message by percentile');
    },
    PATIENCE_MS,
  );

  test('knows what it cannot measure before it starts anything', async () => {
    await expect(compare('--servers', 'nobody')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--servers cannot be nobody.'),
    });
    await expect(compare('--profiles', 'chat-closed', '--set', 'chat.pears=2')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('pears'),
    });
  });
});
