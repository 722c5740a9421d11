/** The carriers of one shard by their slots, and what a batch tells of them. */
import { Carrier, type CarrierOwner } from './carrier.js';
import { eventKind, release, WORDS_PER_ENVELOPE, word } from './envelope.js';
import type { CarrierFacts, EnginePort } from './port.js';

export class Carriers {
  readonly #engine: EnginePort;
  readonly #carriers: (Carrier | undefined)[] = [];
  /** What `#memory` is of. */
  #arena: Buffer | undefined;
  #memory!: ArrayBufferLike;

  constructor(engine: EnginePort) {
    this.#engine = engine;
  }

  /** Undefined when that listener is closed, or has all its connections. */
  attach(listener: number, facts: CarrierFacts, owner: CarrierOwner): Carrier | undefined {
    const name = this.#engine.attach(listener, facts);
    if (!name) return undefined;
    const carrier = new Carrier(this.#engine, name, owner, this.#forget);
    this.#carriers[name.slot] = carrier;
    return carrier;
  }

  /** How many frames in a row, from this envelope on, are for one owner; 1 for any other event. */
  rowLength(envelope: number, count: number): number {
    const { words } = this.#engine;
    const first = envelope * WORDS_PER_ENVELOPE;
    let length = 1;
    if (((words[first] as number) & 0xff) !== eventKind.FRAME) return length;
    for (let base = first + WORDS_PER_ENVELOPE; envelope + length < count; base += WORDS_PER_ENVELOPE) {
      if (((words[base] as number) & 0xff) !== eventKind.FRAME) break;
      if (words[base + word.SLOT] !== words[first + word.SLOT]) break;
      length++;
    }
    return length;
  }

  /** The event at this envelope, or so many frames in a row. What an owner throws is passed on, and its socket lost to us. */
  told(envelope: number, rowLength: number): void {
    const { words } = this.#engine;
    const base = envelope * WORDS_PER_ENVELOPE;
    const carrier = this.#carriers[words[base + word.SLOT] as number];
    if (!carrier) return;
    try {
      switch ((words[base] as number) & 0xff) {
        case eventKind.FRAME:
          if (rowLength === 1) this.#frame(carrier.owner, base);
          else this.#frames(carrier.owner, base, rowLength);
          break;
        case eventKind.READ_ON:
          carrier.owner.readOn();
          break;
        case eventKind.RELEASED:
          // The slot must not be taken anew before it is free.
          carrier.detach(true);
          carrier.owner.released(words[base + word.DETAIL] === release.DONE);
          break;
      }
    } catch (error) {
      carrier.detach(false);
      throw error;
    }
  }

  #frames(owner: CarrierOwner, first: number, count: number): void {
    const send = () => {
      for (let i = 0; i < count; i++) this.#frame(owner, first + i * WORDS_PER_ENVELOPE);
    };
    if (owner.together) owner.together(send);
    else send();
  }

  #frame(owner: CarrierOwner, base: number): void {
    const { words, arena } = this.#engine;
    // PERF(bench/README.md): a plain view costs half of what `subarray` of a Buffer does, and its `buffer` as much again.
    if (arena !== this.#arena) {
      this.#arena = arena;
      this.#memory = arena.buffer;
    }
    const start = words[base + word.START] as number;
    const bytes = new Uint8Array(this.#memory, arena.byteOffset + start, (words[base + word.END] as number) - start);
    if (owner.frame(bytes)) words[base + word.LEFT] = 1;
  }

  readonly #forget = (carrier: Carrier): void => {
    if (this.#carriers[carrier.slot] === carrier) this.#carriers[carrier.slot] = undefined;
  };
}
