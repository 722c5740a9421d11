/** A server under comparison: a process of ours, on a core of its own, in a folder of its own, and gone when it is stopped. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { boundTo } from '../measure/process-facts.mjs';

const START_MS = 60_000;
const STOP_MS = 20_000;
const KEPT_OUTPUT = 20_000;

/** A folder for what the server reads and writes, which is its user's. */
export function ownDirectory(user) {
  const directory = mkdtempSync(join(tmpdir(), 'meerkat-compare-'));
  chmodSync(directory, 0o700);
  if (user) chownSync(directory, user.uid, user.gid);
  return directory;
}

/** A folder within it. */
export function subdirectory(directory, name, user) {
  const path = join(directory, name);
  mkdirSync(path);
  if (user) chownSync(path, user.uid, user.gid);
  return path;
}

/** The user that the package has made for the server, when we may become it; otherwise the server runs as whoever we are. */
export function userOf(name) {
  if (process.getuid() !== 0) return undefined;
  try {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' })));
    return { uid, gid };
  } catch {
    return undefined;
  }
}

export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/**
 * Starts a program that becomes the server itself, and waits until it takes connections.
 *
 * @param {{ command: string[], env?: Record<string, string>, user?: { uid: number, gid: number }, directory: string, port: number,
 *   core?: number }} how with `core` it is bound to it
 */
export async function startProcess({ command, env = {}, user, directory, port, core }) {
  const [program, ...args] = [...(core === undefined ? [] : boundTo(core)), ...command];
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: directory,
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', HOME: directory, ...env },
    ...user,
  });
  const server = new ServerProcess(child, { directory, port });
  await server.takesConnections();
  return server;
}

class ServerProcess {
  #child;
  #directory;
  #output = '';
  #ended;
  /** Whatever ends us must not leave it behind. */
  #abandon = () => {
    this.#child.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  };

  constructor(child, { directory, port }) {
    this.#child = child;
    this.#directory = directory;
    this.port = port;
    process.once('exit', this.#abandon);
    this.#ended = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
    child.once('error', (error) => (this.#output += error.message));
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => (this.#output = (this.#output + data).slice(-KEPT_OUTPUT)));
  }

  get pid() {
    return this.#child.pid;
  }

  async takesConnections() {
    const deadline = Date.now() + START_MS;
    while (!(await isOpen(this.port))) {
      if (!this.#lives || Date.now() > deadline) {
        await this.stop();
        throw new Error(`the server did not come up:\n${this.#output}`);
      }
      await sleep(50);
    }
  }

  get #lives() {
    return this.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Ends it, at the latest by force, and removes what it has written. Throws when it had ended by itself. */
  async stop() {
    const lived = this.#lives;
    process.off('exit', this.#abandon);
    if (lived) {
      this.#child.kill('SIGTERM');
      const late = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
      await this.#ended;
      clearTimeout(late);
    }
    rmSync(this.#directory, { recursive: true, force: true });
    if (!lived) throw new Error(`the server had ended:\n${this.#output}`);
  }
}

async function isOpen(port) {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
