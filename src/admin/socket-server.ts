/** Serves commands to programs on this machine, through a Unix socket that only the server's own user may open. */
import { chmodSync, lstatSync, mkdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../platform/log.js';
import { CommandError } from './command-error.js';
import type { Dispatcher } from './dispatch.js';
import {
  type ControlAnswer,
  type ControlRequest,
  controlSocketPath,
  LineReader,
  MAX_PATH_BYTES,
  MAX_REQUEST_BYTES,
} from './protocol.js';

/** Far more than an operator needs, far less than would hurt. */
const MAX_CONNECTIONS = 32;
/** A start that takes longer to claim the socket died over it. */
const STALE_CLAIM_MS = 10_000;

export interface ControlSocketOptions {
  /** Must be there. */
  readonly dataDir: string;
  readonly dispatcher: Dispatcher;
  readonly log: Logger;
}

export interface ControlSocket {
  readonly path: string;
  /** Takes no more requests, answers those that it has, and removes the socket. */
  close(): Promise<void>;
}

/** Rejects when another server lives in this data directory. */
export async function openControlSocket(options: ControlSocketOptions): Promise<ControlSocket> {
  const path = controlSocketPath(options.dataDir);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new Error(
      `${path} is too long for the path of a socket (${MAX_PATH_BYTES} bytes): choose a shorter data directory`,
    );
  }
  const connections = new Set<ControlConnection>();
  const server = createServer((socket) => {
    const connection = new ControlConnection(socket, options);
    connections.add(connection);
    socket.on('close', () => connections.delete(connection));
  });
  server.maxConnections = MAX_CONNECTIONS;
  await claim(path, () => listen(server, path));
  server.on('error', (error) => options.log.error('admin.socket.failed', { error }));

  return {
    path,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      await Promise.all([...connections].map((connection) => connection.finish()));
      await closed;
    },
  };
}

/** One client. Requests are answered one after the other, so that a client cannot pile up work. */
class ControlConnection {
  readonly #socket: Socket;
  readonly #options: ControlSocketOptions;
  readonly #lines = new LineReader(MAX_REQUEST_BYTES);
  #work: Promise<void> = Promise.resolve();
  #waiting = 0;
  #isFinishing = false;

  constructor(socket: Socket, options: ControlSocketOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('data', (chunk) => this.#read(chunk));
    // A client that has gone away wants no answer.
    socket.on('error', () => socket.destroy());
  }

  /** Answers what has been asked, then ends the connection. */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    await this.#work;
    if (this.#socket.destroyed) return;
    await new Promise<void>((resolve) => {
      this.#socket.on('close', () => resolve());
      this.#socket.end();
      this.#socket.resume();
      setTimeout(() => this.#socket.destroy(), 1000).unref();
    });
  }

  #read(chunk: Buffer): void {
    if (this.#isFinishing) return;
    const isWithinLimit = this.#lines.feed(chunk, (line) => {
      if (line.trim() !== '') this.#enqueue(line);
    });
    if (isWithinLimit) return;
    this.#isFinishing = true;
    const error = new CommandError('request_too_long', `a request has at most ${MAX_REQUEST_BYTES} bytes`);
    this.#work = this.#work.then(() => {
      this.#send(failure(null, error));
      this.#socket.end();
    });
  }

  #enqueue(line: string): void {
    this.#waiting++;
    this.#socket.pause();
    this.#work = this.#work.then(async () => {
      await this.#answer(line);
      this.#waiting--;
      if (this.#waiting === 0) this.#socket.resume();
    });
  }

  async #answer(line: string): Promise<void> {
    let id: number | null = null;
    try {
      const request = parseRequest(line);
      id = request.id;
      const result = await this.#options.dispatcher.run(request);
      this.#send({ id, result });
    } catch (error) {
      this.#send(failure(id, error as CommandError));
    }
  }

  #send(answer: ControlAnswer): void {
    if (this.#socket.writable) this.#socket.write(`${JSON.stringify(answer)}\n`);
  }
}

function parseRequest(line: string): ControlRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new CommandError('invalid_request', 'a request is one JSON object in one line');
  }
  const { id, category, command, args } = isObject(value) ? value : {};
  if (!Number.isSafeInteger(id)) throw new CommandError('invalid_request', 'a request has a whole number as its id');
  if (typeof category !== 'string' || typeof command !== 'string' || !isObject(args ?? {})) {
    throw new CommandError('invalid_request', 'a request has a category, a command and args');
  }
  return { id: id as number, category, command, args: (args ?? {}) as Record<string, unknown> };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function failure(id: number | null, { code, message, details }: CommandError): ControlAnswer {
  return { id, error: { code, message, details } };
}

/** Removes the socket of a dead server and listens, while no other start does the same. */
async function claim(path: string, work: () => Promise<void>): Promise<void> {
  const lock = `${path}.claim`;
  takeClaim(lock);
  try {
    if (await isAlive(path)) throw new Error(`another server uses this data directory already: it answers on ${path}`);
    rmSync(path, { force: true });
    await work();
  } finally {
    rmdirSync(lock);
  }
}

function takeClaim(lock: string): void {
  const age = ageMs(lock);
  if (age !== undefined && age > STALE_CLAIM_MS) rmdirSync(lock);
  try {
    mkdirSync(lock);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new Error('another server is starting in this data directory at the same time');
  }
}

function ageMs(path: string): number | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && Date.now() - stat.mtimeMs;
}

async function isAlive(path: string): Promise<boolean> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return false;
  if (!stat.isSocket()) throw new Error(`${path} is in the way: it is not a socket`);
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A socket that nobody listens to refuses.
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false);
      else reject(new Error(`${path} cannot be used: ${error.message}`));
    });
  });
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Nobody else may connect, not even in the moment before the mode is set.
    const mask = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.removeListener('error', reject);
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  });
  chmodSync(path, 0o600);
}
