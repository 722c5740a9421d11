/** The body of an answer while it is made, over uWebSockets.js: in chunks, or by a length that is told before. */
import type { RawResponse } from './uws.js';

export interface AnswerBodyOptions {
  /** Unless it is known, the body goes in chunks. */
  readonly length: number | undefined;
  /** HEAD, 204 and 304: there is no body, whatever is written. */
  readonly isNone: boolean;
  /** Called before the last byte is handed on, behind which the response must not be touched. */
  readonly finishing: () => void;
}

export class AnswerBody {
  readonly #raw: RawResponse;
  readonly #options: AnswerBodyOptions;
  /** Of a body with a length: what the library did not take. */
  #waiting: Uint8Array[] = [];
  #written = 0;
  /** The last byte has been handed on. */
  isOver = false;

  constructor(raw: RawResponse, options: AnswerBodyOptions) {
    this.#raw = raw;
    this.#options = options;
  }

  /** False once more waits than the client takes. */
  write(chunk: Uint8Array): boolean {
    const { length, isNone } = this.#options;
    if (isNone || chunk.length === 0) return true;
    if (length === undefined) return this.#raw.write(chunk);
    this.#written += chunk.length;
    if (this.#written > length) throw new Error('the body of an answer is longer than was told');
    if (this.#waiting.length === 0) return this.#hand(chunk);
    this.#waiting.push(chunk);
    return false;
  }

  /** There is room again. True once nothing waits. */
  flush(): boolean {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) if (!this.#hand(next)) return false;
    return true;
  }

  /** False for one that is shorter than was told. */
  end(): boolean {
    const { length, isNone } = this.#options;
    if (this.isOver) return true;
    if (!isNone && length !== undefined && length > 0) return this.#written === length;
    this.#options.finishing();
    this.isOver = true;
    if (isNone) this.#raw.endWithoutBody();
    else this.#raw.end();
    return true;
  }

  /** Takes what the library does not take to the front of what waits. */
  #hand(chunk: Uint8Array): boolean {
    const length = this.#options.length as number;
    const before = this.#raw.getWriteOffset();
    if (before + chunk.length >= length) this.#options.finishing();
    const [isTaken, isOver] = this.#raw.tryEnd(chunk, length);
    this.isOver = isOver;
    if (isTaken || isOver) return true;
    this.#waiting.unshift(chunk.subarray(this.#raw.getWriteOffset() - before));
    return false;
  }
}
