/** Runs a program under valgrind's callgrind, and reads how many instructions each of its dumps holds. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const MOST_OUTPUT = 64 * 1024 * 1024;
const execute = promisify(execFile);

/** The version of valgrind; `undefined` when it is not installed. */
export function valgrindVersion() {
  const { status, stdout } = spawnSync('valgrind', ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** What the program printed, and the instructions of its dumps in their order: `[name, instructions]`. */
export async function underCallgrind(command, { isInstrumented = true } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'meerkat-callgrind-'));
  try {
    const args = [
      ...['--tool=callgrind', '--collect-atstart=no', `--instr-atstart=${isInstrumented ? 'yes' : 'no'}`],
      ...['--dump-line=no', `--callgrind-out-file=${join(directory, 'out')}`, ...command],
    ];
    const { stdout } = await execute('valgrind', args, { maxBuffer: MOST_OUTPUT });
    return { stdout, dumps: readDumps(directory) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function readDumps(directory) {
  const numbers = readdirSync(directory)
    .map((name) => Number(/^out\.(\d+)$/.exec(name)?.[1]))
    .filter((number) => number > 0)
    .sort((one, other) => one - other);
  return numbers.map((number) => {
    const text = readFileSync(join(directory, `out.${number}`), 'latin1');
    const name = /^desc: Trigger: Client Request: (.*)$/m.exec(text)?.[1];
    const total = /^(?:totals|summary): (\d+)/m.exec(text)?.[1];
    if (name === undefined || total === undefined) throw new Error('a dump of callgrind cannot be read');
    return [name, Number(total)];
  });
}
