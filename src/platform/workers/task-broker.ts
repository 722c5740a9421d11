/** Lets other threads use the task pool: a message port leads from each client to the broker beside the pool. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { type TaskInput, type TaskName, type TaskOutput, TaskRefused, type TaskRunner } from './tasks.js';

type Request = [id: number, name: TaskName, input: TaskInput<TaskName>];
type Refusal = TaskRefused['code'];
type Reply = [id: number, how: 'done', output: unknown] | [id: number, how: 'refused' | 'failed', reason: string];

/** Lives on the thread of the pool. */
export class TaskBroker {
  readonly #runner: TaskRunner;
  readonly #ports = new Set<MessagePort>();

  constructor(runner: TaskRunner) {
    this.#runner = runner;
  }

  /** A port to be transferred to another thread, for a `TaskClient`. It closes when that thread ends. */
  connect(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#ports.add(port1);
    port1.on('message', (request: Request) => void this.#serve(port1, request));
    port1.on('close', () => this.#ports.delete(port1));
    port1.unref();
    return port2;
  }

  /** Cuts all clients off; their open calls are refused. */
  close(): void {
    for (const port of this.#ports) port.close();
    this.#ports.clear();
  }

  async #serve(port: MessagePort, [id, name, input]: Request): Promise<void> {
    port.postMessage(await this.#answer(id, name, input));
  }

  async #answer(id: number, name: TaskName, input: TaskInput<TaskName>): Promise<Reply> {
    try {
      return [id, 'done', await this.#runner.run(name, input)];
    } catch (error) {
      if (error instanceof TaskRefused) return [id, 'refused', error.code];
      return [id, 'failed', error instanceof Error ? error.message : String(error)];
    }
  }
}

interface Pending {
  resolve(output: never): void;
  reject(error: Error): void;
}

/** Lives on any other thread. */
export class TaskClient implements TaskRunner {
  readonly #port: MessagePort;
  readonly #maxTasks: number;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #isClosed = false;

  /** `maxTasks` bounds the open calls of this client, beside the bound of the pool. */
  constructor(port: MessagePort, maxTasks: number) {
    this.#port = port;
    this.#maxTasks = maxTasks;
    port.on('message', (reply: Reply) => this.#settle(reply));
    port.on('close', () => this.#closed());
    port.unref();
  }

  run<K extends TaskName>(name: K, input: TaskInput<K>): Promise<TaskOutput<K>> {
    if (this.#isClosed) return Promise.reject(new TaskRefused('closed'));
    if (this.#pending.size >= this.#maxTasks) return Promise.reject(new TaskRefused('overload'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      // Only a call that waits for its answer keeps the thread alive.
      this.#port.ref();
      this.#port.postMessage([id, name, input] satisfies Request);
    });
  }

  close(): void {
    this.#port.close();
    this.#closed();
  }

  #settle([id, how, value]: Reply): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#port.unref();
    if (how === 'done') pending.resolve(value as never);
    else pending.reject(how === 'refused' ? new TaskRefused(value as Refusal) : new Error(value));
  }

  #closed(): void {
    this.#isClosed = true;
    for (const pending of this.#pending.values()) pending.reject(new TaskRefused('closed'));
    this.#pending.clear();
  }
}
