/** Asks the server that runs in a data directory. */
import { connect } from 'node:net';
import { resolve as resolvePath } from 'node:path';
import type { Plain } from '../command.js';
import { type ControlAnswer, type ControlRequest, controlSocketPath, LineReader, MAX_PATH_BYTES } from '../protocol.js';

/** Lists of accounts may be long. */
const MAX_ANSWER_BYTES = 1024 * 1024 * 1024;

/** There is no server, or it does not answer. */
export class ServerUnreachable extends Error {
  override readonly name = 'ServerUnreachable';
}

/** What the server says is wrong. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly code: string;
  readonly details: Readonly<Record<string, Plain>>;

  constructor(code: string, message: string, details: Readonly<Record<string, Plain>>) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

export interface AskOptions {
  readonly dataDir: string;
  readonly timeoutMs: number;
  readonly onProgress?: (text: string) => void;
}

export type Question = Omit<ControlRequest, 'id'>;

/** Rejects with `ServerUnreachable` or `CommandFailed`. */
export function ask(question: Question, options: AskOptions): Promise<Plain> {
  const path = controlSocketPath(resolvePath(options.dataDir));
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    return Promise.reject(
      new ServerUnreachable(`${path} is too long for the path of a socket: no server can run there`),
    );
  }
  return new Promise((resolve, reject) => {
    const lines = new LineReader(MAX_ANSWER_BYTES);
    const socket = connect(path);
    const end = (settle: () => void) => {
      socket.destroy();
      settle();
    };
    const fail = (text: string) => end(() => reject(new ServerUnreachable(text)));

    socket.setTimeout(options.timeoutMs, () => fail(`the server did not answer within ${options.timeoutMs / 1000} s`));
    socket.on('connect', () => socket.write(`${JSON.stringify({ id: 1, ...question } satisfies ControlRequest)}\n`));
    socket.on('error', (error: NodeJS.ErrnoException) => fail(explain(error, options.dataDir, path)));
    socket.on('close', () => fail('the server closed the connection without an answer'));
    socket.on('data', (chunk) => {
      lines.feed(chunk, (line) => {
        const answer = JSON.parse(line) as ControlAnswer;
        if ('progress' in answer) options.onProgress?.(answer.progress);
        else if ('result' in answer) end(() => resolve(answer.result));
        else end(() => reject(new CommandFailed(answer.error.code, answer.error.message, answer.error.details)));
      });
    });
  });
}

function explain(error: NodeJS.ErrnoException, dataDir: string, path: string): string {
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') {
    return `no server runs with the data directory ${resolvePath(dataDir)}.\nStart one with: npm start. If it has another directory, name it: --data DIR, or MEERKAT_DATA=DIR.`;
  }
  if (error.code === 'EACCES') return `${path} may be opened only by the user that the server runs as.`;
  return `${path}: ${error.message}`;
}
