/** Talks with a shard that runs in a thread of its own: questions, and holding it still. */
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';

/** Sends `message` and returns the answer. */
export async function ask<T>(worker: Worker, message: object): Promise<T> {
  worker.postMessage(message);
  const [answer] = await once(worker, 'message');
  return answer as T;
}

/** Makes the thread stand still, and returns what lets it go on. Until then it reads no message, no socket and no mailbox. */
export async function hold(worker: Worker): Promise<() => void> {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  await ask(worker, { hold: gate });
  return () => {
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  };
}
