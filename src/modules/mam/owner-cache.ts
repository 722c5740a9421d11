/** Remembers whose archives were used last, in generations as MongooseIM's segmented cache does. */
import type { Owner } from './owner.js';

export interface OwnerCacheOptions {
  readonly strategy: 'fifo' | 'lru';
  /** Minutes; each generation lives so long. */
  readonly time_to_live: number | 'infinity';
  readonly number_of_segments: number;
}

/** Bounds the memory for accounts that are offline and written to. */
const MAX_PER_SEGMENT = 20_000;

export class OwnerCache {
  readonly #isRefreshed: boolean;
  /** The newest comes first. */
  readonly #segments: Map<string, Owner>[];

  constructor({ strategy, number_of_segments }: Pick<OwnerCacheOptions, 'strategy' | 'number_of_segments'>) {
    this.#isRefreshed = strategy === 'lru';
    this.#segments = Array.from({ length: number_of_segments }, () => new Map<string, Owner>());
  }

  get(account: string): Owner | undefined {
    for (const segment of this.#segments) {
      const owner = segment.get(account);
      if (!owner) continue;
      if (this.#isRefreshed && segment !== this.#segments[0]) {
        segment.delete(account);
        this.add(account, owner);
      }
      return owner;
    }
    return undefined;
  }

  add(account: string, owner: Owner): void {
    if ((this.#segments[0]?.size ?? 0) >= MAX_PER_SEGMENT) this.age();
    this.#segments[0]?.set(account, owner);
  }

  delete(account: string): void {
    for (const segment of this.#segments) segment.delete(account);
  }

  /** Begins a new generation; the oldest goes, except what must not be forgotten. */
  age(): void {
    const oldest = this.#segments.pop();
    const kept = [...(oldest ?? [])].filter(([, owner]) => owner.isBusy);
    this.#segments.unshift(new Map(kept));
  }
}
