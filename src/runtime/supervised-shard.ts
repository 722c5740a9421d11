/** One shard as the supervisor holds it: its thread, its port, and the calls under way. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { RunningShard, ShardEnd } from '../platform/workers.js';
import type { FromShard, ToShard } from './shard-protocol.js';

interface PendingCall {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class SupervisedShard {
  readonly number: number;
  readonly #running: RunningShard;
  readonly #calls = new Map<number, PendingCall>();
  readonly #waiting = new Map<FromShard['kind'], PendingCall>();
  #nextCall = 0;
  #isOver = false;

  constructor(running: RunningShard) {
    this.number = running.shard;
    this.#running = running;
    running.port.on('message', (message: FromShard) => this.#received(message));
    void running.ended.then((end) => this.#ended(end));
  }

  /** Settles once the thread is gone. */
  get ended(): Promise<ShardEnd> {
    return this.#running.ended;
  }

  /** Resolves when everything but the listeners is up. Rejects with the reason when that fails. */
  untilReady(): Promise<unknown> {
    return this.#next('ready');
  }

  /** Opens the listeners. Returns the ports that were bound. */
  async listen(ports: readonly number[]): Promise<readonly number[]> {
    const listening = this.#next('listening');
    this.#send({ kind: 'listen', ports });
    return ((await listening) as Extract<FromShard, { kind: 'listening' }>).ports;
  }

  call<Result>(name: string, args: unknown): Promise<Result> {
    if (this.#isOver) return Promise.reject(new Error(`shard ${this.number} is not running`));
    const id = this.#nextCall++;
    return new Promise<Result>((resolve, reject) => {
      this.#calls.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.#send({ kind: 'call', id, name, args });
    });
  }

  /** Tells the shard to end all streams. Settles when they have ended, after `graceMs`, or when the shard is gone. */
  async endStreams(graceMs: number): Promise<void> {
    if (this.#isOver) return;
    const quiet = this.#next('quiet');
    this.#send({ kind: 'stop', graceMs });
    await quiet.catch(() => {});
  }

  /** Tells a quiet shard to commit and leave. */
  finish(): void {
    this.#send({ kind: 'finish' });
  }

  terminate(): void {
    this.#running.terminate();
  }

  /** A fresh pair of ports between two shards, for the portable engine. */
  static connect(one: SupervisedShard, other: SupervisedShard): void {
    const { port1, port2 } = new MessageChannel();
    one.#send({ kind: 'link', shard: other.number, port: port1 }, [port1]);
    other.#send({ kind: 'link', shard: one.number, port: port2 }, [port2]);
  }

  #send(message: ToShard, transfer: readonly MessagePort[] = []): void {
    if (!this.#isOver) this.#running.port.postMessage(message, [...transfer]);
  }

  #next(kind: FromShard['kind']): Promise<unknown> {
    if (this.#isOver) return Promise.reject(new Error(`shard ${this.number} is not running`));
    return new Promise((resolve, reject) => this.#waiting.set(kind, { resolve, reject }));
  }

  #received(message: FromShard): void {
    switch (message.kind) {
      case 'ready':
      case 'listening':
      case 'quiet':
        this.#waiting.get(message.kind)?.resolve(message);
        this.#waiting.delete(message.kind);
        break;
      case 'failed':
        this.#fail(new Error(message.reason));
        break;
      case 'result':
        this.#calls.get(message.id)?.resolve(message.result);
        this.#calls.delete(message.id);
        break;
      case 'refused':
        this.#calls.get(message.id)?.reject(new Error(message.reason));
        this.#calls.delete(message.id);
        break;
    }
  }

  #ended(end: ShardEnd): void {
    this.#isOver = true;
    const why = end.reason === 'crashed' ? `crashed: ${end.error.message}` : 'has ended';
    this.#fail(new Error(`shard ${this.number} ${why}`));
    for (const call of this.#calls.values()) call.reject(new Error(`shard ${this.number} ${why}`));
    this.#calls.clear();
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
