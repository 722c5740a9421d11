/**
 * What is counted for each source address, in memory that all shards share. Counts are sketches (count-min): of fixed size whoever
 * comes, exact while addresses are few, and never too low. Each shard writes a part of its own, so nothing is locked, and a shard
 * that dies takes its counts along.
 */
import { mixed } from './address-key.js';

const ROWS = 4;
const COLUMNS = 65_536;
const CELLS = ROWS * COLUMNS;
const FAILURE_COLUMNS = 16_384;
const PAIRS = 131_072;

/** What is counted; the numbers are places in memory. */
export const counted = { CONNECTIONS: 0, UNAUTHENTICATED: 1 } as const;
export type Counted = (typeof counted)[keyof typeof counted];
const KINDS = Object.keys(counted).length;

/** To be given to every shard. Pages that nobody writes to cost nothing. */
export interface AddressMemory {
  readonly counts: SharedArrayBuffer;
  readonly failures: SharedArrayBuffer;
  readonly pairs: SharedArrayBuffer;
}

export function createAddressMemory(shards: number): AddressMemory {
  return {
    counts: new SharedArrayBuffer(shards * KINDS * CELLS * Int32Array.BYTES_PER_ELEMENT),
    failures: new SharedArrayBuffer(ROWS * FAILURE_COLUMNS * BigInt64Array.BYTES_PER_ELEMENT),
    pairs: new SharedArrayBuffer(PAIRS * Int32Array.BYTES_PER_ELEMENT),
  };
}

/** How many there are of something, over all shards. */
export class AddressCounts {
  readonly #cells: Int32Array;
  readonly #shard: number;

  constructor(memory: AddressMemory, shard: number) {
    this.#cells = new Int32Array(memory.counts);
    this.#shard = shard;
    this.#forget();
  }

  add(kind: Counted, key: number, amount: 1 | -1): void {
    for (let row = 0; row < ROWS; row++) {
      const cell = this.#cell(this.#shard, kind, row, key);
      // Nobody else writes here.
      Atomics.store(this.#cells, cell, Atomics.load(this.#cells, cell) + amount);
    }
  }

  count(kind: Counted, key: number): number {
    const shards = this.#cells.length / (KINDS * CELLS);
    let least = Number.POSITIVE_INFINITY;
    for (let row = 0; row < ROWS; row++) {
      let sum = 0;
      for (let shard = 0; shard < shards; shard++) sum += Atomics.load(this.#cells, this.#cell(shard, kind, row, key));
      least = Math.min(least, sum);
    }
    return least;
  }

  /** An earlier life of this shard ended with all of its connections. */
  #forget(): void {
    const start = this.#shard * KINDS * CELLS;
    for (let cell = start; cell < start + KINDS * CELLS; cell++) {
      if (this.#cells[cell] !== 0) this.#cells[cell] = 0;
    }
  }

  #cell(shard: number, kind: Counted, row: number, key: number): number {
    return (shard * KINDS + kind) * CELLS + row * COLUMNS + (place(key, row) & (COLUMNS - 1));
  }
}

/**
 * Failed logins of each address as a leaky bucket (GCRA): so many within the period, then one each time that a share of the period
 * has passed. A cell holds the time at which its bucket will be empty again.
 */
export class FailedLogins {
  readonly #cells: BigInt64Array;
  readonly #periodMs: number;
  readonly #costMs: number;

  constructor(memory: AddressMemory, most: number, periodMs: number) {
    this.#cells = new BigInt64Array(memory.failures);
    this.#periodMs = periodMs;
    this.#costMs = periodMs / most;
  }

  add(key: number, nowMs: number): void {
    for (let row = 0; row < ROWS; row++) this.#add(this.#cell(row, key), nowMs);
  }

  /** True when one more failure would be one too many. */
  isFull(key: number, nowMs: number): boolean {
    for (let row = 0; row < ROWS; row++) {
      const left = this.#left(Atomics.load(this.#cells, this.#cell(row, key)), nowMs);
      if (left <= this.#periodMs - this.#costMs) return false;
    }
    return true;
  }

  /** Several shards may add to one address at once. */
  #add(cell: number, nowMs: number): void {
    for (;;) {
      const before = Atomics.load(this.#cells, cell);
      const left = Math.min(this.#periodMs, this.#left(before, nowMs) + this.#costMs);
      const after = BigInt(Math.ceil(nowMs + left));
      if (Atomics.compareExchange(this.#cells, cell, before, after) === before) return;
    }
  }

  /** Milliseconds until the bucket is empty. One that is fuller than full is from before the clock was set back. */
  #left(emptyAt: bigint, nowMs: number): number {
    const left = Number(emptyAt) - nowMs;
    return left <= 0 || left > this.#periodMs + 1 ? 0 : left;
  }

  #cell(row: number, key: number): number {
    return row * FAILURE_COLUMNS + (place(key, row) & (FAILURE_COLUMNS - 1));
  }
}

/** Who has logged in from where. The latest of two that share a place is remembered. */
export class KnownPairs {
  readonly #cells: Int32Array;

  constructor(memory: AddressMemory) {
    this.#cells = new Int32Array(memory.pairs);
  }

  add(pair: number, check: number): void {
    Atomics.store(this.#cells, pair & (PAIRS - 1), mark(check));
  }

  has(pair: number, check: number): boolean {
    return Atomics.load(this.#cells, pair & (PAIRS - 1)) === mark(check);
  }
}

/** Zero stands for nobody. */
function mark(check: number): number {
  return check | 0 || 1;
}

function place(key: number, row: number): number {
  return mixed(key + Math.imul(row + 1, 0x9e3779b9));
}
