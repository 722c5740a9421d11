/** Runs asynchronous work one after another per key, different keys side by side. */
interface Line {
  tail: Promise<unknown>;
  length: number;
}

export class KeyedQueue {
  readonly #lines = new Map<string, Line>();

  /** Whether work given for this key is not over yet. */
  isBusy(key: string): boolean {
    return this.#lines.has(key);
  }

  /** How much of the work given for this key is not over yet. */
  length(key: string): number {
    return this.#lines.get(key)?.length ?? 0;
  }

  /** Starts `work` when everything given for `key` before is over, however it ended. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(key);
    const mine = line ? line.tail.then(work, work) : work();
    this.#lines.set(key, { tail: mine, length: (line?.length ?? 0) + 1 });
    const forget = () => {
      const now = this.#lines.get(key);
      if (now && --now.length === 0) this.#lines.delete(key);
    };
    mine.then(forget, forget);
    return mine;
  }
}
