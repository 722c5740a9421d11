import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { excusedFiles, excusedFunctions } from './excused.js';
import { filesBelow, isGenerated, read, root } from './files.js';
import { functionSizes, ownLines } from './function-lines.js';

const MAX_FILE_LINES = 400;
const MAX_FUNCTION_LINES = 40;

const sources = () => [
  ...filesBelow('src', ['.ts']),
  ...filesBelow('web', ['.ts', '.css', '.html']),
  ...filesBelow('native', ['.cc', '.h']).filter((file) => !file.includes('/vendor/')),
  ...filesBelow('scripts', ['.mjs']),
  ...filesBelow('test', ['.ts', '.cc', '.h']),
];

test(`a file has at most ${MAX_FILE_LINES} lines`, () => {
  const long = sources().flatMap((file) => {
    const lines = read(file).trimEnd().split('\n').length;
    return lines > (excusedFiles[file] ?? MAX_FILE_LINES) && !isGenerated(file) ? [`${file}: ${lines}`] : [];
  });
  expect(long).toEqual([]);
});

test(`a function has at most ${MAX_FUNCTION_LINES} lines of its own`, () => {
  const long = ['src', 'web'].flatMap(functionSizes).filter(({ ownLines }) => ownLines > MAX_FUNCTION_LINES);
  const counts = new Map<string, number>();
  for (const { file } of long) counts.set(file, (counts.get(file) ?? 0) + 1);
  const tooMany = long.filter(({ file }) => counts.get(file)! > (excusedFunctions[file] ?? 0));
  expect(tooMany.map(({ file, line, ownLines }) => `${file}:${line}: ${ownLines}`)).toEqual([]);
});

test('nobody is excused who need not be', () => {
  const files = Object.entries(excusedFiles).filter(([file, lines]) => {
    return !existsSync(join(root, file)) || lines <= MAX_FILE_LINES || read(file).trimEnd().split('\n').length < lines;
  });
  const long = ['src', 'web'].flatMap(functionSizes).filter(({ ownLines }) => ownLines > MAX_FUNCTION_LINES);
  const functions = Object.entries(excusedFunctions).filter(
    ([file, count]) => long.filter((one) => one.file === file).length < count,
  );
  expect([...files, ...functions]).toEqual([]);
});

test('functions are found, and a nested one counts for itself', () => {
  expect(
    functionSizes('test/architecture').filter(({ file }) => file.endsWith('/function-lines.ts')).length,
  ).toBeGreaterThan(2);
  const outer = { start: 1, end: 50 };
  const inner = { start: 10, end: 30 };
  const innermost = { start: 12, end: 20 };
  expect(ownLines(outer, [outer, inner, innermost])).toBe(30);
  expect(ownLines(inner, [outer, inner, innermost])).toBe(13);
});
