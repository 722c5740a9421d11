/** Bytes of one connection that arrived and are not read yet, with the ends of frames where it has any. */
import { isSpace } from './characters.js';

interface Chunk {
  readonly bytes: Uint8Array;
  /** A frame ends with these bytes. */
  readonly isEnd: boolean;
}

export class Input {
  #chunks: Chunk[] = [];
  #offset = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The end of a frame that is still to be told is something. */
  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  push(bytes: Uint8Array, isEnd = false): void {
    if (bytes.length === 0 && !isEnd) return;
    this.#chunks.push({ bytes, isEnd });
    this.#size += bytes.length;
  }

  /** The next bytes in one piece, at most so many; not taken yet. */
  peek(most: number): Uint8Array {
    const { bytes } = this.#chunks[0] as Chunk;
    return bytes.subarray(this.#offset, Math.min(bytes.length, this.#offset + most));
  }

  /** True when a frame ends behind what was taken. */
  take(bytes: number): boolean {
    this.#offset += bytes;
    this.#size -= bytes;
    const chunk = this.#chunks[0];
    if (!chunk || this.#offset < chunk.bytes.length) return false;
    // An array that was pushed to keeps its room.
    if (this.#chunks.length === 1) this.#chunks = [];
    else this.#chunks.shift();
    this.#offset = 0;
    return chunk.isEnd;
  }

  /** Everything, in one piece. */
  all(): Uint8Array {
    return Buffer.concat(this.#chunks.map((chunk) => chunk.bytes)).subarray(this.#offset);
  }

  /** Everything, as it came. */
  pieces(): Chunk[] {
    return this.#chunks.map(({ bytes, isEnd }, index) => ({
      bytes: index === 0 ? bytes.subarray(this.#offset) : bytes,
      isEnd,
    }));
  }

  /** Between elements it means nothing, under whatever layer. */
  get isWhiteSpace(): boolean {
    return this.all().every(isSpace);
  }

  clear(): void {
    this.#chunks = [];
    this.#offset = 0;
    this.#size = 0;
  }
}
