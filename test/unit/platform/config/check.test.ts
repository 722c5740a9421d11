/** The report of `config check`, and that no text whatever breaks the loader. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkConfigText, loadConfig, reportLines } from '../../../../src/platform/config/index.js';

const general = '[general]\nhosts = ["localhost"]\ndefault_server_domain = "localhost"\n';
const example = readFileSync(new URL('../../../compat/config/files/everything.toml', import.meta.url), 'utf8');

describe('the report', () => {
  test('of a file with problems', () => {
    const text = `${general}loglevl = 1\nrdbms_server_type = "pgsql"\n[auth.internal]\n[[listen.c2s]]\nport = 5222\n`;
    const report = checkConfigText('m.toml', text);
    expect(report.isValid).toBe(false);
    expect(reportLines(report)).toEqual([
      'm.toml:4:1: general.loglevl: unknown option; did you mean "loglevel"?',
      'm.toml:5:1: note: general.rdbms_server_type: has no effect: the driver of the pool tells the type of the database',
      'm.toml: 1 problem, 1 note; the server would not start with this file',
    ]);
  });

  test('of a file that is fine', () => {
    const report = checkConfigText('m.toml', `${general}[auth.internal]\n[[listen.c2s]]\nport = 5222\n`);
    expect(report).toEqual({ file: 'm.toml', isValid: true, problems: [], notes: [] });
    expect(reportLines(report)).toEqual(['m.toml: 0 problems, 0 notes; the server would start with this file']);
  });

  test('is plain data', () => {
    const report = checkConfigText('m.toml', example);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});

test('whatever is cut out of a file or put into it, there is a snapshot or a list of problems with places', () => {
  const place = fc.nat(example.length);
  fc.assert(
    fc.property(place, fc.nat(40), fc.string({ maxLength: 20 }), (start, length, inserted) => {
      const text = example.slice(0, start) + inserted + example.slice(start + length);
      const result = loadConfig({ file: 'f', text });
      if (!('problems' in result)) return;
      for (const { line, column, text: words } of result.problems) {
        expect(line).toBeGreaterThan(0);
        expect(column).toBeGreaterThan(0);
        expect(words).not.toBe('');
      }
    }),
    { numRuns: 60 },
  );
});

test('a byte order mark in front is no part of the file', () => {
  const { problems } = checkConfigText('f', `\uFEFF${general}loglevl = 1\n`);
  expect(problems.map(({ line, column }) => [line, column])).toEqual([[4, 1]]);
});

test('names that objects have by nature are names like any other', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const text = `${general}[shaper.${name}]\nmax_rate = 1\n[access]\n${name} = [{acl = "all", value = "allow"}]\n`;
    const result = loadConfig({ file: 'f', text });
    expect('problems' in result ? result.problems.length : Object.keys(result.config.shaper)).toEqual(
      name === '__proto__' || name === 'constructor' ? 1 : [name],
    );
    expect(Object.prototype).not.toHaveProperty('max_rate');
  }
});

test('a file of 300 lines is read in well under 50 ms of CPU', () => {
  const modules = '[modules.mod_roster]\n  versioning = true\n[modules.mod_disco]\n';
  const rules = Array.from({ length: 290 }, (_, index) => `rule${index} = [{acl = "all", value = "allow"}]`).join('\n');
  const text = `${general}${modules}[access]\n${rules}\n`;
  const times = Array.from({ length: 7 }, () => {
    const start = process.cpuUsage();
    loadConfig({ file: 'f', text });
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  // The best of some runs: the collector has other things to do.
  expect(Math.min(...times)).toBeLessThan(50);
});
