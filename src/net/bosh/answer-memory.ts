/** The last answers of a session, for clients that did not get them (XEP-0124 section 14.3). */
import { nothing } from './answer-text.js';
import type { BoshAnswer } from './binding.js';

export interface Remembered {
  readonly rid: number;
  readonly key: string | undefined;
  readonly at: number;
  /** How many frames the client has that has this answer, and all in front of it. */
  readonly frames: number;
  /** The bytes of the body, each as a character: a buffer would keep the memory that it shares with others. */
  readonly body: string;
  repeats: number;
}

interface Numbered {
  readonly rid: number;
  readonly key: string | undefined;
  readonly at: number;
  readonly frames: number;
}

/** What a client that waits in vain is told, over and over: one copy serves all of them. */
const NOTHING = Buffer.from(nothing.body).toString('latin1');

export class AnswerMemory {
  #answers: Remembered[] = [];

  get size(): number {
    return this.#answers.length;
  }

  /** Answers come in the order of their numbers; so many are kept. */
  add({ rid, key, at, frames }: Numbered, { body }: BoshAnswer, most: number): void {
    const answers = this.#answers.slice(Math.max(0, this.#answers.length + 1 - most));
    // An array that is pushed to makes room for many more.
    this.#answers = answers.concat({ rid, key, at, frames, body: remembered(body), repeats: 0 });
  }

  find(rid: number): Remembered | undefined {
    return this.#answers.find((one) => one.rid === rid);
  }

  /** How many frames the client has that has all answers up to this one; 0 when that cannot be told any more. */
  framesUpTo(rid: number): number {
    return this.#answers.findLast((one) => one.rid <= rid)?.frames ?? 0;
  }

  /** The client has these, and all in front of them. */
  acknowledged(rid: number): void {
    this.#answers = this.#answers.filter((one) => one.rid > rid || one === this.#answers.at(-1));
  }
}

export function again({ body }: Remembered): BoshAnswer {
  return body === NOTHING ? nothing : { ...nothing, body: Buffer.from(body, 'latin1') };
}

function remembered(body: Uint8Array): string {
  return body === nothing.body
    ? NOTHING
    : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
}
