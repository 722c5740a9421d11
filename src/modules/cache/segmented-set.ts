/** Texts that are forgotten a while after they were put in, a whole segment at a time. */

/** `fifo`: an entry lives from when it was put in; `lru`: from when it was last asked for. */
export type Strategy = 'fifo' | 'lru';

export class SegmentedSet {
  readonly #isRenewed: boolean;
  /** The newest first. */
  readonly #segments: Set<string>[];

  constructor(segments: number, strategy: Strategy) {
    this.#isRenewed = strategy === 'lru';
    this.#segments = Array.from({ length: segments }, () => new Set<string>());
  }

  get size(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.size, 0);
  }

  has(text: string): boolean {
    const index = this.#segments.findIndex((segment) => segment.has(text));
    if (index > 0 && this.#isRenewed) {
      this.#segments[index]?.delete(text);
      this.#segments[0]?.add(text);
    }
    return index >= 0;
  }

  add(text: string): void {
    if (!this.has(text)) this.#segments[0]?.add(text);
  }

  delete(text: string): void {
    for (const segment of this.#segments) segment.delete(text);
  }

  /** Everything becomes older by one segment; the oldest one is forgotten. */
  rotate(): void {
    this.#segments.pop();
    this.#segments.unshift(new Set());
  }
}
