/** Starts the shards, starts them again when they die, and stops them. */
import type { MessagePort } from 'node:worker_threads';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { ShardPool, workerFile } from '../platform/workers.js';
import type { ShardBirth } from './shard-protocol.js';
import { SupervisedShard } from './supervised-shard.js';

/** What a shard starts with, and the ports in it that move to its thread. */
export interface ShardDelivery {
  readonly birth: ShardBirth;
  readonly transfer: readonly MessagePort[];
}

export interface SupervisorOptions {
  readonly shards: number;
  readonly log: Logger;
  readonly clock: Clock;
  /** What one shard is born with; ports are made anew for each life. */
  readonly birth: () => ShardDelivery;
  /** A port for each listener; 0 lets the system choose. */
  readonly ports: readonly number[];
  /** The shards reach one another by ports: the portable engine. */
  readonly needsLinks: boolean;
  /** A shard has died, and does not live again yet. */
  readonly died: (shard: number) => void;
}

/** A shard that dies again and again is started after longer and longer pauses. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;
const STABLE_AFTER_MS = 60_000;
const LAST_MOMENT_MS = 10_000;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #pool = new ShardPool({ filename: workerFile(import.meta.url, './shard.js') });
  readonly #shards = new Map<number, SupervisedShard>();
  #ports: readonly number[];
  #isStopping = false;
  #crashes = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#ports = options.ports;
  }

  /** The ports that are bound. */
  get ports(): readonly number[] {
    return this.#ports;
  }

  get shardCount(): number {
    return this.#options.shards;
  }

  /** Shards that have died since the start. */
  get crashes(): number {
    return this.#crashes;
  }

  /** The shards that run now. */
  get running(): readonly SupervisedShard[] {
    return [...this.#shards.values()];
  }

  shard(number: number): SupervisedShard | undefined {
    return this.#shards.get(number);
  }

  /** Rejects with the reason, everything stopped again, when a shard cannot start or a port cannot be bound. */
  async start(): Promise<void> {
    try {
      const shards = Array.from({ length: this.#options.shards }, (_, number) => this.#spawn(number));
      await Promise.all(shards.map((shard) => shard.untilReady()));
      for (const shard of shards) this.#ports = await shard.listen(this.#ports);
      for (const shard of shards) this.#watch(shard, this.#options.clock.monotonic(), FIRST_PAUSE_MS);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** Ends all streams with `system-shutdown`, and waits until the shards are done; what is left after `graceMs` is cut. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.running.map((shard) => shard.endStreams(graceMs)));
    for (const shard of this.running) shard.finish();
    await Promise.all(this.running.map((shard) => shard.ended));
  }

  /**
   * Ends the threads without waiting for streams. A thread that is ended within a native call may take the process with it, so each
   * gets a moment to come to an end by itself, even one that is still starting.
   */
  async kill(): Promise<void> {
    this.#isStopping = true;
    for (const shard of this.running) {
      void shard.endStreams(0);
      shard.finish();
    }
    const ended = Promise.all(this.running.map((shard) => shard.ended));
    await Promise.race([ended, this.#options.clock.sleep(LAST_MOMENT_MS)]);
    await this.#pool.destroy();
  }

  #spawn(number: number): SupervisedShard {
    const { birth, transfer } = this.#options.birth();
    const shard = new SupervisedShard(this.#pool.start(number, birth, transfer));
    if (this.#options.needsLinks) for (const other of this.#shards.values()) SupervisedShard.connect(shard, other);
    this.#shards.set(number, shard);
    return shard;
  }

  #watch(shard: SupervisedShard, startedAt: number, pauseMs: number): void {
    const { log, clock } = this.#options;
    void shard.ended.then((end) => {
      this.#shards.delete(shard.number);
      if (this.#isStopping) return;
      this.#crashes++;
      this.#options.died(shard.number);
      const error = end.reason === 'crashed' ? end.error : undefined;
      log.error('shard.died', { shard: shard.number, reason: end.reason, error });
      const wasStable = clock.monotonic() - startedAt > STABLE_AFTER_MS;
      void this.#revive(shard.number, wasStable ? FIRST_PAUSE_MS : pauseMs);
    });
  }

  async #revive(number: number, pauseMs: number): Promise<void> {
    const { log, clock } = this.#options;
    await clock.sleep(pauseMs);
    if (this.#isStopping) return;
    const nextPauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    const startedAt = clock.monotonic();
    let shard: SupervisedShard | undefined;
    try {
      shard = this.#spawn(number);
      this.#watch(shard, startedAt, nextPauseMs);
      await shard.untilReady();
      await shard.listen(this.#ports);
      log.notice('shard.revived', { shard: number });
    } catch (error) {
      log.error('shard.revival_failed', { shard: number, error });
      if (shard) shard.terminate();
      else void this.#revive(number, nextPauseMs);
    }
  }
}
