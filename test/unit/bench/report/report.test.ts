import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { htmlReport } from '../../../../bench/report/page.mjs';
import { ratio, spread } from '../../../../bench/report/ratio.mjs';
import { readResults } from '../../../../bench/report/read.mjs';
import { summaryTable } from '../../../../bench/report/summary.mjs';
import { madeUpRun } from './made-up.js';

const directory = mkdtempSync(join(tmpdir(), 'meerkat-report-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const meerkat = (seed = 1) => madeUpRun({ name: 'meerkat', cost: [6, 8], latency: 900, seed });
const other = (seed = 1) => madeUpRun({ name: 'other', cost: [60, 20], latency: 2_900, seed });
const floor = (seed = 1) => madeUpRun({ name: 'floor', cost: [0.5, 6.5], latency: 500, seed });

function written(name: string, content: unknown): string {
  const file = join(directory, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

describe('a ratio', () => {
  test('is that of the medians, with the least and the most that two runs would give', () => {
    expect(ratio(spread([20, 22, 24]), spread([10, 11, 12]))).toEqual({
      value: 2,
      low: 20 / 12,
      high: 2.4,
      isSingle: false,
    });
  });

  test.each([
    [
      [20, 30, 40],
      [19, 20, 21],
    ],
    [
      [10, 11, 12],
      [5, 10, 15],
    ],
    [
      [10, 11, 12],
      [8, 9, 10],
    ],
    [
      [10, 12],
      [11, 12],
    ],
  ])('of %j to %j is refused, as either spreads over as much as they differ', (measured, base) => {
    expect(ratio(spread(measured), spread(base))).toEqual({ refused: 'the spread is larger than the difference' });
  });

  test('of single runs says that nothing is known of the spread', () => {
    expect(ratio(spread([20]), spread([10]))).toMatchObject({ value: 2, isSingle: true });
  });

  test('to zero is refused, and nothing measured has none', () => {
    expect(ratio(spread([20]), spread([0]))).toEqual({ refused: 'the base is zero' });
    expect(ratio(spread([Number.NaN]), spread([10]))).toBeUndefined();
  });
});

describe('the table in the terminal', () => {
  /** The cells of the row with this title, behind it. */
  function cells(text: string, title: string): string[] {
    const line = text.split('\n').find((one) => one.startsWith(title)) ?? '';
    return line.slice(title.length).trim().split(/ {2,}/);
  }

  test('one run has its figures, and no ratios', () => {
    const text = summaryTable([meerkat()]);
    expect(text).toMatch(/^chat: One-to-one chat, closed loop\n\neach message +meerkat\n/);
    expect(cells(text, 'CPU ')[0]).toMatch(/^1\d(\.\d)? µs$/);
    expect(text).not.toContain('times');
  });

  test('others are told as multiples of the first, and all of the floor', () => {
    const text = summaryTable([1, 2, 3].flatMap((seed) => [meerkat(seed), other(seed + 5), floor(seed + 9)]));
    const rows = text.split('\n');
    const at = rows.findIndex((row: string) => row.startsWith('CPU '));
    expect(cells(rows[at + 1]!, '  times the floor').map(Number.parseFloat)).toEqual([2, 11.4, Number.NaN].map(near));
    expect(cells(rows[at + 2]!, '  times meerkat')[1]).toMatch(/^5\.\d+× \(5\.\d+\.\.\d(\.\d+)?\)$/);
  });

  test('what two cannot be told apart in has no ratio', () => {
    const text = summaryTable([1, 2, 3].flatMap((seed) => [meerkat(seed), { ...meerkat(seed + 20), label: 'twin' }]));
    const rows = text.split('\n');
    const at = rows.findIndex((row: string) => row.startsWith('CPU '));
    expect(cells(rows[at + 1]!, '  times meerkat')).toEqual(['–', 'not told apart']);
  });

  test('failures and warnings are told', () => {
    const run = meerkat();
    run.failures.push('lost 3 of 20000 messages');
    run.warnings.push('the generator was at its limit');
    const text = summaryTable([run]);
    expect(text).toContain('FAILED  meerkat: lost 3 of 20000 messages\n');
    expect(text).toContain('warning meerkat: the generator was at its limit\n');
  });

  const near = (value: number) => (Number.isNaN(value) ? value : expect.closeTo(value, 0));
});

describe('the page', () => {
  test('stands alone: no script, and nothing to fetch', () => {
    const page = htmlReport([meerkat(), other()]);
    expect(page).not.toMatch(/<script|\b(?:src|href)="(?!#)|@import|url\(/i);
    expect(page).toContain("default-src 'none'");
    expect(page).toContain('prefers-color-scheme: dark');
  });

  test('no text of a result becomes markup, wherever it comes from', () => {
    const hostile = '</script><b>bold</b><!--';
    const run = madeUpRun({ name: hostile, profile: hostile, title: hostile, cost: [6, 8], latency: 900 });
    run.failures.push(hostile);
    run.warnings.push(hostile);
    run.target.notes.push(hostile);
    Object.assign(run.target, { version: hostile, host: hostile, transport: hostile, mechanism: hostile });
    Object.assign(run.machine, { cpu: hostile, kernel: hostile });
    Object.assign(run.counts, { [hostile]: 1 });
    Object.assign(run.operations, { [hostile]: run.operations.message });
    run.profile.toml = hostile;
    const page = htmlReport([run, { ...run, label: `${hostile} again` }], { remarks: [hostile] });
    expect(page.match(/&lt;\/script&gt;/g)!.length).toBeGreaterThan(15);
    expect(page).not.toMatch(/<\/script>|<b>|<!--/);
  });

  test('every plot has a title, a description and its figures, and no two things have one id', () => {
    const runs = [
      meerkat(),
      other(),
      madeUpRun({ name: 'meerkat', profile: 'ramp', cost: [1, 1], latency: 9, grows: true }),
    ];
    const page = htmlReport(runs);
    const plots = page.match(/<figure>[\s\S]*?<\/figure>/g)!;
    expect(plots.length).toBeGreaterThan(9);
    for (const plot of plots) expect(plot).toMatch(/<title id="[\w-]+">[^<]+<\/title><desc[\s\S]*<table>/);
    expect(page).toContain('Memory of the server by connections');
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('counts that are zero everywhere are left out, and others told for each', () => {
    const run = other();
    Object.assign(run.counts, { lost: 3 });
    const [, counts = ''] = /<caption>Counts([\s\S]*?)<\/table>/.exec(htmlReport([meerkat(), run])) ?? [];
    expect(counts).toContain('<th scope="row">lost</th><td>0</td><td>3</td>');
    expect(counts).not.toContain('doubled');
  });

  test('a run without server figures, histogram and series has tables alone', () => {
    const { series, server, ...bare } = meerkat();
    const { histogram, ...latency } = bare.operations.message.latency;
    const page = htmlReport([{ ...bare, operations: { message: { ...bare.operations.message, latency } } }]);
    expect(page).toContain('Each message');
    expect(page).not.toContain('<figure>');
  });
});

describe('files of results', () => {
  test('two files with one target are told apart by their names, and are no repetitions', () => {
    const files = [written('before.json', meerkat()), written('after.json', meerkat(2)), written('x.json', other())];
    expect(readResults(files).runs.map(({ label }: { label: string }) => label)).toEqual([
      'meerkat (before)',
      'meerkat (after)',
      'other',
    ]);
  });

  test('a comparison holds repetitions, and remarks', () => {
    const runs = [meerkat(), meerkat(2)];
    const file = written('all.json', { format: 'meerkat-bench comparison 1', runs, remarks: ['One was not there.'] });
    const read = readResults([file]);
    expect(read.runs.map(({ label }: { label: string }) => label)).toEqual(['meerkat', 'meerkat']);
    expect(read.remarks).toEqual(['One was not there.']);
  });

  test.each([
    ['nothing.json', '', 'cannot be read'],
    ['list.json', '[]', "its format is not 'meerkat-bench 1'"],
    ['null.json', 'null', "its format is not 'meerkat-bench 1'"],
    ['empty.json', '{"format": "meerkat-bench comparison 1", "runs": []}', 'has no runs'],
    ['half.json', '{"format": "meerkat-bench 1", "profile": {}}', "'profile.name' is missing"],
  ])('%s is refused with what is wrong', (name, content, problem) => {
    expect(() => readResults([written(name, content)])).toThrow(problem);
  });

  test('the command prints the table, writes the page, and fails when a run has failed', async () => {
    const bench = (...args: string[]) =>
      promisify(execFile)(process.execPath, ['bin/meerkat-bench.mjs', 'report', ...args], {
        cwd: fileURLToPath(new URL('../../../..', import.meta.url)),
      });
    const page = join(directory, 'page.html');
    const { stdout } = await bench(written('one.json', meerkat()), '--html', page);
    expect(stdout).toContain('each message');
    expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>\n<html lang="en">/);
    const failed = { ...meerkat(), failures: ['lost 1 of 2 messages'] };
    await expect(bench(written('failed.json', failed))).rejects.toMatchObject({ code: 1 });
    await expect(bench()).rejects.toMatchObject({ code: 2 });
  });
});
