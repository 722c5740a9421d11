/** Questions from one shard to another, and their answers. */
import type { EnginePort } from '../../engine/port.js';
import type { Clock } from '../../platform/clock.js';
import { decode, encode } from '../../platform/codec.js';

type Work = (args: unknown) => unknown | Promise<unknown>;
type Message =
  | ['tell', string, unknown]
  | ['ask', number, string, unknown]
  | ['answer', number, unknown]
  | ['failure', number, string];

const TIMEOUT_MS = 10_000;
const RETRY_MS = 100;
/** More than a shard can ask. */
const CALLS_PER_MS = 1_000;

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
  cancel(): void;
}

export class ShardCalls {
  readonly #shard: number;
  readonly #engine: EnginePort;
  readonly #clock: Clock;
  readonly #works = new Map<string, Work>();
  readonly #pending = new Map<number, Pending>();
  #next: number;

  constructor(shard: number, engine: EnginePort, clock: Clock) {
    this.#shard = shard;
    this.#engine = engine;
    this.#clock = clock;
    // A shard that was started again must not take an answer to its former life for one of its own.
    this.#next = clock.now() * CALLS_PER_MS;
  }

  /** Answers questions of this name on this shard; the function returned ends it. */
  serve<Args, Result>(name: string, work: (args: Args) => Result | Promise<Result>): () => void {
    this.#works.set(name, work as Work);
    return () => this.#works.delete(name);
  }

  /** Asks a shard, which may be this one. Rejects when it does not run, takes no more, does not answer in time, or failed. */
  async ask<Result>(shard: number, name: string, args: unknown): Promise<Result> {
    if (shard === this.#shard) return (await this.#work(name)(args)) as Result;
    const id = this.#next++;
    return new Promise<Result>((resolve, reject) => {
      const cancel = this.#clock.after(TIMEOUT_MS, () =>
        this.#settle(id)?.reject(new Error(`shard ${shard} did not answer ${name}`)),
      );
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject, cancel });
      if (!this.#send(shard, ['ask', id, name, args]))
        this.#settle(id)?.reject(new Error(`shard ${shard} does not run, or takes no more`));
    });
  }

  /**
   * Has work done on another shard without an answer, in order with the stanzas that go there: the part of it that waits for nothing is
   * done before anything that was sent later arrives. False when that shard does not run, or takes no more.
   */
  tell(shard: number, name: string, args: unknown): boolean {
    return this.#send(shard, ['tell', name, args]);
  }

  /** A message that came by the engine. */
  received(bytes: Uint8Array, shard: number): void {
    const message = decode(bytes) as Message;
    if (message[0] === 'tell') void this.#work(message[1])(message[2]);
    else if (message[0] === 'ask') void this.#answer(message, shard);
    else if (message[0] === 'answer') this.#settle(message[1])?.resolve(message[2]);
    else this.#settle(message[1])?.reject(new Error(message[2]));
  }

  async #answer([, id, name, args]: ['ask', number, string, unknown], shard: number): Promise<void> {
    try {
      this.#deliver(shard, ['answer', id, await this.#work(name)(args)]);
    } catch (error) {
      this.#deliver(shard, ['failure', id, error instanceof Error ? error.message : String(error)]);
    }
  }

  /** What was done has to be told, also to a shard that takes nothing right now; behind the time limit nobody asks any more. */
  #deliver(shard: number, answer: Message, waited = 0): void {
    if (this.#send(shard, answer) || waited >= TIMEOUT_MS) return;
    this.#clock.after(RETRY_MS, () => this.#deliver(shard, answer, waited + RETRY_MS));
  }

  #work(name: string): Work {
    const work = this.#works.get(name);
    if (!work) throw new Error(`nobody on shard ${this.#shard} answers ${name}`);
    return work;
  }

  #send(shard: number, message: Message): boolean {
    return this.#engine.call(shard, encode(message));
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.cancel();
    return pending;
  }
}
