/** What compression adds to the rules for the input of one connection. */
import { streamFailure } from '../envelope.js';
import type { Limits } from '../port.js';
import type { Policy } from './host.js';

export interface Compressed {
  readonly isOn: boolean;
  /** A `streamFailure` of the decompression, behind everything that was received; or 0. */
  readonly brokenBehind: number;
}

export class CompressedInput implements Compressed {
  readonly #policy: Policy;
  isOn = false;
  /** What was received last grew more than text does. */
  isBloated = false;
  brokenBehind: number = streamFailure.NONE;

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  get isBroken(): boolean {
    return this.brokenBehind !== streamFailure.NONE;
  }

  suspend(): Compressed {
    return { isOn: this.isOn, brokenBehind: this.brokenBehind };
  }

  /** Returns the limits of the stream. */
  resume({ isOn, brokenBehind }: Compressed): Limits {
    this.isOn = isOn;
    this.brokenBehind = brokenBehind;
    const { limits, maxDecompressedBytes } = this.#policy;
    if (!isOn) return limits;
    return { ...limits, maxStanzaBytes: Math.min(limits.maxStanzaBytes, maxDecompressedBytes) };
  }

  /** The `streamFailure` to be told: what a bomb consists of is no news beside what it is. */
  judge(failure: number): number {
    if (!this.isOn) return failure;
    const { limits, maxDecompressedBytes } = this.#policy;
    const isOver = failure === streamFailure.STANZA_TOO_LARGE && maxDecompressedBytes < limits.maxStanzaBytes;
    return isOver || this.isBloated ? streamFailure.TOO_MUCH_DECOMPRESSED : failure;
  }
}
