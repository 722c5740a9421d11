/** Tells traffic that compresses well from a bomb, with the numbers of native/core/zlib/inflate_guard.h. */

/** What XML that people write never reaches; deflate itself ends at 1032. */
const RATIO = 100;
/** Bytes above the ratio, in all: one stanza of the usual limits may consist of a single letter. */
const ALLOWANCE = 256 * 1024;
/** What a stream that stayed below the ratio has in hand: a bomb must not live on the good behaviour of hours. */
const CREDIT = 64 * 1024;
/** Bytes in a row that say nothing: empty blocks cost as much to read as others. */
const MOST_SILENT = 64 * 1024;
/** From here on a piece counts as bloated. */
const NOTICEABLE = 1024;

export class InflateGuard {
  #excess = 0;
  #silent = 0;
  /** The last piece grew more than text does. */
  isBloated = false;

  /** `read` bytes became `written`. False once it is too much. */
  take(read: number, written: number): boolean {
    const growth = written - RATIO * read;
    this.isBloated = growth > NOTICEABLE;
    this.#excess = Math.max(this.#excess + growth, -CREDIT);
    this.#silent = written > 0 ? 0 : this.#silent + read;
    return this.#excess <= ALLOWANCE && this.#silent <= MOST_SILENT;
  }
}
