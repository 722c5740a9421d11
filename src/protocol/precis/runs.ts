/** A property of all code points, looked up in a table of runs. */

const LAST = 0x10ffff;

/**
 * Runs are in the order of code points, each a length in base 36 and a capital letter. They are read at the first
 * look-up, which a server whose addresses are all ASCII never comes to.
 */
export class RunTable {
  readonly #runs: string;
  #starts: Uint32Array | undefined;
  #letters = '';

  constructor(runs: string) {
    this.#runs = runs;
  }

  /** The letter of the run that the code point lies in. */
  at(codePoint: number): string {
    const starts = this.#starts ?? this.#read();
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= codePoint) low = middle;
      else high = middle;
    }
    return this.#letters[low]!;
  }

  #read(): Uint32Array {
    const starts: number[] = [];
    let letters = '';
    let start = 0;
    for (const [, length, letter] of this.#runs.matchAll(/([0-9a-z]+)([A-Z])/g)) {
      starts.push(start);
      letters += letter;
      start += Number.parseInt(length!, 36);
    }
    if (start !== LAST + 1) throw new Error('a table of runs does not cover all code points');
    this.#starts = Uint32Array.from(starts);
    this.#letters = letters;
    return this.#starts;
  }
}
