/** Runs a script of slixmpp's, tells it what to do by lines, and reads what it tells. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { eventually } from '../story/eventually.js';

/** Debian's package belongs to Debian's Python, which need not be the first one. */
export const python = ['python3', '/usr/bin/python3'].find(
  (program) => spawnSync(program, ['-c', 'import slixmpp'], { stdio: 'ignore' }).status === 0,
);

export const whyNot = python ? '' : ' (skipped: slixmpp is not installed: apt-get install python3-slixmpp)';

export class SlixmppProgram {
  readonly #child: ChildProcessWithoutNullStreams;
  #output = '';

  constructor(script: string, args: readonly string[]) {
    const path = fileURLToPath(new URL(`./${script}`, import.meta.url));
    this.#child = spawn(python as string, [path, ...args]);
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.on('data', (data) => {
        this.#output += data;
      });
  }

  /** Lines so far, errors of the program included. */
  get lines(): string[] {
    return this.#output.split('\n').slice(0, -1);
  }

  does(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Waits until it has told a line that begins so, in all `times` times; returns the rest of the last one. */
  async tells(beginning: string, times = 1): Promise<string> {
    const found = () => this.lines.filter((line) => line.startsWith(beginning));
    await eventually(() => found().length >= times).catch(() => {
      throw new Error(`the program did not tell "${beginning}":\n${this.#output}`);
    });
    return (found().at(-1) as string).slice(beginning.length);
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}
