/** Bytes of one connection that arrived and are not read yet. */
import { isSpace } from './characters.js';

export class Input {
  #chunks: Uint8Array[] = [];
  #offset = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#size += bytes.length;
  }

  /** The next bytes in one piece, at most so many; not taken yet. */
  peek(most: number): Uint8Array {
    const chunk = this.#chunks[0] as Uint8Array;
    return chunk.subarray(this.#offset, Math.min(chunk.length, this.#offset + most));
  }

  take(bytes: number): void {
    this.#offset += bytes;
    this.#size -= bytes;
    if (this.#offset < (this.#chunks[0]?.length ?? 0)) return;
    this.#chunks.shift();
    this.#offset = 0;
  }

  /** Everything, in one piece. */
  all(): Uint8Array {
    return Buffer.concat(this.#chunks).subarray(this.#offset);
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
