/** The carriers of one shard by their slots, and what a batch tells of them. */
import { Carrier, type CarrierOwner } from './carrier.js';
import { eventKind, release, word } from './envelope.js';
import type { CarrierFacts, EnginePort } from './port.js';

export class Carriers {
  readonly #engine: EnginePort;
  readonly #carriers: (Carrier | undefined)[] = [];

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

  /** The event whose words begin at `base`. What an owner throws is passed on, and its socket lost to us. */
  told(base: number): void {
    const { words, arena } = this.#engine;
    const carrier = this.#carriers[words[base + word.SLOT] as number];
    if (!carrier) return;
    try {
      switch ((words[base] as number) & 0xff) {
        case eventKind.FRAME:
          carrier.owner.frame(arena.subarray(words[base + word.START], words[base + word.END]));
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

  readonly #forget = (carrier: Carrier): void => {
    if (this.#carriers[carrier.slot] === carrier) this.#carriers[carrier.slot] = undefined;
  };
}
