/** The threads of the shards: each runs one long-lived task until it returns, fails or is terminated. */
import { MessageChannel, type MessagePort, type ResourceLimits, type Transferable } from 'node:worker_threads';
import { Piscina } from 'piscina';

export interface ShardPoolOptions {
  /** Compiled file whose default export takes a `ShardStart` and returns a promise that settles when the shard is done. */
  readonly filename: string;
  readonly resourceLimits?: ResourceLimits | undefined;
}

/** What a shard's thread is started with. */
export interface ShardStart<T = unknown> {
  readonly shard: number;
  /** Leads to `RunningShard.port`; closes when the supervisor is gone. */
  readonly port: MessagePort;
  readonly data: T;
}

export type ShardEnd =
  | { readonly reason: 'returned' }
  | { readonly reason: 'crashed'; readonly error: Error }
  | { readonly reason: 'terminated' };

export interface RunningShard {
  readonly shard: number;
  readonly port: MessagePort;
  /** Resolves, never rejects, once the thread itself is gone with everything that it held. */
  readonly ended: Promise<ShardEnd>;
  /** Stops the thread wherever it is; idempotent. A shard that is to stop in order is told so through its port. */
  terminate(): void;
}

export class ShardPool {
  readonly #options: ShardPoolOptions;
  readonly #running = new Map<number, RunningShard>();

  constructor(options: ShardPoolOptions) {
    this.#options = options;
  }

  /** The shards whose threads have not ended. */
  get running(): readonly RunningShard[] {
    return [...this.#running.values()];
  }

  /** Starts a shard, again too once its last run has ended. `transfer` lists what moves over with `data`, such as ports. */
  start(shard: number, data: unknown, transfer: readonly Transferable[] = []): RunningShard {
    if (this.#running.has(shard)) throw new Error(`shard ${shard} is already running`);
    const { port1: port, port2 } = new MessageChannel();
    const abort = new AbortController();
    const pool = this.#makePool();
    const start: ShardStart = { shard, port: port2, data };
    const task = pool.run(start, { signal: abort.signal, transferList: [port2, ...transfer] as never });
    // Piscina forgets an aborted or crashed thread at once; the sockets and the native code in it live until it exits.
    const exits = pool.threads.map((thread) => new Promise((resolve) => thread.once('exit', resolve)));
    // A thread that fails before it takes the task does not reject the task.
    const failed = new Promise<never>((_, reject) => pool.on('error', reject));

    const ended = this.#untilEnd(Promise.race([task, failed]), abort.signal)
      .then(async (end) => {
        await pool.destroy();
        await Promise.all(exits);
        port.close();
        return end;
      })
      .finally(() => this.#running.delete(shard));
    const running: RunningShard = { shard, port, ended, terminate: () => abort.abort() };
    this.#running.set(shard, running);
    return running;
  }

  /** Terminates every shard and waits until the threads are gone. */
  async destroy(): Promise<void> {
    for (const running of this.running) running.terminate();
    await Promise.all(this.running.map(({ ended }) => ended));
  }

  /**
   * One pool of one thread for each run: a task that fails leaves its thread in a shared pool, with its sockets and timers, and
   * the next run would share its modules. Without a minimum of threads, a crash does not start an empty one.
   */
  #makePool(): Piscina {
    return new Piscina({
      filename: this.#options.filename,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      // 'sync' would freeze the loop that the shard lives on.
      atomics: 'disabled',
      recordTiming: false,
      ...(this.#options.resourceLimits && { resourceLimits: this.#options.resourceLimits }),
    });
  }

  async #untilEnd(task: Promise<unknown>, signal: AbortSignal): Promise<ShardEnd> {
    try {
      await task;
      return { reason: 'returned' };
    } catch (error) {
      return signal.aborted ? { reason: 'terminated' } : { reason: 'crashed', error: asError(error) };
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
