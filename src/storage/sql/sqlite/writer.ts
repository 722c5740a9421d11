/** Starts the threads behind an SQLite file from the main thread, and hands out ports to the writer. */
import { once } from 'node:events';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { StorageError } from '../../../core/storage/index.js';
import { workerFile } from '../../../platform/workers.js';
import type { CheckpointData } from './checkpoint-thread.js';
import type { FromWriterThread, Synchronous, ToWriterThread, WireError, WriterData } from './protocol.js';
import { fromWire } from './sqlite-error.js';

export interface SqliteWriterOptions {
  readonly file: string;
  readonly synchronous?: Synchronous;
  readonly checkpointEveryMs?: number;
  readonly maxLogBytes?: number;
  /** The writer has died: nothing can be written any more, and every port to it is closed. */
  readonly onFailure: (error: StorageError) => void;
  /** The log cannot be emptied just now, so it grows. Nothing is lost. */
  readonly onCheckpointFailure: (error: StorageError) => void;
}

export interface SqliteWriter {
  readonly file: string;
  /** A port for one shard, to be transferred to its thread. A shard that starts again needs a new one. */
  connect(): MessagePort;
  /** Commits what has been sent, empties the log into the file and ends the threads. May be called twice. */
  close(): Promise<void>;
}

const CHECKPOINT_EVERY_MS = 200;
const MAX_LOG_BYTES = 64 * 1024 * 1024;

/** Makes the file if there is none. Rejects when it is damaged or in use by another server. */
export async function startSqliteWriter(options: SqliteWriterOptions): Promise<SqliteWriter> {
  const { file, synchronous = 'full' } = options;
  const workerData: WriterData = { file, synchronous };
  const worker = new Worker(workerFile(import.meta.url, './writer-thread.js'), { workerData, name: 'storage-writer' });
  await untilReady(worker);
  const checkpoints = startCheckpoints(options);
  return new RunningWriter(worker, checkpoints, options);
}

class RunningWriter implements SqliteWriter {
  readonly file: string;
  readonly #worker: Worker;
  readonly #checkpoints: Worker;
  readonly #ended: Promise<unknown>;
  #failure: StorageError | undefined;
  #closing: Promise<void> | undefined;

  constructor(worker: Worker, checkpoints: Worker, { file, onFailure, onCheckpointFailure }: SqliteWriterOptions) {
    this.file = file;
    this.#worker = worker;
    this.#checkpoints = checkpoints;
    this.#ended = new Promise((resolve) => worker.once('exit', resolve));
    let cause: unknown;
    worker.on('error', (error) => {
      cause = error;
    });
    worker.once('exit', (code) => {
      if (this.#closing && code === 0 && cause === undefined) return;
      this.#failure = new StorageError('unavailable', `the thread that writes to ${file} has ended`, { cause });
      onFailure(this.#failure);
    });
    checkpoints.on('message', (error: WireError) => onCheckpointFailure(fromWire(error)));
    checkpoints.on('error', (cause) => {
      onCheckpointFailure(new StorageError('failed', `the checkpoints of ${file} have ended`, { cause }));
    });
  }

  connect(): MessagePort {
    if (this.#failure) throw this.#failure;
    if (this.#closing) throw new StorageError('unavailable', `${this.file} is closed`);
    const { port1, port2 } = new MessageChannel();
    this.#worker.postMessage({ kind: 'connect', port: port2 } satisfies ToWriterThread, [port2]);
    return port1;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // The writer goes last: the last connection to the file moves the log into it.
    await end(this.#checkpoints);
    if (this.#failure) return;
    this.#worker.postMessage({ kind: 'close' } satisfies ToWriterThread);
    await this.#ended;
    if (this.#failure) throw this.#failure;
  }
}

async function untilReady(worker: Worker): Promise<void> {
  const [message] = (await once(worker, 'message')) as [FromWriterThread];
  if (message.kind !== 'failed') return;
  await worker.terminate();
  throw fromWire(message.error);
}

function startCheckpoints(options: SqliteWriterOptions): Worker {
  const { file, checkpointEveryMs = CHECKPOINT_EVERY_MS, maxLogBytes = MAX_LOG_BYTES } = options;
  const workerData: CheckpointData = { file, everyMs: checkpointEveryMs, maxLogBytes };
  return new Worker(workerFile(import.meta.url, './checkpoint-thread.js'), { workerData, name: 'storage-checkpoints' });
}

async function end(worker: Worker): Promise<void> {
  const ended = once(worker, 'exit').catch(() => {});
  worker.postMessage('close');
  // A thread that has ended before sends no event any more.
  if (worker.threadId !== -1) await ended;
}
