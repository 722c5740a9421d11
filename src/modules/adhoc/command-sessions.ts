/** XEP-0050 section 3.3: commands that wait for their next step, each for the one who began it. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../platform/clock.js';
import type { Random } from '../../platform/random.js';
import type { Jid } from '../../protocol/jid.js';
import type { Stage } from './api.js';

/** Whose session it is, and with whom: the id is good for nobody else. */
export interface Parties {
  readonly from: Jid;
  readonly to: Jid;
  readonly node: string;
}

export interface CommandSession {
  readonly id: string;
  readonly owner: string;
  /** Those before, and the one that is to be filled in at the end. */
  readonly stages: Stage[];
  /** A step is being worked on. */
  isBusy: boolean;
  /** On the monotonic clock, in milliseconds. */
  usedAt: number;
}

const LIFE_MS = 10 * 60_000;
/** Of one requester; with one more the oldest ends. */
const MAX_OWN = 10;
/** Of all requesters of a shard. */
const MAX_ALL = 10_000;
const RANDOM_BYTES = 12;
const TAG_LENGTH = 32;

export class CommandSessions {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #key: Uint8Array;
  /** By id, the one used last at the end. */
  readonly #sessions = new Map<string, CommandSession>();
  readonly #byOwner = new Map<string, Set<CommandSession>>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
    this.#key = random.bytes(32);
  }

  get size(): number {
    return this.#sessions.size;
  }

  begin(parties: Parties): CommandSession {
    const owner = parties.from.toString();
    const own = this.#byOwner.get(owner) ?? new Set();
    for (const oldest of own) if (own.size >= MAX_OWN) this.end(oldest);
    for (const oldest of this.#sessions.values()) {
      if (this.#sessions.size < MAX_ALL) break;
      this.end(oldest);
    }
    const session = { id: this.newId(parties), owner, stages: [], isBusy: false, usedAt: this.#clock.monotonic() };
    this.#sessions.set(session.id, session);
    own.add(session);
    this.#byOwner.set(owner, own);
    return session;
  }

  /** An id that only these parties can use; it says so itself, so that one that is over can be told from one that never was. */
  newId(parties: Parties): string {
    const unique = this.#random.hex(RANDOM_BYTES);
    return unique + this.#tag(unique, parties);
  }

  /** The session, or what is wrong with its id. */
  find(id: string, parties: Parties): CommandSession | 'unknown' | 'over' {
    const unique = id.slice(0, 2 * RANDOM_BYTES);
    const tag = Buffer.from(id.slice(2 * RANDOM_BYTES));
    const expected = Buffer.from(this.#tag(unique, parties));
    if (tag.length !== expected.length || !timingSafeEqual(tag, expected)) return 'unknown';
    const session = this.#sessions.get(id);
    if (!session) return 'over';
    if (this.#isExpired(session)) {
      this.end(session);
      return 'over';
    }
    session.usedAt = this.#clock.monotonic();
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    return session;
  }

  end(session: CommandSession): void {
    this.#sessions.delete(session.id);
    const own = this.#byOwner.get(session.owner);
    own?.delete(session);
    if (own?.size === 0) this.#byOwner.delete(session.owner);
  }

  endAll(owner: Jid): void {
    for (const session of this.#byOwner.get(owner.toString()) ?? []) this.end(session);
  }

  /** Ends those that nobody has used for long. */
  sweep(): void {
    for (const session of this.#sessions.values()) {
      if (this.#isExpired(session)) this.end(session);
      else if (!session.isBusy) return;
    }
  }

  #isExpired({ usedAt, isBusy }: CommandSession): boolean {
    return !isBusy && usedAt + LIFE_MS <= this.#clock.monotonic();
  }

  #tag(unique: string, { from, to, node }: Parties): string {
    const text = JSON.stringify([unique, from.toString(), to.toString(), node]);
    return createHmac('sha256', this.#key).update(text).digest('hex').slice(0, TAG_LENGTH);
  }
}
