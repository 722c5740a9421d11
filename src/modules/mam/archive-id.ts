/** The ids of archived messages: the time in microseconds and the number of a node, as MongooseIM has them. */
import type { Clock } from '../../platform/clock.js';

/** What a column of 64 bits with a sign holds. */
export const MAX_ID = 0x7fff_ffff_ffff_ffffn;

/** Numbers of nodes that fit beside a time. */
const NODES = 256n;
const MAX_AHEAD_MS = 60_000;
/** More digits than any id of 64 bits has in base 32. */
const MAX_DIGITS = 13;

/** As clients see it: base 32 with the digits 0-9 and A-V. */
export function externalId(id: bigint): string {
  return id.toString(32).toUpperCase();
}

/** `undefined` for a text that no id is written as. */
export function parseExternalId(text: string): bigint | undefined {
  if (text.length > MAX_DIGITS || !/^[0-9A-Va-v]+$/.test(text)) return undefined;
  let id = 0n;
  for (const digit of text) id = id * 32n + BigInt(Number.parseInt(digit, 32));
  return id <= MAX_ID ? id : undefined;
}

/** The first id that a message of this moment, in microseconds since 1970, may have. */
export function firstIdAt(us: number): bigint {
  return BigInt(us) * NODES;
}

/** The last id that a message of this moment may have. */
export function lastIdAt(us: number): bigint {
  return BigInt(us) * NODES + NODES - 1n;
}

/** When the message was archived, in microseconds since 1970. */
export function timeOf(id: bigint): number {
  return Number(id / NODES);
}

/** XEP-0082, with microseconds as MongooseIM writes them. */
export function stampOf(id: bigint): string {
  const us = timeOf(id);
  const ms = Math.floor(us / 1_000);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(us - ms * 1_000).padStart(3, '0')}Z`;
}

/** Gives every message of one shard another id, in order, whatever the clock does. */
export class ArchiveIds {
  readonly #clock: Clock;
  readonly #node: bigint;
  #lastUs = 0;

  /** `node` is below 256 and nobody else's who makes ids for the same archives at the same time. */
  constructor(clock: Clock, node: number) {
    this.#clock = clock;
    this.#node = BigInt(node % Number(NODES));
  }

  /** Above everything that others can have given by now, though their clocks be ahead: an archive goes on from its greatest id. */
  get limit(): bigint {
    return firstIdAt((this.#clock.now() + MAX_AHEAD_MS) * 1_000);
  }

  /** Greater than `after`, which is the last id of the archive, and than all that were given before. */
  next(after: bigint): bigint {
    let us = this.#clock.now() * 1_000;
    if (us <= this.#lastUs) us = this.#lastUs + 1;
    this.#lastUs = us;
    const id = BigInt(us) * NODES + this.#node;
    // The clock was ahead when this archive was written last: only its own ids go on from there.
    return id > after ? id : (after / NODES + 1n) * NODES + this.#node;
  }
}
