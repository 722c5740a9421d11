/** Whether all that the stanzas taken in by this shard must leave behind is committed, here and on the shards that they went to. */
import type { Clock } from '../../platform/clock.js';
import type { Commitments } from '../commitments.js';
import type { ShardCalls } from './shard-calls.js';

const SETTLE = 'durability.settle';
/** How long a shard that does not answer is asked again. */
const PATIENCE_MS = 10_000;
const RETRY_MS = 100;

/** One of the other shards, as this one has dealt with it. */
interface Way {
  readonly shard: number;
  /** Something went there that no question asked since has covered. */
  isDirty: boolean;
  /** Its troubles when it became dirty. */
  troubles: number;
  asking: Promise<void> | undefined;
  /** The question behind that one. */
  next: Promise<void> | undefined;
}

export interface DurabilityParts {
  readonly shard: number;
  readonly commitments: Commitments;
  readonly calls: ShardCalls;
  readonly clock: Clock;
  /** See `createTroubles`. */
  readonly troubles: SharedArrayBuffer;
}

/**
 * Memory that all shards share: how often each of them has lost something that was to be kept, because a write failed for good or its
 * thread died. Whoever finds the number unchanged knows that nothing was lost in between.
 */
export function createTroubles(shards: number): SharedArrayBuffer {
  return new SharedArrayBuffer(shards * Int32Array.BYTES_PER_ELEMENT);
}

/** Takes note that a shard has lost what it had not committed. Its next life must begin later. */
export function addTrouble(troubles: SharedArrayBuffer, shard: number): void {
  Atomics.add(new Int32Array(troubles), shard, 1);
}

export class Durability {
  readonly #parts: DurabilityParts;
  readonly #all: Int32Array;
  /** By number; none for this shard itself. */
  readonly #ways: (Way | undefined)[];
  /** Of other shards, in between a stanza of ours and their answer. */
  #found = 0;

  constructor(parts: DurabilityParts) {
    this.#parts = parts;
    this.#all = new Int32Array(parts.troubles);
    this.#ways = [...this.#all.keys()].map((shard) =>
      shard === parts.shard ? undefined : { shard, isDirty: false, troubles: 0, asking: undefined, next: undefined },
    );
    parts.calls.serve(SETTLE, () => parts.commitments.settled());
  }

  /**
   * Another number whenever something may have been lost: of this shard's own, or of what was sent to another one. A stanza that was
   * taken in before it changed must not be acknowledged any more.
   */
  get troubles(): number {
    return Atomics.load(this.#all, this.#parts.shard) + this.#found;
  }

  track(work: Promise<unknown>): void {
    this.#parts.commitments.track(work);
  }

  /** A stanza is about to go to that shard. True when it is the first one that nobody has asked about. */
  sending(shard: number): boolean {
    const way = this.#ways[shard];
    if (!way || way.isDirty) return false;
    way.isDirty = true;
    way.troubles = this.#troublesOf(way);
    return true;
  }

  /** The first one did not go there after all. */
  notSent(shard: number): void {
    const way = this.#ways[shard];
    if (way) way.isDirty = false;
  }

  /** Resolves when all that was taken in until now is committed, or counted among the troubles; `undefined` when it is already. */
  settled(): Promise<void> | undefined {
    const { commitments } = this.#parts;
    let waits: Promise<void>[] | undefined;
    if (!commitments.isClear) waits = [commitments.settled()];
    for (const way of this.#ways) {
      if (!way || !(way.isDirty || way.asking)) continue;
      waits ??= [];
      waits.push(this.#settledAt(way));
    }
    return waits && (waits.length === 1 ? waits[0] : Promise.all(waits).then(() => undefined));
  }

  /** One question is under way at a time, for everybody who waits; those who come later share the next one. */
  #settledAt(way: Way): Promise<void> {
    if (!way.asking) return this.#ask(way);
    if (!way.isDirty) return way.asking;
    way.next ??= way.asking.then(() => {
      way.next = undefined;
      return this.#ask(way);
    });
    return way.next;
  }

  #ask(way: Way): Promise<void> {
    const asking = this.#askUntilAnswered(way).finally(() => {
      way.asking = undefined;
    });
    way.asking = asking;
    return asking;
  }

  /** The question goes the same way as the stanzas before it, so that it comes behind them. */
  async #askUntilAnswered(way: Way): Promise<void> {
    const { clock } = this.#parts;
    const { troubles } = way;
    way.isDirty = false;
    const end = clock.monotonic() + PATIENCE_MS;
    let isAnswered = false;
    while (!isAnswered && this.#troublesOf(way) === troubles && clock.monotonic() < end) {
      isAnswered = await this.#isAnswered(way, troubles);
      if (!isAnswered) await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
    }
    if (!isAnswered || this.#troublesOf(way) !== troubles) this.#found++;
  }

  /** False when it cannot be any more: a shard that dies takes the question with it. */
  #isAnswered(way: Way, troubles: number): Promise<boolean> {
    const { calls, clock } = this.#parts;
    return new Promise((resolve) => {
      const done = (isAnswered: boolean) => {
        stop();
        resolve(isAnswered);
      };
      const stop = clock.every(RETRY_MS, () => {
        if (this.#troublesOf(way) !== troubles) done(false);
      });
      calls.ask(way.shard, SETTLE, null).then(
        () => done(true),
        () => done(false),
      );
    });
  }

  #troublesOf({ shard }: Way): number {
    return Atomics.load(this.#all, shard);
  }
}
