/** The last answers of a session, for clients that did not get them (XEP-0124 section 14.3). */
import type { BoshAnswer } from './binding.js';

export interface Remembered {
  readonly rid: number;
  readonly key: string | undefined;
  readonly answer: BoshAnswer;
  readonly at: number;
  repeats: number;
}

export class AnswerMemory {
  readonly #most: number;
  #answers: Remembered[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#answers.length;
  }

  /** Answers come in the order of their numbers. */
  add(remembered: Remembered): void {
    this.#answers.push(remembered);
    if (this.#answers.length > this.#most) this.#answers.shift();
  }

  find(rid: number): Remembered | undefined {
    return this.#answers.find((one) => one.rid === rid);
  }

  /** The client has these, and all in front of them. */
  acknowledged(rid: number): void {
    this.#answers = this.#answers.filter((one) => one.rid > rid || one === this.#answers.at(-1));
  }
}
