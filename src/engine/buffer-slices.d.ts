/** Node's direct byte-to-string calls, which @types/node leaves out: they skip the look-up of an encoding by name. */
export {};

declare global {
  interface Buffer<TArrayBuffer extends ArrayBufferLike = ArrayBufferLike> {
    latin1Slice(start?: number, end?: number): string;
    utf8Slice(start?: number, end?: number): string;
  }
}
