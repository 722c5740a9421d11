/** What the stanzas of a shard must leave behind and is still being written: nothing is acknowledged before it is committed. */

interface Mark {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Writes that were under way when it was set, and still are. */
  left: number;
}

export class Commitments {
  /** The marks of each write. */
  readonly #pending = new Set<Mark[]>();

  /** Takes note of a write that belongs to a stanza which is being worked on. */
  track(write: Promise<unknown>): void {
    const marks: Mark[] = [];
    this.#pending.add(marks);
    write.then(
      () => {
        this.#pending.delete(marks);
        for (const mark of marks) if (--mark.left === 0) mark.resolve();
      },
      (error) => {
        this.#pending.delete(marks);
        for (const mark of marks) mark.reject(error);
      },
    );
  }

  /** True while nothing is being written. */
  get isClear(): boolean {
    return this.#pending.size === 0;
  }

  /** Resolves when all that is under way now is committed; rejects when some of it fails. */
  settled(): Promise<void> {
    if (this.isClear) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const mark: Mark = { resolve, reject, left: this.#pending.size };
      for (const marks of this.#pending) marks.push(mark);
    });
  }
}
