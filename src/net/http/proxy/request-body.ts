/** The body of a request between the client that sends it and the server that it is passed on to. */
import { Readable } from 'node:stream';

/** How much may wait; more stays with the client. */
const MAX_WAITING_BYTES = 64 * 1024;

export class RequestBody extends Readable {
  readonly #wanted: () => void;
  #goOn: (() => void) | undefined;

  /** `wanted` hears that there is room for more. */
  constructor(wanted: () => void) {
    super({ highWaterMark: MAX_WAITING_BYTES });
    this.#wanted = wanted;
    // Also behind the end of whoever reads it.
    this.on('error', () => {});
  }

  /** A promise while there is no room for more. What comes after the end of the reader is let go. */
  offer(chunk: Buffer): Promise<void> | undefined {
    if (this.destroyed || this.push(chunk)) return undefined;
    return new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }

  finish(): void {
    if (!this.destroyed) this.push(null);
  }

  override _read(): void {
    this.#wanted();
    this.#resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#resume();
    done(error);
  }

  #resume(): void {
    this.#goOn?.();
    this.#goOn = undefined;
  }
}
