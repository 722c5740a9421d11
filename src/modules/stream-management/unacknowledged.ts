/** The stanzas that were sent to a client and that it has not acknowledged, in order, with their count and size. */
import type { KeptStanza } from '../../core/routing/returnable.js';
import type { Stanza } from '../../protocol/stanza.js';
import { COUNTER_RANGE } from './nonzas.js';

export interface Unacknowledged extends KeptStanza {
  readonly bytes: number;
}

export class UnacknowledgedQueue {
  #entries: Unacknowledged[] = [];
  /** Where the first entry lies; those before it are acknowledged. */
  #head = 0;
  #bytes = 0;
  /** Stanzas ever sent, kept or not. */
  #sent = 0;
  #acknowledged = 0;

  get length(): number {
    return this.#entries.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get sent(): number {
    return this.#sent;
  }

  get last(): Unacknowledged | undefined {
    return this.#entries.at(-1);
  }

  /** Counts a stanza that is sent, and keeps it. */
  push(stanza: Stanza, bytes: number, at: number): void {
    this.#sent++;
    this.#bytes += bytes;
    this.#entries.push({ stanza, at, bytes, sharing: undefined });
  }

  /** Counts stanzas that are sent and not kept. */
  count(stanzas = 1): void {
    this.#sent += stanzas;
  }

  /** Whether the client can have handled so many. */
  accepts(h: number): boolean {
    return this.#newly(h) <= this.#sent - this.#acknowledged;
  }

  /** The client has handled `h` stanzas, counted round: forgets those. Not to be called with a number that is not accepted. */
  acknowledge(h: number): void {
    const newly = this.#newly(h);
    this.#acknowledged += newly;
    const kept = Math.min(newly, this.length);
    for (let left = kept; left > 0; left--) {
      const { bytes, sharing } = this.#entries[this.#head++] as Unacknowledged;
      this.#bytes -= bytes;
      if (sharing) sharing.isTaken = true;
    }
    if (this.#head === this.#entries.length) this.#clear();
    else if (this.#head > 16 && this.#head * 2 > this.#entries.length) this.#compact();
  }

  *[Symbol.iterator](): IterableIterator<Unacknowledged> {
    for (let index = this.#head; index < this.#entries.length; index++) yield this.#entries[index] as Unacknowledged;
  }

  /** Empties the queue and returns what was in it. */
  take(): Unacknowledged[] {
    const all = [...this];
    this.#acknowledged = this.#sent;
    this.#bytes = 0;
    this.#clear();
    return all;
  }

  /** How many more than before `h` says. A number below the last one looks like one far above it. */
  #newly(h: number): number {
    return (h - (this.#acknowledged % COUNTER_RANGE) + COUNTER_RANGE) % COUNTER_RANGE;
  }

  #clear(): void {
    this.#entries.length = 0;
    this.#head = 0;
  }

  #compact(): void {
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}
