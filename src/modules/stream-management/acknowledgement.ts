/** XEP-0198 section 4: what a client may be told of its stanzas. Acknowledged is only what has left behind all that it must. */
import type { Durability } from '../../core/shards/durability.js';

export type Settling = Pick<Durability, 'settled' | 'troubles'>;

/** How much had come when a question was asked. */
export interface Mark {
  readonly handled: number;
  readonly taken: number;
}

export class Acknowledgement {
  readonly #durability: Settling;
  /** Stanzas that have come, those that are still being worked on included. */
  #taken = 0;
  /** The troubles of the server when the first stanza came that is not known to be safe; `undefined` when all are. */
  #troubles: number | undefined;
  #told = 0;

  constructor(durability: Settling) {
    this.#durability = durability;
  }

  /** A stanza has come, and nothing has been done for it yet. */
  took(): void {
    this.#taken++;
    this.#troubles ??= this.#durability.troubles;
  }

  /** To be made where everything that has come before is handled. */
  mark(handled: number): Mark {
    return { handled, taken: this.#taken };
  }

  /** Resolves when everything up to now is safe or lost; `undefined` when it is already. */
  settled(): Promise<void> | undefined {
    return this.#durability.settled();
  }

  /** The number to tell, once settled; `undefined` when something was lost that may be the session's. Never less than was told before. */
  tell({ handled, taken }: Mark): number | undefined {
    if (this.#troubles !== undefined && this.#troubles !== this.#durability.troubles) return undefined;
    if (this.#taken === taken) this.#troubles = undefined;
    this.#told = Math.max(this.#told, handled);
    return this.#told;
  }
}
