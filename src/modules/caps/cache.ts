/** The capabilities that hashes have proved, for every client that shows one of them: bounded in number and in age. */
import type { Clock } from '../../platform/clock.js';
import type { Capabilities } from './capabilities.js';
import type { Offer } from './offer.js';

interface Entry {
  readonly capabilities: Capabilities;
  /** On the monotonic clock, in milliseconds. */
  readonly until: number;
}

export class CapabilityCache {
  /** By the key of a hash, the one used last at the end. */
  readonly #entries = new Map<string, Entry>();
  readonly #size: number;
  readonly #lifeMs: number;
  readonly #clock: Clock;

  /** `size` counts hashes. */
  constructor(size: number, lifeMs: number, clock: Clock) {
    this.#size = size;
    this.#lifeMs = lifeMs;
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What one of the offered hashes has proved before, if it proved one that is needed. */
  find(offer: Offer): Capabilities | undefined {
    for (const { key } of offer.proofs) {
      const capabilities = this.#use(key);
      if (capabilities && [...offer.needed].some((needed) => capabilities.proved.has(needed))) return capabilities;
    }
    return undefined;
  }

  add(capabilities: Capabilities): void {
    const until = this.#clock.monotonic() + this.#lifeMs;
    for (const key of capabilities.proved) {
      this.#entries.delete(key);
      this.#entries.set(key, { capabilities, until });
    }
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= this.#size) break;
      this.#entries.delete(key);
    }
  }

  #use(key: string): Capabilities | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    if (entry.until <= this.#clock.monotonic()) return undefined;
    this.#entries.set(key, entry);
    return entry.capabilities;
  }
}
