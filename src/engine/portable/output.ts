/** The output of one connection: gathered until the loop turn ends, counted until the kernel has it. */
import type { Transport } from './transport.js';

export interface OutputLimits {
  readonly maxOutputBytes: number;
  /** 0 for no limit. */
  readonly maxOutputWrites: number;
}

/** Frames that one turn may give rise to beyond the limit of their connection. */
const MOST_DEFERRED_BYTES = 4 * 1024 * 1024;

export class Output {
  readonly #limits: OutputLimits;
  #parts: Uint8Array[] = [];
  #gathered = 0;
  /** Calls of `add` whose bytes were handed over and have not all left. */
  #leavingWrites = 0;
  /** Somebody was told that the queue is over half of its limit. */
  #owesDrained = false;
  bytesOut = 0;

  constructor(limits: OutputLimits) {
    this.#limits = limits;
  }

  queuedBytes(transport: Transport): number {
    return this.#gathered + transport.unsentBytes;
  }

  /** Adds, and tells how full the queue is then. */
  send(bytes: Uint8Array, transport: Transport, left: () => void): 'low' | 'over half' | 'over limit' {
    this.add(bytes);
    if (!this.isOverHalf(transport)) return 'low';
    if (transport.framing) return this.#deferred(transport);
    // What the kernel takes at once does not count: a turn may well produce more than the peer is allowed to leave unread.
    this.flush(transport, left);
    const isOver = this.#isOver(transport, 1);
    if (!isOver && !this.isOverHalf(transport)) return 'low';
    this.#owesDrained = true;
    return isOver ? 'over limit' : 'over half';
  }

  /** Frames are handed over at the end of the turn, and judged when their owner has had them. */
  #deferred(transport: Transport): 'over half' | 'over limit' {
    this.#owesDrained = true;
    const most = this.#limits.maxOutputBytes + MOST_DEFERRED_BYTES;
    return this.queuedBytes(transport) > most ? 'over limit' : 'over half';
  }

  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#gathered += bytes.length;
  }

  /** Hands everything over. `left` is called whenever bytes have left. */
  flush(transport: Transport, left: () => void): void {
    if (transport.framing) return this.#flushFrames(transport, left);
    if (this.#parts.length === 0) return;
    const bytes = this.#parts.length === 1 ? (this.#parts[0] as Uint8Array) : Buffer.concat(this.#parts);
    const writes = this.#parts.length;
    this.drop();
    this.#leavingWrites += writes;
    transport.write(bytes, () => {
      this.#leavingWrites -= writes;
      this.bytesOut += bytes.length;
      left();
    });
  }

  #flushFrames(transport: Transport, left: () => void): void {
    const parts = this.#parts;
    this.drop();
    for (const part of parts) {
      this.#leavingWrites += 1;
      transport.write(part, () => {
        this.#leavingWrites -= 1;
        this.bytesOut += part.length;
        left();
      });
    }
  }

  isOverHalf(transport: Transport): boolean {
    return this.#isOver(transport, 0.5);
  }

  /** True once after a time over half of the limit. */
  takeDrained(transport: Transport): boolean {
    if (!this.#owesDrained || this.isOverHalf(transport)) return false;
    this.#owesDrained = false;
    return true;
  }

  drop(): void {
    this.#parts = [];
    this.#gathered = 0;
  }

  #isOver(transport: Transport, share: number): boolean {
    const { maxOutputBytes, maxOutputWrites } = this.#limits;
    const unsent = transport.unsentBytes;
    if (this.#gathered + unsent > Math.floor(maxOutputBytes * share)) return true;
    const writes = this.#parts.length + (unsent === 0 ? 0 : this.#leavingWrites);
    return maxOutputWrites > 0 && writes > Math.floor(maxOutputWrites * share);
  }
}
