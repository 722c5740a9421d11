/** How far the client of a session has what its stream said: as it tells (XEP-0124 section 9.2), or as its requests show. */
import type { AnswerMemory } from './answer-memory.js';
import type { BoshRequest } from './binding.js';
import { isExtra, type Received } from './received.js';

/** The stream is told at most so often, or of so many frames: what it is told counts as input of the client. */
const TELL_EVERY_MS = 250;
const TELL_AT_ONCE = 64;
/** An answer that a client has not had for so long is probably lost. */
const REPORT_AFTER_MS = 1_000;

export class Progress {
  /** Frames since counting began; negative before. */
  #said = -1;
  #had = 0;
  #told = 0;
  #tellAt = 0;

  get isCounting(): boolean {
    return this.#said >= 0;
  }

  count(): void {
    if (!this.isCounting) this.#said = 0;
  }

  said(): void {
    if (this.isCounting) this.#said++;
  }

  /** The number of the last frame in front of those that were not sent yet. */
  sentBefore(unsent: number): number {
    return Math.max(this.#said - unsent, 0);
  }

  /** The client has all frames up to this one. */
  had(frame: number): void {
    if (frame > this.#had) this.#had = frame;
  }

  get tellAt(): number {
    return this.#had > this.#told ? this.#tellAt : Number.POSITIVE_INFINITY;
  }

  /** What the stream is to be told now, if anything. */
  toTell(now: number, isLast: boolean): number | undefined {
    const more = this.#had - this.#told;
    if (more === 0 || !(isLast || more >= TELL_AT_ONCE || now >= this.#tellAt)) return undefined;
    this.#told = this.#had;
    this.#tellAt = now + TELL_EVERY_MS;
    return this.#told;
  }
}

/** What else there was of a request's session when it came. */
export interface Asker {
  /** So many may be without an answer at once. */
  readonly requests: number;
  readonly clientAcks: boolean;
  /** No other request is without an answer. */
  readonly isAlone: boolean;
  readonly isEmpty: boolean;
}

/** The number of a request whose answer the client has that made this one; it has all in front of it, too. */
export function hasAnswerOf(request: BoshRequest, { requests, clientAcks, isAlone, isEmpty }: Asker): number {
  const { rid, ack, isTerminating } = request;
  const all = rid - 1;
  if (ack !== undefined) return Math.min(ack, all);
  // It tells only of answers that are missing.
  if (clientAcks) return all;
  // Section 10: who has nothing to say asks when no request is left. Section 13: who leaves in order can be believed to have heard.
  if (isTerminating || (isAlone && isEmpty && !isExtra(request))) return all;
  // Section 11: more than that may not be without an answer.
  return rid - requests - (isExtra(request) ? 1 : 0);
}

/** Section 9.2: what the client says it has, against what it was sent. */
export function missed(
  { rid, ack }: BoshRequest,
  { clientAcks }: Asker,
  memory: AnswerMemory,
  now: number,
): Received['report'] {
  if (!clientAcks || ack === undefined || ack >= rid - 1) return undefined;
  const missing = memory.find(ack + 1);
  const ms = missing ? now - missing.at : 0;
  return ms >= REPORT_AFTER_MS ? { rid: ack + 1, ms: Math.floor(ms) } : undefined;
}

const REQUEST_OR_MESSAGE = /^<(?:[^\s:>/]+:)?(?:message|iq)(?=[\s/]|$)/;
const ANSWER = /\stype\s*=\s*['"](?:result|error)['"]/;
const MOST_TAG_BYTES = 4_096;

/** Whether this frame is a stanza that its stream gives back when it ends, if the client does not have it. */
export function comesBack(frame: Uint8Array): boolean {
  const [tag = ''] = Buffer.from(frame.buffer, frame.byteOffset, frame.length)
    .toString('latin1', 0, MOST_TAG_BYTES)
    .split('>', 1);
  return REQUEST_OR_MESSAGE.test(tag) && !ANSWER.test(tag);
}
