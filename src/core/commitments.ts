/** What the stanzas of a shard must leave behind and is still being written: nothing is acknowledged before it is committed. */

/** Writes that began between two questions whether all is committed. */
interface Epoch {
  left: number;
  readonly over: Promise<void>;
  readonly end: () => void;
}

/** Work begins more work, such as the handling of a stanza a row of an archive: so many times over it is waited for as well. */
const GENERATIONS = 3;

export class Commitments {
  /** Those that somebody waits for, the oldest first. */
  readonly #closed: Epoch[] = [];
  readonly #failed: (error: unknown) => void;
  #open = epoch();
  /** What was answered last, as long as nothing has begun since. */
  #answer: Promise<void> | undefined;
  /** Writers that have more to write than they can. */
  #behind = 0;
  #relief: Promise<void> | undefined;
  #relieve = () => {};

  /** `failed` hears of every write that was not done, before anybody is told that it is over. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Takes note of work that belongs to a stanza, or of a write that such work has begun and does not wait for itself. */
  track(write: Promise<unknown>): void {
    const mine = this.#open;
    mine.left++;
    this.#answer = undefined;
    write.then(
      () => this.#over(mine),
      (error) => {
        this.#failed(error);
        this.#over(mine);
      },
    );
  }

  /** Set while more waits to be written than should: the next message of a client is read when it resolves. */
  get relief(): Promise<void> | undefined {
    return this.#relief;
  }

  /** Has clients that send messages wait, until what it returns is called, once. */
  slowDown(): () => void {
    if (this.#behind++ === 0) {
      this.#relief = new Promise((resolve) => {
        this.#relieve = resolve;
      });
    }
    return () => {
      if (--this.#behind > 0) return;
      this.#relief = undefined;
      this.#relieve();
    };
  }

  /** True while nothing is being written. */
  get isClear(): boolean {
    return this.#open.left === 0 && this.#closed.length === 0;
  }

  /** Resolves when all that is under way now, and what it begins, has come to an end: committed, or told of as failed. */
  settled(): Promise<void> {
    if (this.isClear) return Promise.resolve();
    this.#answer ??= this.#settled();
    return this.#answer;
  }

  async #settled(): Promise<void> {
    for (let left = GENERATIONS; left > 0 && !this.isClear; left--) await this.#begun();
  }

  /** Resolves when all that has begun until now is over. */
  #begun(): Promise<void> {
    if (this.#open.left > 0) {
      this.#closed.push(this.#open);
      this.#open = epoch();
    }
    return (this.#closed.at(-1) as Epoch).over;
  }

  #over(mine: Epoch): void {
    mine.left--;
    while (this.#closed[0]?.left === 0) this.#closed.shift()?.end();
  }
}

function epoch(): Epoch {
  let end!: () => void;
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { left: 0, over, end };
}
