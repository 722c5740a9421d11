/** A property of all code points, looked up in a table of runs. */

const LAST = 0x10ffff;

/** Runs are in the order of code points, each a length in base 36 and a capital letter. */
export class RunTable {
  readonly #starts: Uint32Array;
  readonly #letters: string;

  constructor(runs: string) {
    const starts: number[] = [];
    let letters = '';
    let start = 0;
    for (const [, length, letter] of runs.matchAll(/([0-9a-z]+)([A-Z])/g)) {
      starts.push(start);
      letters += letter;
      start += Number.parseInt(length!, 36);
    }
    if (start !== LAST + 1) throw new Error('a table of runs does not cover all code points');
    this.#starts = Uint32Array.from(starts);
    this.#letters = letters;
  }

  /** The letter of the run that the code point lies in. */
  at(codePoint: number): string {
    const starts = this.#starts;
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= codePoint) low = middle;
      else high = middle;
    }
    return this.#letters[low]!;
  }
}
