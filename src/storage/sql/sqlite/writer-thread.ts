/** The one thread that writes to an SQLite file: gathers what shards send, commits it in groups and answers. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { StorageError } from '../../../core/storage/index.js';
import { FileLock } from './file-lock.js';
import { GroupCommit, type Job } from './group-commit.js';
import { migrate } from './migrate.js';
import { openForWriting } from './open-file.js';
import type { FromWriter, FromWriterThread, ToWriter, ToWriterThread, WireOutcome, WriterData } from './protocol.js';
import { sqliteError, toWire } from './sqlite-error.js';

/** Bounds how long the first write of a group waits for the last one. */
const MAX_GROUP = 2_000;

interface QueuedJob extends Job {
  readonly client: Client;
  readonly id: number;
}

/** A shard. Its statements are remembered for as long as its port is open. */
interface Client {
  readonly port: MessagePort;
  readonly texts: Map<number, string>;
}

class Writer {
  readonly #lock: FileLock;
  readonly #database: ReturnType<typeof openForWriting>;
  readonly #groups: GroupCommit;
  readonly #clients = new Set<Client>();
  #queue: QueuedJob[] = [];
  #isScheduled = false;

  constructor({ file, synchronous }: WriterData) {
    this.#lock = FileLock.acquire(file);
    try {
      this.#database = openForWriting(file, synchronous);
    } catch (error) {
      this.#lock.release();
      throw error;
    }
    this.#groups = new GroupCommit(this.#database);
  }

  connect(port: MessagePort): void {
    const client: Client = { port, texts: new Map() };
    this.#clients.add(client);
    port.on('message', (message: ToWriter) => this.#receive(client, message));
    port.on('close', () => this.#clients.delete(client));
  }

  /** Commits everything that was sent before, and lets go of the file. */
  close(): void {
    for (const client of this.#clients) {
      for (let next = receiveMessageOnPort(client.port); next; next = receiveMessageOnPort(client.port)) {
        this.#receive(client, next.message as ToWriter);
      }
    }
    while (this.#queue.length > 0) this.#commit();
    for (const client of this.#clients) client.port.close();
    this.#emptyLog();
    this.#database.close();
    this.#lock.release();
  }

  /** So that the file alone is the whole database, for a backup or a move. On a full disk the log stays, and nothing is lost. */
  #emptyLog(): void {
    try {
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch (error) {
      if (sqliteError(error).code !== 'disk-full') throw error;
    }
  }

  #receive(client: Client, message: ToWriter): void {
    if (message.kind === 'ensure') {
      // Tables come after what was written before, so that the order of one shard holds.
      while (this.#queue.length > 0) this.#commit();
      answer(client, [[message.id, this.#ensure(message)]]);
      return;
    }
    for (const [number, text] of message.statements) client.texts.set(number, text);
    for (const { id, steps } of message.jobs) {
      this.#queue.push({
        client,
        id,
        steps: steps.map(([number, values]) => ({ text: client.texts.get(number)!, values })),
      });
    }
    this.#schedule();
  }

  #ensure({ schemas }: ToWriter & { kind: 'ensure' }): WireOutcome {
    try {
      migrate(this.#database, schemas);
      return [];
    } catch (error) {
      return toWire(sqliteError(error));
    }
  }

  /** While one group is committed, which takes as long as the disk does, the next one gathers in the ports. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#commit();
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  #commit(): void {
    const group = this.#queue.splice(0, MAX_GROUP);
    const outcomes = this.#groups.run(group);
    const answers = new Map<Client, (readonly [number, WireOutcome])[]>();
    for (const [index, { client, id }] of group.entries()) {
      const own = answers.get(client);
      if (own) own.push([id, outcomes[index]!]);
      else answers.set(client, [[id, outcomes[index]!]]);
    }
    for (const [client, own] of answers) answer(client, own);
  }
}

/** To a shard that has gone the answer is lost; the write is not. */
function answer({ port }: Client, outcomes: FromWriter): void {
  port.postMessage(outcomes);
}

function tell(message: FromWriterThread): void {
  parentPort!.postMessage(message);
}

function main(): void {
  let writer: Writer;
  try {
    writer = new Writer(workerData as WriterData);
  } catch (error) {
    const failure = error instanceof StorageError ? error : sqliteError(error);
    tell({ kind: 'failed', error: toWire(failure) });
    return;
  }
  parentPort!.on('message', (message: ToWriterThread) => {
    if (message.kind === 'connect') {
      writer.connect(message.port);
      return;
    }
    writer.close();
    tell({ kind: 'closed' });
    parentPort!.close();
  });
  tell({ kind: 'ready' });
}

main();
