/** Tells the log of a database or a directory that is away: once when it goes, now and then meanwhile, once when it is back. */
import type { StorageError } from '../core/storage/index.js';
import type { Cancel, Clock } from '../platform/clock.js';
import type { LogFields, Logger } from '../platform/log.js';

const SUMMARY_MS = 60_000;

export interface OutageOptions {
  /** What the names of the entries begin with. */
  readonly area: 'storage' | 'ldap';
  /** What is away, as fields of the entries. */
  readonly subject: LogFields;
  readonly log: Logger;
  readonly clock: Clock;
}

interface Absence {
  /** By a clock that does not jump. */
  readonly since: number;
  readonly stopSummaries: Cancel;
  error: StorageError;
  attempts: number;
  refused: number;
}

/** Shared by all connections to one of them: it is away when one of them cannot be made, and back when one is. */
export class Outage {
  readonly #options: OutageOptions;
  #absence: Absence | undefined;

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  /** A connection was lost, or could not be made. */
  failed(error: StorageError): void {
    const { area, subject, log, clock } = this.#options;
    if (this.#absence) {
      this.#absence.attempts++;
      this.#absence.error = error;
      return;
    }
    const stopSummaries = clock.every(SUMMARY_MS, () => this.#summarise());
    this.#absence = { since: clock.monotonic(), stopSummaries, error, attempts: 0, refused: 0 };
    log.warn(`${area}.connection.lost`, { ...subject, error });
  }

  /** Somebody was told that it is away. */
  refused(): void {
    if (this.#absence) this.#absence.refused++;
  }

  restored(): void {
    const absence = this.#absence;
    if (!absence) return;
    this.close();
    const { area, log } = this.#options;
    log.notice(`${area}.connection.restored`, this.#facts(absence));
  }

  close(): void {
    this.#absence?.stopSummaries();
    this.#absence = undefined;
  }

  #summarise(): void {
    const absence = this.#absence;
    const { area, log } = this.#options;
    if (absence) log.error(`${area}.away`, { ...this.#facts(absence), error: absence.error });
  }

  #facts({ since, attempts, refused }: Absence): LogFields {
    const { subject, clock } = this.#options;
    return { ...subject, awayMs: Math.round(clock.monotonic() - since), attempts, refused };
  }
}
