/** The steps run on both engines, and what became slower than what was accepted is found. No figure itself is looked at. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accept, compare, isKnown, missing, readAccepted } from '../../../bench/micro/accepted.mjs';
import { meterAddon } from '../../../bench/micro/build.mjs';
import { kindOfMachine } from '../../../bench/micro/measure.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const ENGINES = ['native', 'portable'].filter(
  (engine) => engine === 'portable' || existsSync(`${root}/build/Release/meerkat.node`),
);
const PATIENCE_MS = 120_000;
const SHORT = '--rounds 1 --milliseconds 1 --warmup 1 --no-native'.split(' ');

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function bench(...args: string[]): Promise<Outcome> {
  try {
    const output = await promisify(execFile)(process.execPath, ['bin/meerkat-bench.mjs', ...args], { cwd: root });
    return { code: 0, ...output };
  } catch (error) {
    return error as Outcome;
  }
}

/** Archives, logins and addresses are the same whatever engine there is. */
const PORTABLE = ['routing', 'stanza', 'hand-over'].flatMap((word) => ['--only', word]);

test.each(ENGINES)(
  'micro measures every step on the %s engine',
  async (engine) => {
    const only = engine === 'portable' ? PORTABLE : [];
    const { stdout, stderr } = await bench('micro', '--engine', engine, '--no-instructions', ...SHORT, ...only);
    const rows = stdout.trim().split('\n').slice(1);
    expect(rows.length, stderr).toBe(engine === 'portable' ? 8 : 19);
    for (const row of rows) expect(Number(row.split(/ {2,}/)[2]), row).toBeGreaterThan(0);
  },
  PATIENCE_MS,
);

describe('check', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'bench-check-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const options = [...SHORT, '--only', 'hook, three', '--only', 'Jid, known'];
  const file = (name: string) => join(directory, name);

  test(
    'without accepted figures says how to get some',
    async () => {
      const { code, stderr } = await bench('check', ...options, '--no-instructions', '--accepted', file('none.json'));
      expect([code, stderr]).toEqual([2, expect.stringContaining('--accept makes')]);
    },
    PATIENCE_MS,
  );

  test(
    'finds a step that takes far more CPU than was accepted, and no other one',
    async () => {
      const given = [...options, '--no-instructions', '--accepted', file('cpu.json')];
      expect(await bench('check', ...given, '--accept')).toMatchObject({ code: 0 });
      // Of the second one nothing is known, and the first one took a hundredth.
      const accepted = JSON.parse(readFileSync(file('cpu.json'), 'utf8'));
      const [figures] = Object.values(accepted.cpu) as [Record<string, Record<string, number>>];
      expect(Object.keys(figures)).toEqual(['Jid, known', 'hook, three handlers']);
      figures['hook, three handlers'] = { turns: 0.01, low: 0.01, high: 0.01 };
      delete figures['Jid, known'];
      writeFileSync(file('cpu.json'), JSON.stringify(accepted));

      const { code, stdout } = await bench('check', ...given);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^hook, three handlers +CPU.* slower$/m);
      expect(stdout).toMatch(/^Jid, known +CPU.* new$/m);
      expect(stdout).toContain('1 slower, 0 faster, 1 new');
    },
    PATIENCE_MS,
  );

  test(
    'finds a step that takes more instructions than were accepted',
    async ({ skip }) => {
      const hasValgrind = spawnSync('valgrind', ['--version']).status === 0;
      if (!hasValgrind || !(await meterAddon()))
        return skip('this takes valgrind, a compiler and the headers of Node.js');
      const known = { 'hook, three handlers': { instructions: 1, spread: 0, bytes: 0 } };
      const accepted = { ...readAccepted(file('none.json')), instructions: { [kindOfMachine().instructions]: known } };
      writeFileSync(file('instructions.json'), JSON.stringify(accepted));
      const given = [...SHORT, '--only', 'hook, three', '--accepted', file('instructions.json')];

      const { code, stdout } = await bench('check', ...given);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^hook, three handlers +instructions.* slower$/m);
    },
    PATIENCE_MS,
  );
});

interface Row {
  readonly what: string;
  readonly verdict: string;
}

describe('what moved', () => {
  const kind = { instructions: 'a compiler', cpu: 'a processor' };
  const turns = [10, 10.2, 9.9, 10.1, 10, 9.8, 10.3, 10, 30];
  const found = (change: object) => ({
    kind,
    steps: {
      step: {
        ...{ language: 'TypeScript', instructions: 1_000, spread: 0.001, bytes: 500 },
        ...{ rounds: turns.map((turn) => [turn * 7, turn]), ...change },
      },
    },
  });
  const slowed = (times: number) => ({ rounds: turns.map((turn) => [turn * 7, turn * times]) });
  const accepted = accept(readAccepted('/nonexistent'), found({}));
  const verdicts = (change: object) =>
    Object.fromEntries(compare(accepted, found(change)).map(({ what, verdict }: Row) => [what, verdict]));
  const same = { instructions: 'same', 'bytes of heap': 'same', CPU: 'same' };

  test('is nothing when nothing changed, in spite of one wild round', () => expect(verdicts({})).toEqual(same));

  test.each([
    ['2 % more instructions are within the tolerance', { instructions: 1_020 }, {}],
    ['5 % more are not', { instructions: 1_050 }, { instructions: 'slower' }],
    ['5 % less is told, too', { instructions: 950 }, { instructions: 'faster' }],
    ['5 % more are nothing where runs lie further apart', { instructions: 1_050, spread: 0.02 }, {}],
    ['in C++ 1 % is too much', { language: 'C++', instructions: 1_010 }, { instructions: 'slower' }],
    ['more memory counts', { bytes: 600 }, { 'bytes of heap': 'slower' }],
    ['a fifth more CPU is what a neighbour does', slowed(1.2), {}],
    ['half more is not', slowed(1.5), { CPU: 'slower' }],
    ['half of it is told, too', slowed(0.5), { CPU: 'faster' }],
    [
      'a median that moved within rounds that overlap is noise',
      { rounds: [9, 10, 10, 10, 15, 15, 15, 15, 16].map((turn) => [1, turn]) },
      {},
    ],
  ])('%s', (_, change, expected) => expect(verdicts(change)).toEqual({ ...same, ...expected }));

  test.each([
    [20, 'same'],
    [40, 'slower'],
  ])('a step without memory that takes %i bytes now is %s', (bytes, verdict) => {
    const without = accept(readAccepted('/nonexistent'), found({ bytes: 0 }));
    const row = compare(without, found({ bytes })).find(({ what }: Row) => what === 'bytes of heap');
    expect(row?.verdict).toBe(verdict);
  });

  test('is not told on another kind of machine', () => {
    const elsewhere = { instructions: 'another compiler', cpu: 'another processor' };
    expect(isKnown(accepted, kind)).toBe(true);
    expect(isKnown(accepted, elsewhere)).toBe(false);
    expect(compare(accepted, { ...found({}), kind: elsewhere })).toEqual([]);
  });

  test('on another processor with the same compiler is told of instructions alone', () => {
    const rows = compare(accepted, { ...found({}), kind: { ...kind, cpu: 'another processor' } });
    expect(rows.map(({ what }: Row) => what)).toEqual(['instructions', 'bytes of heap']);
  });

  test('a step that is accepted and was not measured is named', () => {
    expect(missing(accepted, { kind, steps: {} })).toEqual(['step']);
  });

  test('accepting keeps other kinds of machines, and steps that were not measured', () => {
    const other = { kind: { instructions: 'other', cpu: 'other' }, steps: found({}).steps };
    const both = accept(accept(accepted, other), { kind, steps: { second: found({}).steps.step } });
    expect(Object.keys(both.cpu)).toEqual(['a processor', 'other']);
    expect(Object.keys(both.cpu['a processor'] ?? {})).toEqual(['second', 'step']);
  });
});
