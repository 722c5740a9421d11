/** Moves what is committed from the write-ahead log into the database file, away from the threads that serve. */
import { parentPort, workerData } from 'node:worker_threads';
import { DatabaseSync } from '@photostructure/sqlite';
import { sqliteError, toWire } from './sqlite-error.js';

export interface CheckpointData {
  readonly file: string;
  readonly everyMs: number;
  /** Above this the log is emptied, for which the writer has to wait a moment. */
  readonly maxLogBytes: number;
}

interface Progress {
  /** 1 when a reader or the writer was in the way. */
  readonly busy: number;
  readonly log: number;
  readonly checkpointed: number;
}

/** Idle servers check this much more rarely. */
const IDLE_FACTOR = 5;

function main({ file, everyMs, maxLogBytes }: CheckpointData): void {
  const database = new DatabaseSync(file, { timeout: 1_000 });
  const [{ page_size: pageBytes }] = database.prepare('PRAGMA page_size').all() as [{ page_size: number }];
  const passive = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  const restart = database.prepare('PRAGMA wal_checkpoint(RESTART)');
  let before = 0;
  let complaint = '';

  const run = (): void => {
    let pause = everyMs;
    try {
      const [{ log, checkpointed }] = passive.all() as unknown as [Progress];
      // Right after the other one there is next to nothing left to do, so the writer waits for less than a commit takes.
      if (log * pageBytes > maxLogBytes) restart.all();
      if (log === before && log === checkpointed) pause *= IDLE_FACTOR;
      before = log;
      complaint = '';
    } catch (cause) {
      const error = sqliteError(cause);
      if (error.message !== complaint) parentPort!.postMessage(toWire(error));
      complaint = error.message;
    }
    timer = setTimeout(run, pause);
  };

  let timer = setTimeout(run, everyMs);
  parentPort!.on('message', () => {
    clearTimeout(timer);
    database.close();
    parentPort!.close();
  });
}

main(workerData as CheckpointData);
