/** Writes archived messages in groups, behind the stanzas and in their order. */
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

export const defaultWriterLimits: WriterLimits = {
  maxMessages: 20_000,
  maxCharacters: 32 * 1024 * 1024,
  patienceMs: 30_000,
};

export interface WriterDependencies {
  readonly store: ArchiveStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Hears of everything that stanzas must leave behind (`Commitments.track`). */
  readonly track: (write: Promise<unknown>) => void;
  readonly limits?: WriterLimits;
}

/** Messages that are committed together. */
interface Group {
  readonly messages: NewMessage[];
  /** What is done once the messages are there, and before they count as written. */
  readonly after: (() => Promise<void>)[];
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Bounds a transaction, and with it how long others wait for it. As there is one after another, so many rows are written in the time of a
 * commit, on a slow disk a fifth of a second. PERF(bench/inside/archive.mjs)
 */
const MAX_GROUP = 5_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** Nobody is to blame but the engine: the same write may succeed later. */
const PASSING: readonly StorageErrorCode[] = ['unavailable', 'overloaded', 'timeout', 'disk-full', 'in-use'];

export class ArchiveWriter {
  readonly #deps: WriterDependencies;
  readonly #limits: WriterLimits;
  /** The first one is being written, the last one is still growing. */
  readonly #groups: Group[] = [];
  #messages = 0;
  #characters = 0;
  #isRunning = false;
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
    const isTaking = last && !(this.#isRunning && this.#groups.length === 1) && last.messages.length < MAX_GROUP;
    const group = isTaking ? last : this.#open();
    group.messages.push(message);
    message.owner.writing++;
    if (after) group.after.push(after);
    this.#messages++;
    this.#characters += message.message.length;
  }

  /** Resolves when everything that was added before is written or given up. */
  async settled(): Promise<void> {
    await this.#groups.at(-1)?.done.catch(() => {});
  }

  /** Hands on what waits, in order and without a pause: the storage finishes what it was given before it ends. */
  close(): void {
    this.#isClosed = true;
    const waiting = this.#isRunning ? this.#groups.slice(1) : this.#groups;
    for (const group of waiting) this.#writeAtOnce(group).then(group.resolve, group.reject);
  }

  #open(): Group {
    let resolve!: () => void;
    let reject!: (error: unknown) => void;
    const done = new Promise<void>((...both) => {
      [resolve, reject] = both;
    });
    this.#deps.track(done);
    const group: Group = { messages: [], after: [], done, resolve, reject };
    this.#groups.push(group);
    // Whatever a batch of stanzas brings is written at once, and with what others write for the same stanzas.
    if (this.#groups.length === 1) queueMicrotask(() => this.#run());
    return group;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let group = this.#groups[0]; group && !this.#isClosed; group = this.#groups[0]) {
      await this.#write(group);
      this.#groups.shift();
      this.#messages -= group.messages.length;
      for (const { message, owner } of group.messages) {
        this.#characters -= message.length;
        owner.writing--;
      }
    }
    this.#isRunning = false;
  }

  async #write(group: Group): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await this.#writeAtOnce(group);
        this.#succeeded();
        return group.resolve();
      } catch (error) {
        if (!isPassing(error)) return this.#writeOneByOne(group, error);
        this.#failed(error);
        if (this.#isClosed) return group.reject(error);
        await new Promise<void>((resolve) => this.#deps.clock.after(pauseMs, resolve));
      }
    }
  }

  async #writeAtOnce({ messages, after }: Group): Promise<void> {
    await this.#deps.store.insert(messages);
    for (const work of after) await work();
  }

  /** Something is wrong with one of them, or with the tables: what can be kept is kept, and the senders of the group hear of no success. */
  async #writeOneByOne(group: Group, first: unknown): Promise<void> {
    let failed = 0;
    for (const message of group.messages) {
      try {
        await this.#deps.store.insert([message]);
      } catch (error) {
        failed++;
        const { owner, id } = message;
        this.#deps.log.error('mam.write_failed', { account: `${owner.local}@${owner.domain}`, id: String(id), error });
      }
    }
    // Nothing can be written any more: whoever sends a message now should hear of it before it is taken.
    if (failed === group.messages.length) this.#refusedUntil = this.#deps.clock.monotonic() + LONGEST_PAUSE_MS;
    group.reject(first);
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
