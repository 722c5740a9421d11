/** Runs the server's program where it is expected to end by itself, and keeps its two outputs apart. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const PATIENCE_MS = 30_000;

export interface Outcome {
  /** Null when it came up after all and had to be ended. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LaunchOptions {
  readonly cwd?: string;
  /** To be run as this user; needs to be root. */
  readonly uid?: number;
}

/** Waits for the end of the program. One that comes up instead is killed. */
export function launch(args: readonly string[], { cwd, uid }: LaunchOptions = {}): Promise<Outcome> {
  const identity = uid === undefined ? {} : { uid, gid: uid };
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd, ...identity });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (data: Buffer) => {
      output[name] += data;
      if (output.stdout.includes('is up after')) child.kill('SIGKILL');
    });
  }
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, ...output });
    });
  });
}
