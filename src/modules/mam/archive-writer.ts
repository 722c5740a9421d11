/** Writes archived messages in groups, behind the stanzas and in their order. */
import type { Commitments } from '../../core/commitments.js';
import { StorageError, type StorageErrorCode } from '../../core/storage/index.js';
import type { Clock } from '../../platform/clock.js';
import type { Logger } from '../../platform/log.js';
import type { ArchiveStore, NewMessage } from './archive-store.js';

/** What may wait before no further messages are taken. */
export interface WriterLimits {
  readonly maxMessages: number;
  readonly maxCharacters: number;
  /** Milliseconds since a write failed for the first time. */
  readonly patienceMs: number;
}

/** How messages gather. */
export interface WriterPace {
  /** Milliseconds from the beginning of one write to that of the next, so that writes are few under load. What comes after a rest is written at once. */
  readonly paceMs: number;
  /** So many messages wait for no more. */
  readonly enough: number;
}

export const defaultWriterLimits: WriterLimits = {
  maxMessages: 100_000,
  maxCharacters: 32 * 1024 * 1024,
  patienceMs: 30_000,
};

export interface WriterDependencies {
  readonly store: ArchiveStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Hears of everything that stanzas must leave behind, and when it becomes too much (`Commitments`). */
  readonly commitments: Pick<Commitments, 'track' | 'slowDown'>;
  readonly pace: WriterPace;
  readonly limits?: WriterLimits;
  readonly refused: Refused;
}

/** Hears of a message that the database does not take, and never will; whoever sent it has to be told. */
export type Refused = (message: NewMessage, error: unknown) => void;

/** Messages that are committed together. */
interface Group {
  readonly messages: NewMessage[];
  /** What is done once their messages are there, and before they count as written. */
  readonly after: { readonly message: NewMessage; readonly work: () => Promise<void> }[];
  readonly done: Promise<void>;
  readonly resolve: () => void;
  /** Somebody waits for it. */
  isUrgent: boolean;
  readonly reject: (error: unknown) => void;
}

/** What became of a group. */
interface Outcome {
  kept: number;
  readonly refused: Map<NewMessage, unknown>;
}

/**
 * Bounds a transaction, and with it how long others wait for it. As there is one after another, so many rows are written in the time of a
 * commit, on a slow disk a fifth of a second. PERF(bench/inside/archive.mjs)
 */
const MAX_GROUP = 5_000;
/** From this share of what may wait, clients have to wait as well, so that what a slow disk brings is delay and not errors. */
const SLOW_SHARE = 1 / 4;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** Nobody is to blame but the engine: the same write may succeed later. */
const PASSING: readonly StorageErrorCode[] = ['unavailable', 'overloaded', 'timeout', 'disk-full', 'in-use'];
/** So many messages that fail without one that does not are a matter of the tables. */
const ENOUGH_TO_DESPAIR = 20;
/** What was to be written is to blame, and the next message may be written very well. */
const ITS_OWN_FAULT: readonly StorageErrorCode[] = ['constraint', 'too-long'];

export class ArchiveWriter {
  readonly #deps: WriterDependencies;
  readonly #limits: WriterLimits;
  /** The first one is being written or next, the last one is still growing. */
  readonly #groups: Group[] = [];
  #messages = 0;
  #characters = 0;
  #isRunning = false;
  #isWriting = false;
  /** When the last write began, by a clock that does not jump. */
  #begunAt = Number.NEGATIVE_INFINITY;
  /** Set while the first group waits for its turn. */
  #wake: (() => void) | undefined;
  /** Set while clients wait. */
  #relieve: (() => void) | undefined;
  /** By a clock that does not jump; unset while writes succeed. */
  #failingSince: number | undefined;
  /** By the same clock. */
  #refusedUntil = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(deps: WriterDependencies) {
    this.#deps = deps;
    this.#limits = deps.limits ?? defaultWriterLimits;
  }

  /** False when a message must not be taken: what waits already is as much as may be lost by a crash, or held in memory. */
  get mayTake(): boolean {
    const { maxMessages, maxCharacters, patienceMs } = this.#limits;
    if (this.#isClosed || this.#messages >= maxMessages || this.#characters >= maxCharacters) return false;
    if (this.#failingSince === undefined && this.#refusedUntil === Number.NEGATIVE_INFINITY) return true;
    const now = this.#deps.clock.monotonic();
    return now >= this.#refusedUntil && now - (this.#failingSince ?? now) < patienceMs;
  }

  /** Messages that wait for their commit. */
  get waiting(): number {
    return this.#messages;
  }

  /** `after` runs once the message is there. What is promised is told to `track`. */
  add(message: NewMessage, after?: () => Promise<void>): void {
    const last = this.#groups.at(-1);
    const isTaking = last && !(this.#isWriting && this.#groups.length === 1) && last.messages.length < MAX_GROUP;
    const group = isTaking ? last : this.#open();
    group.messages.push(message);
    message.owner.writing++;
    if (after) group.after.push({ message, work: after });
    this.#messages++;
    this.#characters += message.message.length;
    if (group.messages.length >= this.#deps.pace.enough) this.#hurry(group);
    if (this.#isBehind) this.#relieve ??= this.#deps.commitments.slowDown();
  }

  /** Resolves when everything that was added before is written or given up; it waits for no more messages then. */
  async settled(): Promise<void> {
    for (const group of this.#groups) this.#hurry(group);
    await this.#groups.at(-1)?.done.catch(() => {});
  }

  /** Hands on what waits, in order and without a pause: the storage finishes what it was given before it ends. */
  close(): void {
    this.#isClosed = true;
    this.#wake?.();
    this.#letClientsGoOn();
    const waiting = this.#isWriting ? this.#groups.slice(1) : this.#groups;
    for (const group of waiting) this.#writeAtOnce(group).then(group.resolve, group.reject);
  }

  #open(): Group {
    let resolve!: () => void;
    let reject!: (error: unknown) => void;
    const done = new Promise<void>((...both) => {
      [resolve, reject] = both;
    });
    this.#deps.commitments.track(done);
    const group: Group = { messages: [], after: [], done, resolve, reject, isUrgent: false };
    this.#groups.push(group);
    // Whatever a batch of stanzas brings is written at once, and with what others write for the same stanzas.
    if (!this.#isRunning) {
      this.#isRunning = true;
      queueMicrotask(() => this.#run());
    }
    return group;
  }

  async #run(): Promise<void> {
    for (let group = this.#groups[0]; group; group = this.#groups[0]) {
      await this.#paced(group);
      if (this.#isClosed) break;
      this.#isWriting = true;
      this.#begunAt = this.#deps.clock.monotonic();
      await this.#write(group);
      this.#isWriting = false;
      this.#forget(group);
    }
    this.#isRunning = false;
  }

  async #paced(group: Group): Promise<void> {
    const { clock, pace } = this.#deps;
    const waitMs = this.#begunAt + pace.paceMs - clock.monotonic();
    if (waitMs <= 0 || group.isUrgent || group.messages.length >= MAX_GROUP || this.#isClosed) return;
    let cancel = () => {};
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      cancel = clock.after(waitMs, resolve);
    });
    this.#wake = undefined;
    cancel();
  }

  #hurry(group: Group): void {
    group.isUrgent = true;
    if (group === this.#groups[0]) this.#wake?.();
  }

  #forget(group: Group): void {
    this.#groups.shift();
    this.#messages -= group.messages.length;
    for (const { message, owner } of group.messages) {
      this.#characters -= message.length;
      owner.writing--;
    }
    if (!this.#isBehind) this.#letClientsGoOn();
  }

  #letClientsGoOn(): void {
    this.#relieve?.();
    this.#relieve = undefined;
  }

  get #isBehind(): boolean {
    const { maxMessages, maxCharacters } = this.#limits;
    return this.#messages >= maxMessages * SLOW_SHARE || this.#characters >= maxCharacters * SLOW_SHARE;
  }

  async #write(group: Group): Promise<void> {
    const outcome: Outcome = { kept: 0, refused: new Map() };
    try {
      await this.#insert(group.messages, outcome);
      if (isHopeless(outcome)) throw [...outcome.refused.values()][0];
      for (const [message, error] of outcome.refused) this.#deps.refused(message, error);
      const after = group.after.filter(({ message }) => !outcome.refused.has(message));
      if (after.length > 0) await this.#lasting(() => doAll(after));
      group.resolve();
    } catch (error) {
      // Nothing can be written any more: whoever sends a message now should hear of it before it is taken.
      if (!isPassing(error)) this.#refusedUntil = this.#deps.clock.monotonic() + LONGEST_PAUSE_MS;
      group.reject(error);
    }
  }

  /** Something may be wrong with one of them, or with the tables: halves tell which. Throws where it is the tables. */
  async #insert(messages: readonly NewMessage[], outcome: Outcome): Promise<void> {
    try {
      await this.#lasting(() => this.#deps.store.insert(messages));
      outcome.kept += messages.length;
    } catch (error) {
      if (isPassing(error)) throw error;
      const [message, ...others] = messages;
      if (message && others.length === 0) return this.#blame(message, error, outcome);
      const half = messages.length >>> 1;
      await this.#insert(messages.slice(0, half), outcome);
      await this.#insert(messages.slice(half), outcome);
    }
  }

  #blame(message: NewMessage, error: unknown, outcome: Outcome): void {
    const { owner, id } = message;
    this.#deps.log.error('mam.write_failed', { account: `${owner.local}@${owner.domain}`, id: String(id), error });
    outcome.refused.set(message, error);
    if (outcome.refused.size >= ENOUGH_TO_DESPAIR && isHopeless(outcome)) throw error;
  }

  /** Tries as long as nobody is to blame but the engine, or until the server stops. */
  async #lasting(work: () => Promise<void>): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await work();
        return this.#succeeded();
      } catch (error) {
        if (!isPassing(error)) throw error;
        this.#failed(error);
        // They rather hear that it cannot be archived than nothing at all.
        if (!this.mayTake) this.#letClientsGoOn();
        if (this.#isClosed) throw error;
        await new Promise<void>((resolve) => this.#deps.clock.after(pauseMs, resolve));
      }
    }
  }

  async #writeAtOnce({ messages, after }: Group): Promise<void> {
    await this.#deps.store.insert(messages);
    await doAll(after);
  }

  #failed(error: unknown): void {
    if (this.#failingSince !== undefined) return;
    this.#failingSince = this.#deps.clock.monotonic();
    this.#deps.log.warn('mam.archive_away', { error });
  }

  #succeeded(): void {
    this.#refusedUntil = Number.NEGATIVE_INFINITY;
    if (this.#failingSince === undefined) return;
    const awayMs = Math.round(this.#deps.clock.monotonic() - this.#failingSince);
    this.#failingSince = undefined;
    this.#deps.log.notice('mam.archive_restored', { awayMs });
  }
}

export function isPassing(error: unknown): boolean {
  return error instanceof StorageError && PASSING.includes(error.code);
}

function isItsOwnFault(error: unknown): boolean {
  return error instanceof StorageError && ITS_OWN_FAULT.includes(error.code);
}

/** Not one could be written, and not all because of what they are. */
function isHopeless({ kept, refused }: Outcome): boolean {
  return kept === 0 && ![...refused.values()].every(isItsOwnFault);
}

async function doAll(after: Group['after']): Promise<void> {
  for (const { work } of after) await work();
}
