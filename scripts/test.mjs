/** Runs everything that has to hold: style, types, architecture, native code, and all tests. `test.mjs WORD…` runs tests whose files match. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { findCompiler } from './lib/compiler.mjs';
import { absentPeers } from './lib/peers.mjs';
import { runVisibly } from './lib/step.mjs';

const FUZZ_SECONDS = '5';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tool = (...path) => join(root, 'node_modules', ...path);
const secondAttempts = join(root, 'scripts', 'lib', 'second-attempts.mjs');

const results = [];
const filters = process.argv.slice(2);
if (filters.length > 0) {
  await vitest('tests', filters);
} else {
  for (const peer of absentPeers())
    results.push({ name: peer.what, skipped: 1, why: `no ${peer.name}: ${peer.howToGet}` });
  await program('lint', [tool('@biomejs', 'biome', 'bin', 'biome'), 'check', '--error-on-warnings']);
  await program('types', [tool('typescript', 'bin', 'tsc'), '-p', 'test']);
  await vitest('architecture', ['test/architecture']);
  await nativeTests();
  await vitest('tests', ['--exclude', 'test/architecture/**']);
}
summarize();

async function nativeTests() {
  const { missing } = findCompiler();
  if (missing.length > 0) {
    results.push({ name: 'native', skipped: 1, why: `no ${missing.join(', no ')}` });
    return;
  }
  await program('native', [join('scripts', 'native-tests.mjs'), '--fuzz-seconds', FUZZ_SECONDS]);
}

/** A program that counts as one test: it passes when it ends with 0. */
async function program(name, args) {
  announce(name);
  const code = await runVisibly(process.execPath, args, { cwd: root });
  results.push(code === 0 ? { name, passed: 1 } : { name, failed: 1, why: `exit code ${code}` });
}

async function vitest(name, args) {
  announce(name);
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-test-'));
  const report = join(folder, 'report.json');
  const reporters = [
    '--reporter=dot',
    `--reporter=${secondAttempts}`,
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  if (filters.length > 0) reporters[0] = '--reporter=default';
  try {
    const code = await runVisibly(process.execPath, [tool('vitest', 'vitest.mjs'), 'run', ...reporters, ...args], {
      cwd: root,
    });
    results.push({ name, ...countTests(report, code) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function countTests(report, code) {
  if (!existsSync(report)) return { failed: 1, why: `vitest ended with exit code ${code} and without a report` };
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  // A file that cannot be loaded fails without a test in it.
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  const skips = testResults.flatMap(skippedTests);
  const failed = numFailedTests + unloaded.length;
  const counts = { passed: numPassedTests, failed, skipped: skips.reduce((sum, { count }) => sum + count, 0), skips };
  if (code === 0 || failed > 0) return counts;
  return { ...counts, failed: 1, why: `vitest ended with exit code ${code}` };
}

/** How many tests of a file were skipped, by the group that they stand in. */
function skippedTests({ name, assertionResults }) {
  const groups = new Map();
  for (const { status, ancestorTitles, title } of assertionResults) {
    if (status === 'passed' || status === 'failed') continue;
    const group = ancestorTitles[0] ?? title;
    groups.set(group, (groups.get(group) ?? 0) + 1);
  }
  return [...groups].map(([group, count]) => ({ file: relative(root, name), group, count }));
}

function announce(name) {
  process.stdout.write(`\n${styleText('bold', `== ${name}`)}\n`);
}

function summarize() {
  const total = { passed: 0, failed: 0, skipped: 0 };
  process.stdout.write(`\n${styleText('bold', '== summary')}\n`);
  for (const { name, passed = 0, failed = 0, skipped = 0, why, skips = [] } of results) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
    const counts = Object.entries({ passed, failed, skipped }).filter(([, count]) => count > 0);
    const text = counts.map(([word, count]) => `${count} ${word}`).join(', ') || 'nothing ran';
    const mark = failed > 0 ? styleText('red', '✗') : passed > 0 ? styleText('green', '✓') : styleText('yellow', '-');
    process.stdout.write(`${mark} ${name.padEnd(14)} ${text}${why ? ` (${why})` : ''}\n`);
    for (const { file, group, count } of skips) process.stdout.write(`    skipped ${count}: ${file}: ${group}\n`);
  }
  process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
  // Setting the code, not exiting: what was written must reach a pipe whole.
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
}
