/**
 * XEP-0198 section 3: stanzas behind `<enabled/>` wait until the client has shown that it counts them. COMPAT(@xmpp/client): it sets its
 * counter to zero behind all of the read in which `<enabled/>` came, so that what else is in there is counted wrongly: too high at first,
 * which ends the stream, and too low for ever after, so that stanzas come twice.
 */
import type { Cancel, Clock } from '../../platform/clock.js';

/** A client that does not answer gets its stanzas after so long. */
export const PATIENCE_MS = 1_000;

export interface BeginningParts {
  /** Asks for an acknowledgement. */
  readonly ask: () => void;
  /** From now on stanzas are sent as they come; first those that were held. */
  readonly over: (held: readonly string[]) => void;
  /** The client has acknowledged what was not sent, and did not take it back. */
  readonly doubted: (h: number) => void;
}

export class Beginning {
  readonly #clock: Clock;
  readonly #parts: BeginningParts;
  readonly #startedAt: number;
  readonly #held: string[] = [];
  #doubtful: number | undefined;
  #cancel: Cancel | undefined;

  constructor(clock: Clock, parts: BeginningParts) {
    this.#clock = clock;
    this.#parts = parts;
    this.#startedAt = clock.monotonic();
  }

  /** Whether a stanza has to wait. The first one that comes soon enough has the client asked: its answer is a read of its own behind `<enabled/>`. */
  holds(text: string): boolean {
    if (this.#held.length === 0) {
      if (this.#clock.monotonic() - this.#startedAt >= PATIENCE_MS) {
        this.#end();
        return false;
      }
      this.#ask();
    }
    this.#held.push(text);
    return true;
  }

  /**
   * The client has told how many it has handled, and nothing was sent yet: it acknowledges nothing, whatever it says. A count that is
   * too high is that from before `<enabled/>` when it came in the same read as the question, and is asked for once more. False when
   * there was no question, or the count stays wrong.
   */
  told(h: number): boolean {
    if (h === 0) this.#end();
    else if (this.#held.length === 0 || this.#doubtful !== undefined) return false;
    else {
      this.#doubtful = h;
      this.#ask();
    }
    return true;
  }

  cancel(): void {
    this.#cancel?.();
  }

  #ask(): void {
    this.#cancel?.();
    this.#cancel = this.#clock.after(PATIENCE_MS, () => {
      if (this.#doubtful === undefined) this.#end();
      else this.#parts.doubted(this.#doubtful);
    });
    this.#parts.ask();
  }

  #end(): void {
    this.cancel();
    this.#parts.over(this.#held);
  }
}
