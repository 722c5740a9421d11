/** Measures all steps: CPU time in several processes, whose differences belong to the noise, and instructions under callgrind. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { count, flag, texts } from '../lib/arguments.mjs';
import { median } from '../measure/statistics.mjs';
import { compiler, meterAddon, nativeProgram } from './build.mjs';
import { underCallgrind, valgrindVersion } from './callgrind.mjs';

const PROCESSES = 3;
const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));
/** The same compilations and collections at the same moments; new objects find room for a whole step, so that the collector rests. */
const REPEATABLE = [
  '--predictable',
  '--hash-seed=1',
  '--random-seed=1',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
];
const execute = promisify(execFile);

export const measureOptions = {
  rounds: count(9, 'rounds of CPU time, in three processes'),
  milliseconds: count(30, 'CPU time of a step in a round'),
  warmup: count(10, 'how much each step is done before it counts'),
  only: texts('TEXT', 'only steps whose name holds this; may be given again'),
  'no-instructions': flag('leave out counting instructions, which takes a minute or two'),
  'no-native': flag('leave out the steps in C++, which have to be compiled first'),
};

/**
 * By name: `language`; `rounds`, each with nanoseconds of an operation and times the turn of the reference loop; and where they were
 * counted `instructions` and `bytes` of the heap, each the median, with `spread`, how far its windows lie apart as a part of it.
 */
export async function measure(options) {
  const { steps, notes, counts } = await prepare(options);
  const add = (language, found, take) => {
    for (const [name, value] of Object.entries(found)) {
      steps[name] ??= { language, rounds: [] };
      take(steps[name], value);
    }
  };
  const addRounds = (step, rounds) => step.rounds.push(...rounds);
  const rounds = Math.ceil(options.rounds / PROCESSES);
  for (let left = options.rounds; left > 0; left -= rounds) {
    const each = { ...options, rounds: Math.min(rounds, left) };
    if (counts.native) add('C++', await nativeTime(counts.native, each), addRounds);
    add('TypeScript', await workerTime(each), addRounds);
  }
  if (counts.addon) {
    if (counts.native) add('C++', await nativeInstructions(counts.native, options), Object.assign);
    add('TypeScript', await workerInstructions(counts.addon, options), Object.assign);
  }
  return { kind: kindOfMachine(), steps, notes };
}

/** What can be measured here, and why something cannot. */
async function prepare(options) {
  const notes = [];
  const counts = {};
  if (!options['no-native']) {
    if (compiler()) counts.native = await nativeProgram();
    else notes.push('The steps in C++ are left out: there is no C++ compiler.');
  }
  if (options['no-instructions']) return { steps: {}, notes, counts };
  if (!valgrindVersion()) notes.push('Instructions are not counted: valgrind is not installed.');
  else {
    counts.addon = await meterAddon();
    if (!counts.addon)
      notes.push(
        'Instructions are not counted: that takes a C++ compiler, valgrind/callgrind.h and the headers of Node.js.',
      );
  }
  return { steps: {}, notes, counts };
}

/** Instructions depend on what makes and runs the code, CPU time on the processor as well. */
export function kindOfMachine() {
  const instructions = [process.arch, `Node.js ${process.versions.node}`, compiler()?.version, valgrindVersion()];
  return {
    instructions: instructions.filter((part) => part !== undefined).join(', '),
    cpu: `${cpus()[0]?.model ?? 'unknown'}, Node.js ${process.versions.node}`,
  };
}

async function nativeTime(program, { rounds, milliseconds, only }) {
  const { stdout } = await execute(program, [String(rounds), String(milliseconds * 1e6), ...only]);
  return Object.fromEntries(lines(stdout).map(({ name, rounds: found }) => [name, found]));
}

async function nativeInstructions(program, { only }) {
  const { stdout, dumps } = await underCallgrind([program, '1', '1', ...only]);
  return Object.fromEntries(
    lines(stdout).map(({ name, operations }, index) => {
      const [dumped, instructions] = dumps[index];
      if (dumped !== name) throw new Error(`callgrind told of ${dumped} in place of ${name}`);
      return [name, { instructions: instructions / operations, spread: 0 }];
    }),
  );
}

function lines(output) {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

async function workerTime(options) {
  return withResult((out) =>
    execute(process.execPath, [WORKER, JSON.stringify({ ...workerOptions(options), mode: 'cpu', out })]),
  );
}

async function workerInstructions(addon, options) {
  let dumps;
  const windows = await withResult(async (out) => {
    const job = JSON.stringify({ ...workerOptions(options), mode: 'instructions', addon, out });
    const counted = await underCallgrind([process.execPath, ...REPEATABLE, WORKER, job], { isInstrumented: false });
    dumps = counted.dumps.filter(([name]) => name !== '');
  });
  const byStep = new Map();
  for (const [index, window] of windows.entries()) {
    const [name] = window;
    byStep.set(name, [...(byStep.get(name) ?? []), [index, window]]);
  }
  return Object.fromEntries([...byStep].map(([name, found]) => [name, summed(name, found, dumps)]));
}

function summed(name, windows, dumps) {
  const instructions = windows.map(([index, [, operations]]) => {
    const [dumped, total] = dumps[index];
    if (dumped !== name) throw new Error(`callgrind told of ${dumped} in place of ${name}`);
    return total / operations;
  });
  const middle = median(instructions);
  // The collector, or code that is compiled anew, hits one of them at most: the rest tell the noise.
  const spread = median(instructions.map((each) => Math.abs(each - middle))) / middle;
  // Now and then something of V8's own is allocated meanwhile; what the collector took away is less than nothing, once at most.
  const bytes = windows.map(([, [, , each]]) => each).sort((one, other) => one - other);
  return { instructions: middle, spread, bytes: Math.max(0, bytes[(bytes.length - 1) >> 2]) };
}

function workerOptions({ engine = 'native', rounds, milliseconds, warmup, only }) {
  return { engine, rounds, milliseconds, warmup, only };
}

async function withResult(run) {
  const directory = mkdtempSync(join(tmpdir(), 'meerkat-micro-'));
  try {
    const out = join(directory, 'result.json');
    await run(out);
    return JSON.parse(readFileSync(out, 'utf8'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
