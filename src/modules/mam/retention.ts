/** Removes what is too old or too much from archives, little by little. */
import type { Clock } from '../../platform/clock.js';
import type { Logger } from '../../platform/log.js';
import { firstIdAt, MAX_ID } from './archive-id.js';
import type { ArchiveStore } from './archive-store.js';

export interface RetentionSettings {
  /** Days. */
  readonly max_age: number | 'infinity';
  /** Of one archive. */
  readonly max_messages: number | 'infinity';
  /** Bytes of one archive. */
  readonly max_size: number | 'infinity';
  /** Seconds from the end of one round to the beginning of the next. */
  readonly interval: number;
}

export interface RetentionDependencies {
  readonly store: ArchiveStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: RetentionSettings;
  /** Other domains have archives in the same tables, and settings of their own. */
  readonly isOurs: (domain: string) => boolean;
}

/** Messages that one write removes: others wait for it. */
const STEP = 500;
/** Archives whose numbers are read at once. */
const ARCHIVES = 100;
/** Between two writes, so that the messages of now come first. */
const PAUSE_MS = 20;
const DAY_US = 86_400_000_000;

export class Retention {
  readonly #deps: RetentionDependencies;
  #isStopped = false;

  constructor(deps: RetentionDependencies) {
    this.#deps = deps;
  }

  /** Does nothing where everything is to be kept. */
  start(onStop: (undo: () => void) => void): void {
    const { clock, settings } = this.#deps;
    const { max_age, max_messages, max_size } = settings;
    if ([max_age, max_messages, max_size].every((rule) => rule === 'infinity')) return;
    let cancel = () => {};
    const wait = () => {
      cancel = clock.after(settings.interval * 1_000, () => void this.#guarded().then(() => this.#isStopped || wait()));
    };
    wait();
    onStop(() => {
      this.#isStopped = true;
      cancel();
    });
  }

  /** One round through all archives; returns how many messages were removed. */
  async run(): Promise<number> {
    let removed = 0;
    for (let after = 0; !this.#isStopped; ) {
      const archives = await this.#deps.store.archives(after, ARCHIVES);
      const last = archives.at(-1);
      if (!last) break;
      after = last.userId;
      for (const { userId, domain } of archives) if (this.#deps.isOurs(domain)) removed += await this.#trim(userId);
    }
    return removed;
  }

  /** All messages of an archive, its preferences and its number. */
  async removeAll(userId: number): Promise<void> {
    while ((await this.#deps.store.trim(userId, { keep: 0 }, STEP)) === STEP) await this.#pause();
    await this.#deps.store.remove(userId);
  }

  async #guarded(): Promise<void> {
    try {
      const removed = await this.run();
      if (removed > 0) this.#deps.log.info('mam.retention', { removed });
    } catch (error) {
      this.#deps.log.error('mam.retention_failed', { error });
    }
  }

  /** XEP-0313 section 2.2: always the oldest, so that no gaps appear. */
  async #trim(userId: number): Promise<number> {
    const { settings, clock, store } = this.#deps;
    const { max_age, max_messages, max_size } = settings;
    const rules: { beforeId?: bigint; keep?: number }[] = [];
    if (max_age !== 'infinity')
      rules.push({ beforeId: firstIdAt(Math.max(0, clock.now() * 1_000 - max_age * DAY_US)) });
    if (max_messages !== 'infinity') rules.push({ keep: max_messages });
    if (max_size !== 'infinity') rules.push({ beforeId: await this.#firstWithin(userId, max_size) });
    let removed = 0;
    for (const rule of rules) {
      for (let step = STEP; step === STEP && !this.#isStopped; removed += step) {
        step = await store.trim(userId, rule, STEP);
        if (step > 0) await this.#pause();
      }
    }
    return removed;
  }

  /** The oldest message that together with all newer ones does not take more than so many bytes. */
  async #firstWithin(userId: number, maxBytes: number): Promise<bigint> {
    let sum = 0;
    for (let first = MAX_ID; ; await this.#pause()) {
      const page = await this.#deps.store.sizes(userId, first, STEP);
      for (const { id, bytes } of page) {
        sum += bytes;
        if (sum > maxBytes) return first;
        first = id;
      }
      if (page.length < STEP || this.#isStopped) return 0n;
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#deps.clock.after(PAUSE_MS, resolve));
  }
}
