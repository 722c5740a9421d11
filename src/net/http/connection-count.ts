/** How many connections the listeners have, over all shards: each shard writes cells of its own and reads all of them. */

export interface ConnectionCounts {
  readonly cells: SharedArrayBuffer;
}

export function createConnectionCounts(shards: number, listeners: number): ConnectionCounts {
  return { cells: new SharedArrayBuffer(shards * listeners * Int32Array.BYTES_PER_ELEMENT) };
}

export class ConnectionCount {
  readonly #cells: Int32Array;
  readonly #own: number;
  readonly #others: readonly number[];
  readonly #most: number;

  /** An earlier life of this shard took its connections along. */
  constructor(counts: ConnectionCounts, shard: number, shards: number, listener: number, most: number) {
    this.#cells = new Int32Array(counts.cells);
    const listeners = this.#cells.length / shards;
    const all = Array.from({ length: shards }, (_, number) => number * listeners + listener);
    this.#own = all[shard] as number;
    this.#others = all.filter((cell) => cell !== this.#own);
    this.#most = most;
    Atomics.store(this.#cells, this.#own, 0);
  }

  /** False, and nothing is counted, when there are as many as there may be: each adds itself before it looks, so none slips through. */
  enter(): boolean {
    const mine = Atomics.add(this.#cells, this.#own, 1) + 1;
    const total = this.#others.reduce((sum, cell) => sum + Atomics.load(this.#cells, cell), mine);
    if (total <= this.#most) return true;
    this.leave();
    return false;
  }

  leave(): void {
    Atomics.sub(this.#cells, this.#own, 1);
  }

  get here(): number {
    return Atomics.load(this.#cells, this.#own);
  }
}
