/** What a client may not have yet of what was delivered to it, in order and within bounds. */
import type { Sharing } from '../../core/routing/handed.js';
import type { KeptStanza } from '../../core/routing/returnable.js';
import type { Stanza } from '../../protocol/stanza.js';

interface Entry extends KeptStanza {
  /** Of its frame. */
  readonly number: number;
  readonly size: number;
}

export class KeptStanzas {
  readonly #most: number;
  #entries: Entry[] = [];
  /** Where the first entry lies; those in front of it are delivered. */
  #head = 0;
  #size = 0;

  /** Beyond so many characters the oldest are forgotten: they are the likeliest to have come. */
  constructor(most: number) {
    this.#most = most;
  }

  get isEmpty(): boolean {
    return this.#head === this.#entries.length;
  }

  get size(): number {
    return this.#size;
  }

  add(number: number, stanza: Stanza, size: number, at: number): void {
    this.#entries.push({ number, stanza, size, at, sharing: undefined });
    this.#size += size;
    while (this.#size > this.#most && this.#head < this.#entries.length - 1) this.#drop();
    this.#compact();
  }

  shared(stanza: Stanza, sharing: Sharing): void {
    const last = this.#entries.at(-1);
    if (last?.stanza === stanza) last.sharing = sharing;
  }

  /** The client has all frames up to this one. */
  delivered(number: number): void {
    for (let first = this.#first; first && first.number <= number; first = this.#first) {
      if (first.sharing) first.sharing.isTaken = true;
      this.#drop();
    }
    this.#compact();
  }

  /** All that is left. */
  take(): KeptStanza[] {
    const left = this.#entries.slice(this.#head);
    this.#entries = [];
    this.#head = 0;
    this.#size = 0;
    return left;
  }

  get #first(): Entry | undefined {
    return this.#entries[this.#head];
  }

  #drop(): void {
    this.#size -= this.#first?.size ?? 0;
    this.#head++;
  }

  /** What was dropped takes memory until then: a client may get stanzas for days, and never tell that it has one. */
  #compact(): void {
    if (this.#head <= 16 || this.#head * 2 <= this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}
