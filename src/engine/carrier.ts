/** The end of a connection that the owner of its socket holds: frames in, frames out. */
import type { CarrierName, EnginePort } from './port.js';

/** Receives what the socket has to do. Calls come synchronously, in order, from within a batch. */
export interface CarrierOwner {
  /** A frame to send; its bytes are valid until this returns. True when they have left the process; else `sent` is due once they have. */
  frame(bytes: Uint8Array): boolean;
  /** Called with what sends several frames in a row, so that they can leave together. */
  together?(send: () => void): void;
  /** There is room again, after `feed` said to stop. */
  readOn(): void;
  /** The last call: the connection is gone. The socket is to be closed behind the frames that it was given, or at once. */
  released(isDone: boolean): void;
}

export class Carrier {
  readonly owner: CarrierOwner;
  readonly slot: number;
  readonly #generation: number;
  readonly #engine: EnginePort;
  readonly #left: (carrier: Carrier) => void;

  /** `left` is called with the owner's last word. */
  constructor(engine: EnginePort, name: CarrierName, owner: CarrierOwner, left: (carrier: Carrier) => void) {
    this.#engine = engine;
    this.slot = name.slot;
    this.#generation = name.generation;
    this.owner = owner;
    this.#left = left;
  }

  /** Bytes of a frame, which are copied. False when no more should be fed before `readOn`. */
  feed(bytes: Uint8Array | ArrayBuffer, isLast: boolean): boolean {
    return this.#engine.feed(this.slot, this.#generation, bytes, isLast);
  }

  /** So many bytes of frames have left the process. */
  sent(bytes: number): void {
    this.#engine.sent(this.slot, this.#generation, bytes);
  }

  /** The socket is gone, in an orderly way or broken. Needless after `released`; idempotent. */
  detach(isOrderly: boolean): void {
    this.#left(this);
    this.#engine.detach(this.slot, this.#generation, isOrderly);
  }
}
