/**
 * Builds and runs the native unit tests and fuzz targets, without Node's headers.
 *
 *   node scripts/native-tests.mjs [--fuzz-seconds N] [--seed N] [--only NAME] [--valgrind]
 *
 * Every `*_test.cc` below test/native goes into one binary under the address and undefined behaviour sanitizers; those named
 * `*_thread_test.cc` go into another one under the thread sanitizer. Every `*_fuzz.cc` in test/fuzz is a binary of its own.
 * With --valgrind the tests run without sanitizers under valgrind's memcheck instead, leaks included, and no fuzz target runs.
 * A binary holds the sources that its headers lead to. What leads to OpenSSL or zlib is linked with the system's (libssl-dev, zlib1g-dev): only
 * here, for the addon takes Node's. A test that leads to Node or libuv, or to one of those where there is none, is named and left out.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, 'build/native-tests');
const PARALLEL = 2;
const COMMON = [
  '-std=c++20',
  '-O1',
  '-g1',
  '-fno-exceptions',
  '-fno-rtti',
  '-fno-omit-frame-pointer',
  '-Wall',
  '-Wextra',
  // As in binding.gyp.
  '-DOPENSSL_API_COMPAT=30000',
  '-DOPENSSL_NO_DEPRECATED',
];
const INCLUDES = ['-Inative', '-Itest/native'];
const CHECKED = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-D_GLIBCXX_ASSERTIONS'];
const THREADED = ['-fsanitize=thread', '-pthread'];
const VALGRIND = ['valgrind', '--quiet', '--error-exitcode=1', '--leak-check=full', '--errors-for-leak-kinds=definite'];
const NEEDS_NODE = /#include\s*<(?:uv|node|node_api|js_native_api|napi)(?:\.h)?>/;
const NEEDS_OPENSSL = /#include\s*<openssl\//;
const OPENSSL = ['-lssl', '-lcrypto'];
const NEEDS_ZLIB = /#include\s*<zlib\.h>/;
const ZLIB = ['-lz'];
const LOCAL_INCLUDE = /^\s*#include\s*"([^"]+)"/gm;

const { values: options } = parseArgs({
  options: {
    'fuzz-seconds': { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    valgrind: { type: 'boolean', default: false },
  },
});

const compiler = findCompiler();
if (!compiler) {
  console.log('SKIPPED native tests: no C++ compiler (set CXX, or install g++ or clang++)');
  process.exit(0);
}

const texts = new Map();
const read = (file) => {
  if (!texts.has(file)) texts.set(file, readFileSync(join(root, file), 'utf8'));
  return texts.get(file);
};

mkdirSync(join(out, 'objects'), { recursive: true });
let openSsl;
let zlib;
const { ready, skipped } = sortOut(list('test/native', /_test\.cc$/));
const { ready: fuzzers, skipped: skippedFuzzers } = sortOut(list('test/fuzz', /_fuzz\.cc$/));
const isThreaded = (file) => file.endsWith('_thread_test.cc');
const binaries = [
  binary(
    'unit tests',
    [...ready.filter((file) => !isThreaded(file)), 'test/native/main.cc'],
    unlessValgrind(CHECKED),
    [],
  ),
  binary('thread tests', withMain(ready.filter(isThreaded)), unlessValgrind(THREADED), []),
  ...(options.valgrind ? [] : fuzzers).map((file) => {
    const name = basename(file, '_fuzz.cc');
    const seconds = Number(options['fuzz-seconds']) / fuzzers.length;
    const args = [`test/fuzz/corpus/${name}`, '--seconds', String(seconds), '--seed', options.seed];
    return binary(`fuzz ${name}`, [file, 'test/fuzz/driver.cc'], CHECKED, args);
  }),
].filter(({ name, sources }) => sources.length > 0 && (!options.only || name.includes(options.only)));

for (const sentence of [...skipped, ...skippedFuzzers]) console.log(`SKIPPED ${sentence}`);
const objects = new Map();
for (const { sources, flags } of binaries) {
  for (const source of sources) {
    const object = objectOf(source, flags);
    objects.set(object, [...COMMON, optimization(source), ...flags, ...INCLUDES, '-c', source, '-o', object]);
  }
}
const missing = [...objects].filter(([object]) => !existsSync(object)).map(([, args]) => args);
let failed = !(await inParallel(missing, (args) => compile(args)));
if (!failed) failed = !(await inParallel(binaries, buildAndRun));
process.exit(failed ? 1 : 0);

function findCompiler() {
  const candidates = process.env.CXX ? [process.env.CXX] : ['g++', 'clang++', 'c++'];
  for (const candidate of candidates) {
    const { status, stdout } = spawnSync(candidate, ['--version'], { encoding: 'utf8' });
    if (status === 0) return { command: candidate, version: stdout };
  }
  return undefined;
}

function list(folder, pattern) {
  if (!existsSync(join(root, folder))) return [];
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => pattern.test(file))
    .map((file) => `${folder}/${file}`)
    .sort();
}

/** Everything that the files include of ours, and the sources beside those headers. */
function closure(files) {
  const found = new Set();
  const needs = new Set();
  const visit = (file) => {
    if (found.has(file)) return;
    found.add(file);
    const text = read(file);
    if (NEEDS_NODE.test(text)) needs.add('Node');
    if (NEEDS_OPENSSL.test(text)) needs.add('OpenSSL');
    if (NEEDS_ZLIB.test(text)) needs.add('zlib');
    for (const [, name] of text.matchAll(LOCAL_INCLUDE)) {
      const header = [join(dirname(file), name), `native/${name}`, `test/native/${name}`].find((each) =>
        existsSync(join(root, each)),
      );
      if (header) visit(header);
    }
  };
  for (const file of files) visit(file);
  return { files: [...found].sort(), needs };
}

/** The sources that a program of these files is made of. */
function program(files) {
  const sources = new Set(files);
  const needs = new Set();
  for (const source of sources) {
    const reached = closure([source]);
    for (const each of reached.needs) needs.add(each);
    for (const file of reached.files) {
      const beside = file.replace(/\.h$/, '.cc');
      if (file.endsWith('.h') && existsSync(join(root, beside))) sources.add(beside);
    }
  }
  return { sources: [...sources].sort(), needs };
}

/** What can be built here, and the sentences on what cannot. */
function sortOut(files) {
  const ready = [];
  const skipped = [];
  for (const file of files) {
    const { needs } = program([file]);
    if (needs.has('Node')) skipped.push(`${file}: needs the headers of Node or its libraries`);
    else if (needs.has('OpenSSL') && !hasOpenSsl()) skipped.push(`${file}: needs OpenSSL 3 (install libssl-dev)`);
    else if (needs.has('zlib') && !hasZlib()) skipped.push(`${file}: needs zlib (install zlib1g-dev)`);
    else ready.push(file);
  }
  return { ready, skipped };
}

function hasOpenSsl() {
  openSsl ??= spawnSync(compiler.command, ['-x', 'c++', '-', '-o', join(out, 'openssl-probe'), ...OPENSSL], {
    input: '#include <openssl/ssl.h>\nint main() { return !SSL_CTX_set0_tmp_dh_pkey; }\n',
  });
  return openSsl.status === 0;
}

function hasZlib() {
  zlib ??= spawnSync(compiler.command, ['-x', 'c++', '-', '-o', join(out, 'zlib-probe'), ...ZLIB], {
    input: '#include <zlib.h>\nint main() { return zlibVersion() == nullptr; }\n',
  });
  return zlib.status === 0;
}

/** Valgrind and sanitizers each want to see every access to memory. */
function unlessValgrind(flags) {
  return options.valgrind ? ['-pthread'] : flags;
}

function withMain(files) {
  return files.length > 0 ? [...files, 'test/native/main.cc'] : [];
}

function binary(name, files, flags, args) {
  const { sources, needs } = files.length > 0 ? program(files) : { sources: [], needs: new Set() };
  const libraries = [...(needs.has('OpenSSL') ? OPENSSL : []), ...(needs.has('zlib') ? ZLIB : [])];
  return { name, sources, libraries, flags, args };
}

/** Unit tests are compiled more often than they run long. */
function optimization(source) {
  return source.endsWith('_test.cc') ? '-O0' : '-O1';
}

function objectOf(source, flags) {
  const parts = [source, ...closure([source]).files.map(read), ...flags, optimization(source)];
  return join(out, 'objects', `${digest(parts)}.o`);
}

function digest(parts) {
  const hash = createHash('sha256').update(compiler.version).update(COMMON.join(' '));
  for (const part of parts) hash.update('\0').update(part);
  return hash.digest('hex').slice(0, 24);
}

async function inParallel(work, run) {
  const queue = [...work];
  let good = true;
  const take = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) good = (await run(item)) && good;
  };
  await Promise.all(Array.from({ length: PARALLEL }, take));
  return good;
}

/** Resolves to whether it went well; a failure's output is shown. */
function execute(command, args, { show = false } = {}) {
  return new Promise((resolve) => {
    const env = {
      ...process.env,
      ASAN_OPTIONS: 'detect_stack_use_after_return=1',
      UBSAN_OPTIONS: 'print_stacktrace=1',
    };
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    child.on('error', (error) => resolve({ good: false, output: `${command}: ${error.message}\n` }));
    child.on('close', (status) => resolve({ good: status === 0, output }));
  }).then(({ good, output }) => {
    if (!good || show) process.stdout.write(output);
    return { good, output };
  });
}

async function compile(args) {
  return (await execute(compiler.command, args)).good;
}

async function buildAndRun({ name, sources, libraries, flags, args }) {
  const parts = sources.map((source) => objectOf(source, flags));
  const program = join(out, `${name.replace(' ', '-')}-${digest(parts)}`);
  if (!existsSync(program) && !(await compile([...flags, ...parts, ...libraries, '-o', program]))) return false;
  const started = performance.now();
  const [command, ...rest] = options.valgrind ? [...VALGRIND, program] : [program];
  const { good, output } = await execute(command, [...rest, ...args]);
  const last = output.trim().split('\n').at(-1);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${good ? 'ok' : 'FAILED'}  ${name} (${seconds} s)${good ? `: ${last}` : ''}`);
  return good;
}
