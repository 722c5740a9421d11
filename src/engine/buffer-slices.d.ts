/** Node's direct byte-to-string calls, which @types/node leaves out: they skip the look-up of an encoding by name. */
declare global {
  // biome-ignore lint/correctness/noUnusedVariables: the parameter has to be declared as @types/node does
  interface Buffer<TArrayBuffer extends ArrayBufferLike = ArrayBufferLike> {
    latin1Slice(start?: number, end?: number): string;
    utf8Slice(start?: number, end?: number): string;
  }
}
export {};
