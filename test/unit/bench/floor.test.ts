/** The floor is a result like any other, so that reports tell a server as a multiple of it. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const PATIENCE_MS = 120_000;
const hasCompiler = spawnSync(process.env['CXX'] ?? 'g++', ['--version']).status === 0;
const bench = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['bin/meerkat-bench.mjs', ...args], { cwd: root });

test.skipIf(!hasCompiler)(
  'a run of the floor and one of Meerkat give a report with times the floor',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'bench-floor-'));
    try {
      const [floor, own] = ['floor.json', 'own.json'].map((name) => join(directory, name)) as [string, string];
      const short = ['--seconds', '1', '--threads', '1', '--set', 'chat.pairs=2', '--set', 'run.warmup=0.2'];
      await bench('floor', ...short, '--json', floor);
      const result = JSON.parse(readFileSync(floor, 'utf8'));
      expect(result).toMatchObject({ format: 'meerkat-bench 1', target: { name: 'floor' }, failures: [] });
      expect(result.server.perOperation.message.total).toBeGreaterThan(0);
      await bench('run', 'chat', ...short, '--json', own);
      expect((await bench('report', own, floor)).stdout).toContain('times the floor');
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
  PATIENCE_MS,
);
