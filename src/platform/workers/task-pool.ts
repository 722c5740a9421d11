/** The pool of threads for short tasks. It belongs to the thread that made it; others reach it through a TaskBroker. */
import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { type TaskInput, type TaskName, type TaskOutput, TaskRefused, type TaskRunner } from './tasks.js';
import { workerFile } from './worker-file.js';

export interface TaskPoolOptions {
  /** One for each core by default. */
  readonly threads?: number;
  /** Tasks running and waiting; one more is refused. */
  readonly maxTasks?: number;
  /** A thread died without a task, which points to a broken installation. */
  readonly onError?: (error: Error) => void;
}

/** About five seconds of work for one core: whoever waits longer has given up. */
const MAX_TASKS = 1024;
const IDLE_TIMEOUT_MS = 60_000;

export class TaskPool implements TaskRunner {
  readonly #pool: Piscina;
  readonly #maxTasks: number;
  #tasks = 0;
  #isClosed = false;

  constructor(options: TaskPoolOptions = {}) {
    const { threads = availableParallelism(), maxTasks = MAX_TASKS, onError = process.emitWarning } = options;
    this.#maxTasks = maxTasks;
    this.#pool = new Piscina({
      filename: workerFile(import.meta.url, './task-worker.js'),
      minThreads: 1,
      maxThreads: threads,
      idleTimeout: IDLE_TIMEOUT_MS,
      // 'sync' would freeze the loop of an idle thread, so that it could not be told to stop.
      atomics: 'disabled',
      recordTiming: false,
    });
    // Without a listener this event would end the process.
    this.#pool.on('error', (error) => onError(error));
  }

  /** Tasks running and waiting. */
  get load(): number {
    return this.#tasks;
  }

  async run<K extends TaskName>(name: K, input: TaskInput<K>): Promise<TaskOutput<K>> {
    if (this.#isClosed) throw new TaskRefused('closed');
    if (this.#tasks >= this.#maxTasks) throw new TaskRefused('overload');
    this.#tasks++;
    try {
      return await this.#pool.run({ name, input });
    } catch (error) {
      // Piscina rejects what is pending when it is destroyed; that is no failure of the task.
      throw this.#isClosed ? new TaskRefused('closed') : error;
    } finally {
      this.#tasks--;
    }
  }

  /** Ends the threads; tasks that did not finish are refused. Idempotent. */
  async destroy(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#pool.destroy();
  }
}
