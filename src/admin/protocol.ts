/** The protocol of the control socket: one JSON object per line, each way. */
import { join } from 'node:path';
import type { Plain } from './command.js';

export interface ControlRequest {
  /** Chosen by the client; comes back with every answer to this request. */
  readonly id: number;
  readonly category: string;
  readonly command: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** Any number with `progress` may come before the one with a result or an error. */
export type ControlAnswer =
  | { readonly id: number; readonly progress: string }
  | { readonly id: number; readonly result: Plain }
  | {
      /** Null when the request was not understood that far. */
      readonly id: number | null;
      readonly error: {
        readonly code: string;
        readonly message: string;
        readonly details: Readonly<Record<string, Plain>>;
      };
    };

export const MAX_REQUEST_BYTES = 64 * 1024;

/** What fits into a socket address on every system that we run on (108 bytes on Linux, 104 elsewhere). */
export const MAX_PATH_BYTES = 103;

export function controlSocketPath(dataDir: string): string {
  return join(dataDir, 'control.sock');
}

/** Cuts bytes into lines; a line above the limit is told once, and the rest is dropped. */
export class LineReader {
  readonly #limit: number;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns false when a line is too long; nothing more may be fed then. */
  feed(chunk: Buffer, onLine: (line: string) => void): boolean {
    let rest = chunk;
    for (let end = rest.indexOf(0x0a); end !== -1; end = rest.indexOf(0x0a)) {
      if (this.#length + end > this.#limit) return false;
      this.#parts.push(rest.subarray(0, end));
      const line = Buffer.concat(this.#parts).toString('utf8');
      this.#parts = [];
      this.#length = 0;
      rest = rest.subarray(end + 1);
      onLine(line);
    }
    this.#length += rest.length;
    if (rest.length > 0) this.#parts.push(rest);
    return this.#length <= this.#limit;
  }
}
