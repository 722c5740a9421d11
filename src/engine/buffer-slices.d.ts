/** Node's direct byte-to-string calls, which @types/node leaves out: they skip the encoding look-up of `toString`. */
declare module 'node:buffer' {
  interface Buffer {
    latin1Slice(start?: number, end?: number): string;
    utf8Slice(start?: number, end?: number): string;
  }
}
declare global {
  interface Buffer {
    latin1Slice(start?: number, end?: number): string;
    utf8Slice(start?: number, end?: number): string;
  }
}

export {};
