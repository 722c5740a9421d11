/** Notices clients that ask more often than they may (XEP-0124 sections 11 and 12). */

export interface Asked {
  readonly isEmpty: boolean;
  /** It asks for a pause, or for the end. */
  readonly isExtra: boolean;
  /** Requests without an answer, this one counted. */
  readonly unanswered: number;
}

export interface HasteOptions {
  readonly isPolling: boolean;
  readonly requests: number;
  readonly pollingMs: number;
}

/** So many in a row end the session: the network may bring together what was sent apart. */
const MOST_HASTY_REQUESTS = 5;

export class Haste {
  #lastAt: number | undefined;
  #wasIdle = false;
  #hasty = 0;

  /** True when it was one too many. */
  asked(asked: Asked, { isPolling, requests, pollingMs }: HasteOptions, now: number): boolean {
    const { isEmpty, isExtra, unanswered } = asked;
    const isSoon = isEmpty && !isExtra && this.#lastAt !== undefined && now - this.#lastAt < pollingMs;
    const isHasty = isSoon && (isPolling ? this.#wasIdle : unanswered === requests);
    this.#lastAt = now;
    this.#wasIdle = isEmpty;
    this.#hasty = isHasty ? this.#hasty + 1 : 0;
    return this.#hasty > MOST_HASTY_REQUESTS || unanswered > requests + (isExtra ? 1 : 0);
  }

  /** There was something to tell, so that asking on is right. */
  told(): void {
    this.#wasIdle = false;
  }
}
