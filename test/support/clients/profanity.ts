/** Runs Profanity, a client for the console, on a terminal: types commands, and reads what it shows. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../story/eventually.js';
import { Screen } from './screen.js';

const TERMINAL = fileURLToPath(new URL('./pty_program.py', import.meta.url));
/** As far as its terminal can address columns by ASCII. */
const COLUMNS = 94;
const ROWS = 50;
/** It starts slowly on a machine that is busy. */
const PATIENCE_MS = 30_000;

const runs = (program: string, args: readonly string[]) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;
export const hasProfanity = runs('profanity', ['--version']) && runs('python3', ['-c', 'import pty']);
export const whyNot = hasProfanity
  ? ''
  : ' (skipped: profanity or python3 is not installed: apt-get install profanity)';

export class Profanity {
  readonly #home = mkdtempSync(join(tmpdir(), 'meerkat-profanity-'));
  readonly #screen = new Screen(COLUMNS, ROWS);
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<void>;
  #errors = '';

  constructor() {
    for (const folder of ['config', 'data']) mkdirSync(join(this.#home, folder));
    this.#child = spawn('python3', [TERMINAL, String(COLUMNS), String(ROWS), 'profanity'], {
      env: {
        PATH: process.env['PATH'],
        HOME: this.#home,
        XDG_CONFIG_HOME: join(this.#home, 'config'),
        XDG_DATA_HOME: join(this.#home, 'data'),
        TERM: 'vt52',
        LANG: 'C.UTF-8',
      },
    });
    this.#child.stdout.on('data', (data: Buffer) => this.#screen.write(data));
    this.#child.stderr.on('data', (data) => {
      this.#errors += data;
    });
    this.#child.stdin.on('error', () => {});
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
  }

  /** What it shows now. */
  get lines(): string[] {
    return this.#screen.lines;
  }

  /** A line, and the key that ends it. */
  types(line: string): void {
    this.#child.stdin.write(`${line}\r`);
  }

  /** It reads what is typed. */
  async ready(): Promise<void> {
    await this.shows("Type '/help'");
  }

  /** Goes through the questions of a first connection. The server's certificate is one that it signed itself. */
  async logIn(jid: string, password: string, port: number): Promise<void> {
    this.types(`/connect ${jid} server 127.0.0.1 port ${port} tls trust`);
    await this.shows('Enter password:');
    this.types(password);
    await this.shows('logged in successfully');
    // Requests are answered in turn: now it knows what the server can do, and asks for archives and copies.
    this.types('/disco items');
    await this.shows('vjud.localhost');
  }

  /** Waits until a line of its screen has this; returns that line. */
  async shows(text: string): Promise<string> {
    const line = () => this.lines.find((one) => one.includes(text));
    await eventually(() => line() !== undefined, PATIENCE_MS).catch(() => {
      throw new Error(`Profanity does not show "${text}":\n${this.lines.join('\n')}\n${this.#errors}`);
    });
    return line() as string;
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
    rmSync(this.#home, { recursive: true, force: true });
  }
}
