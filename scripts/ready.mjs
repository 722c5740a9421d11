/** Makes a clone ready to run: installs packages, builds the native engine, compiles the TypeScript. Does only what changed. */
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCompiler, howToGetCompiler } from './lib/compiler.mjs';
import { takeLock } from './lib/lock.mjs';
import { buildEnvironment, runNpm } from './lib/npm.mjs';
import { filesOf, hashFiles, readStamp, writeStamp } from './lib/stamp.mjs';
import { note, run, step } from './lib/step.mjs';

const NODE_MAJOR = 20;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...names) => join(root, ...names);
/** Where the native engine is built: what a running server has loaded, and starts its threads from, stays in its place meanwhile. */
const workshop = (...names) => at('.ready', 'native', ...names);
const stamps = {
  install: at('node_modules', '.ready.json'),
  native: at('build', '.ready.json'),
  nativeFailed: at('.ready', 'native-failed.json'),
  compile: at('dist', '.ready.json'),
};

main().catch((error) => {
  process.stderr.write(`${error.output ? `${error.output.trimEnd()}\n` : ''}${error.message}\n`);
  process.exitCode = 1;
});

async function main() {
  if (Number.parseInt(process.versions.node, 10) !== NODE_MAJOR) {
    throw new Error(`Meerkat runs on Node.js ${NODE_MAJOR}; this is ${process.version} (${process.execPath}).`);
  }
  if (todo().length === 0) return;
  const release = await takeLock(at('.ready', 'lock'), (pid) => {
    note(`waiting for process ${pid ?? '(just starting)'}, which makes this clone ready already`);
  });
  process.once('exit', release);
  try {
    // Looked at again after each step: what one step makes, the next is made from.
    for (let next = todo()[0]; next; next = todo()[0]) await next();
  } finally {
    release();
  }
}

/** The steps that are due, in their order. */
function todo() {
  const steps = [];
  if (!isInstalled()) steps.push(install);
  if (isNativeDue()) steps.push(buildNative);
  if (readStamp(stamps.compile)?.hash !== compileHash()) steps.push(compile);
  return steps;
}

function installHash() {
  return hashFiles(root, ['package.json', 'package-lock.json']) + process.versions.modules;
}

function isInstalled() {
  const hash = installHash();
  if (readStamp(stamps.install)?.hash === hash) return true;
  if (!isInstalledByNpm()) return false;
  writeStamp(stamps.install, { hash });
  return true;
}

/** Whether somebody ran npm by hand: its own record of what it installed then agrees with the lock file. */
function isInstalledByNpm() {
  const installed = readStamp(at('node_modules', '.package-lock.json'))?.packages;
  const wanted = readStamp(at('package-lock.json'))?.packages;
  if (!installed || !wanted) return false;
  const isThere = ([name, { optional, devOptional, integrity }]) =>
    name === '' || optional || devOptional || installed[name]?.integrity === integrity;
  return Object.entries(wanted).every(isThere);
}

async function install() {
  const hash = installHash();
  await step('installing packages', async () => void (await npmCi()));
  writeStamp(stamps.install, { hash });
}

/** With the development packages whatever the environment says: they build the rest. */
function npmCi() {
  const args = ['--loglevel=error', '--no-audit', '--no-fund', '--include=dev', '--include=optional'];
  return runNpm(['ci', ...args, '--ignore-scripts=false'], { cwd: root, env: buildEnvironment() });
}

function nativeHash() {
  return hashFiles(root, ['binding.gyp', 'native']) + process.versions.modules + process.arch;
}

function isNativeDue() {
  if (!existsSync(at('binding.gyp'))) return false;
  const hash = nativeHash();
  if (readStamp(stamps.native)?.hash === hash) return false;
  const failed = readStamp(stamps.nativeFailed);
  return failed?.hash !== hash || failed.compiler !== findCompiler().identity;
}

/** Failing is no reason to stop: the portable engine does the same work, at more cost. */
async function buildNative() {
  const hash = nativeHash();
  const compiler = findCompiler();
  const why = await tryToBuild(compiler.missing);
  if (why === undefined) {
    rmSync(stamps.nativeFailed, { force: true });
    writeStamp(stamps.native, { hash });
    return;
  }
  note(
    `${why}\n  The portable engine will be used: it does the same with several times the CPU and memory for each connection.`,
  );
  if (compiler.missing.length > 0) note(`To build the native engine: ${howToGetCompiler()}, then start again.`);
  else
    note(
      'To see all of the output: (cd .ready/native && ../../node_modules/.bin/node-gyp rebuild). It is tried again when sources or compiler change.',
    );
  writeStamp(stamps.nativeFailed, { hash, compiler: compiler.identity });
}

/** Says why there is no native engine, or nothing when there is one. */
async function tryToBuild(missing) {
  if (missing.length > 0) return `The native engine was not built: there is no ${missing.join(', no ')}.`;
  const nodeGyp = at('node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  try {
    await step('building the native engine', async () => {
      await buildInWorkshop(nodeGyp);
      putInPlace(workshop('build', 'Release', 'meerkat.node'), at('build', 'Release', 'meerkat.node'));
    });
    return undefined;
  } catch (error) {
    return `The native engine could not be built; the end of the output:\n${tail(error)}`;
  }
}

/** Compiles what changed; all of it when that does not work out, as after a change of tools. */
async function buildInWorkshop(nodeGyp) {
  mkdirSync(workshop(), { recursive: true });
  copyFileSync(at('binding.gyp'), workshop('binding.gyp'));
  rmSync(workshop('native'), { force: true });
  symlinkSync(join('..', '..', 'native'), workshop('native'), 'dir');
  // Each job may take half a gigabyte of memory.
  const flags = ['--loglevel=error', `--jobs=${Math.min(availableParallelism(), 4)}`];
  const gyp = (...tasks) =>
    run(process.execPath, [nodeGyp, ...tasks, ...flags], { cwd: workshop(), env: buildEnvironment() });
  if (existsSync(workshop('build'))) {
    try {
      await gyp('configure', 'build');
      return;
    } catch {
      // What is wrong shows again below, if it is the sources.
    }
  }
  await gyp('rebuild');
}

/** At one stroke: whoever opens the file finds the old one or the new one, whole. */
function putInPlace(from, to) {
  const next = `${to}.${process.pid}`;
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, next);
  renameSync(next, to);
}

function compileHash() {
  return hashFiles(root, ['tsconfig.json', 'src', 'web']);
}

async function compile() {
  const hash = compileHash();
  await step('compiling', async () => {
    const tsc = at('node_modules', 'typescript', 'bin', 'tsc');
    for (const project of ['.', 'web'].filter((name) => existsSync(at(name, 'tsconfig.json')))) {
      await run(process.execPath, [tsc, '-p', project, '--pretty', String(process.stderr.isTTY === true)], {
        cwd: root,
      });
    }
    copyAssets('src', 'dist');
    copyAssets('web', 'dist/web');
    removeStale();
  });
  writeStamp(stamps.compile, { hash });
}

function copyAssets(from, to) {
  for (const file of filesOf(root, from)) {
    if (file.endsWith('.ts') || file.endsWith('tsconfig.json')) continue;
    const target = at(`${to}${file.slice(from.length)}`);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(at(file), target);
  }
}

/** What was compiled from a source that is gone must not be found any more. */
function removeStale() {
  for (const file of filesOf(root, 'dist')) {
    const source = file.startsWith('dist/web/') ? file.slice('dist/'.length) : file.replace(/^dist/, 'src');
    if (existsSync(at(source)) || existsSync(at(source.replace(/\.js(\.map)?$/, '.ts')))) continue;
    rmSync(at(file));
  }
}

function tail(error) {
  const lines = `${error.output ?? ''}\n${error.message}`.trim().split('\n');
  return lines
    .slice(-15)
    .map((line) => `  ${line}`)
    .join('\n');
}
