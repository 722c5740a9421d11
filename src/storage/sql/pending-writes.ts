/** The writes of one caller between the call and the acknowledgement: bounded, and settled in order. */
import { type SqlValue, StorageError, type WriteResult } from '../../core/storage/index.js';

export interface WriteLimits {
  readonly maxWrites: number;
  readonly maxBytes: number;
}

/** About what a shard may hold back while the disk or the network is slow. */
export const defaultWriteLimits: WriteLimits = { maxWrites: 50_000, maxBytes: 64 * 1024 * 1024 };

interface Pending {
  readonly bytes: number;
  resolve(results: readonly WriteResult[]): void;
  reject(error: StorageError): void;
}

export class PendingWrites {
  readonly #limits: WriteLimits;
  readonly #pending = new Map<number, Pending>();
  readonly #barriers: { readonly after: number; resolve(): void }[] = [];
  #bytes = 0;
  #lastId = 0;

  constructor(limits: WriteLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Takes a write in, or refuses it when too much waits already. */
  add(steps: Iterable<readonly SqlValue[]>): { id: number; done: Promise<readonly WriteResult[]> } {
    const bytes = sizeOf(steps);
    const { maxWrites, maxBytes } = this.#limits;
    if (this.#pending.size >= maxWrites || (this.#bytes > 0 && this.#bytes + bytes > maxBytes)) {
      throw new StorageError('overloaded', `${this.#pending.size} writes of ${this.#bytes} bytes wait already`);
    }
    const id = ++this.#lastId;
    this.#bytes += bytes;
    const done = new Promise<readonly WriteResult[]>((resolve, reject) => {
      this.#pending.set(id, { bytes, resolve, reject });
    });
    return { id, done };
  }

  settle(id: number, outcome: readonly WriteResult[] | StorageError): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    this.#bytes -= pending.bytes;
    if (outcome instanceof StorageError) pending.reject(outcome);
    else pending.resolve(outcome);
    this.#openBarriers();
  }

  rejectAll(error: StorageError): void {
    for (const id of [...this.#pending.keys()]) this.settle(id, error);
  }

  /** Resolves when everything that waits now is settled. */
  barrier(): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#barriers.push({ after: this.#lastId, resolve }));
  }

  #openBarriers(): void {
    if (this.#barriers.length === 0) return;
    // Insertion order: the first is the oldest.
    const [oldest = Number.POSITIVE_INFINITY] = this.#pending.keys();
    while (this.#barriers.length > 0 && oldest > this.#barriers[0]!.after) this.#barriers.shift()!.resolve();
  }
}

const FIXED_BYTES = 64;

function sizeOf(steps: Iterable<readonly SqlValue[]>): number {
  let bytes = FIXED_BYTES;
  for (const values of steps) {
    for (const value of values) {
      bytes += typeof value === 'string' ? value.length : value instanceof Uint8Array ? value.byteLength : 8;
    }
  }
  return bytes;
}
