/** Compiles what is measured in C++, and the addon that counts instructions in Node.js. Objects are kept for as long as nothing changes. */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findCompiler } from '../../scripts/lib/compiler.mjs';
import { root } from '../lib/places.mjs';

const PARALLEL = 2;
/** As binding.gyp has them. */
const FLAGS = ['-std=c++20', '-O2', '-fno-exceptions', '-fno-rtti', '-fno-strict-aliasing', '-Wall', '-Wextra'];
const STEPS = 'bench/micro/native';
/** Folders whole, or single files, none of which leads to OpenSSL or Node.js. */
const PARTS = ['native/core/xml', 'native/core/jid', 'native/core/shard/mailbox.cc', 'native/core/net/output_queue.cc'];
const out = join(root, 'build', 'micro');
const execute = promisify(execFile);

/** The compiler, with its version; `undefined` when there is none. */
export function compiler() {
  if (findCompiler().missing.includes('C++ compiler')) return undefined;
  const command = process.env.CXX ?? 'g++';
  const [version] = execFileSync(command, ['--version'], { encoding: 'utf8' }).split('\n');
  return { command, version };
}

/** The program of all native steps. */
export async function nativeProgram() {
  const sources = [STEPS, ...PARTS].flatMap(sourcesOf);
  const headers = [STEPS, 'native/core'].flatMap((folder) => filesOf(folder, '.h'));
  const common = digest(...headers.map(read));
  const objects = sources.map((source) => ({ source, object: join(out, `${digest(common, read(source))}.o`) }));
  const missing = objects.filter(({ object }) => !existsSync(object));
  const includes = [`-I${join(root, 'native')}`, `-I${join(root, STEPS)}`];
  const take = async () => {
    for (let next = missing.shift(); next; next = missing.shift())
      await compile(next.object, [...includes, '-c', join(root, next.source)]);
  };
  await Promise.all(Array.from({ length: PARALLEL }, take));
  const program = join(out, `steps-${digest(...objects.map(({ object }) => object))}`);
  if (!existsSync(program))
    await compile(
      program,
      objects.map(({ object }) => object),
    );
  return program;
}

/** The addon that tells callgrind what to count; `undefined` where Node's headers or valgrind's are missing. */
export async function meterAddon() {
  const include = nodeHeaders();
  if (!include || !compiler()) return undefined;
  const source = 'bench/micro/meter.cc';
  const addon = join(out, `meter-${digest(read(source), process.versions.modules)}.node`);
  try {
    if (!existsSync(addon)) await compile(addon, ['-shared', '-fPIC', `-I${include}`, join(root, source)]);
  } catch (error) {
    if (/valgrind\/callgrind\.h/.test(error.stderr ?? '')) return undefined;
    throw error;
  }
  return addon;
}

function nodeHeaders() {
  const places = [
    join(dirname(dirname(process.execPath)), 'include', 'node'),
    join(homedir(), '.cache', 'node-gyp', process.versions.node, 'include', 'node'),
  ];
  return places.find((place) => existsSync(join(place, 'node_api.h')));
}

/** At one stroke, lest somebody else finds half a file. */
async function compile(target, args) {
  mkdirSync(out, { recursive: true });
  const next = `${target}.${process.pid}-${basename(target)}`;
  await execute(compiler().command, [...FLAGS, ...args, '-o', next]);
  renameSync(next, target);
}

function sourcesOf(part) {
  return part.endsWith('.cc') ? [part] : filesOf(part, '.cc');
}

function filesOf(folder, suffix) {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith(suffix))
    .map((file) => `${folder}/${file}`)
    .sort();
}

function read(file) {
  return readFileSync(join(root, file), 'utf8');
}

function digest(...texts) {
  const hash = createHash('sha256').update(compiler().version).update(FLAGS.join(' '));
  for (const text of texts) hash.update('\0').update(text);
  return hash.digest('hex').slice(0, 24);
}
