/** Compresses what leaves by a socket and decompresses what comes, with the zlib of Node.js (RFC 1950, XEP-0138). */
import { constants, createInflate, deflateRawSync } from 'node:zlib';
import { streamFailure } from '../envelope.js';
import { InflateGuard } from './inflate-guard.js';

/** RFC 1950 section 2.2: deflate with a window of 32 KiB, the default effort, no dictionary. */
const HEADER = Buffer.from([0x78, 0x9c]);
/** What was said before and later bytes may refer to; the native engine keeps as much. */
const HISTORY_BYTES = 4096;
/** What is decompressed before somebody has to take it. */
const PIECE_BYTES = 16 * 1024;

export interface CompressionEvents {
  /** A piece of bounded size, in clear. `isBloated`: it grew more than text does. */
  decompressed(bytes: Uint8Array, isBloated: boolean): void;
  /** More may be given to `read`. */
  taken(): void;
  /** Everything before the peer's end was told. */
  finished(): void;
  /** The last call: a `streamFailure`. */
  failed(failure: number): void;
}

export class Compression {
  readonly #events: CompressionEvents;
  readonly #guard = new InflateGuard();
  readonly #inflate = createInflate({ chunkSize: PIECE_BYTES, finishFlush: constants.Z_SYNC_FLUSH });
  /** Compressed bytes that the guard has seen. */
  #counted = 0;
  #isEnding = false;
  #history = Buffer.alloc(0);

  constructor(events: CompressionEvents) {
    this.#events = events;
    this.#inflate.on('data', (bytes: Buffer) => {
      if (this.#count(bytes.length)) events.decompressed(bytes, this.#guard.isBloated);
    });
    this.#inflate.on('drain', () => events.taken());
    this.#inflate.on('error', () => this.#fail(streamFailure.BAD_COMPRESSION));
    // Before the peer's own end: there are bytes behind that of the compressed stream.
    this.#inflate.on('end', () => {
      if (this.#isEnding) events.finished();
      else this.#fail(streamFailure.BAD_COMPRESSION);
    });
  }

  /** The stream goes on where the last call ended; the peer can read all of it at once. */
  compress(bytes: Uint8Array): Uint8Array {
    const isFirst = this.#history.length === 0;
    const body = deflateRawSync(bytes, {
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(isFirst ? {} : { dictionary: this.#history }),
    });
    this.#history = Buffer.from(Buffer.concat([this.#history, bytes]).subarray(-HISTORY_BYTES));
    return isFirst ? Buffer.concat([HEADER, body]) : body;
  }

  read(bytes: Uint8Array): void {
    if (this.#inflate.destroyed || this.#isEnding) return;
    this.#inflate.write(bytes, (error) => {
      if (!error) this.#count(0);
    });
  }

  /** `read` should wait for `taken`. */
  get isFull(): boolean {
    return this.#inflate.writableNeedDrain;
  }

  /** Has `decompressed` called, or not for now. */
  flow(isWanted: boolean): void {
    if (isWanted) this.#inflate.resume();
    else this.#inflate.pause();
  }

  /** The peer sends no more. */
  end(): void {
    this.#isEnding = true;
    this.#inflate.end();
  }

  destroy(): void {
    this.#inflate.destroy();
  }

  #count(written: number): boolean {
    const { bytesWritten, destroyed } = this.#inflate;
    if (destroyed) return false;
    const isFine = this.#guard.take(bytesWritten - this.#counted, written);
    this.#counted = bytesWritten;
    if (!isFine) this.#fail(streamFailure.TOO_MUCH_DECOMPRESSED);
    return isFine;
  }

  #fail(failure: number): void {
    this.#inflate.destroy();
    this.#events.failed(failure);
  }
}
