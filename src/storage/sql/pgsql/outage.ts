/** Tells the log of a database that is away: once when it goes, now and then meanwhile, once when it is back. */
import type { StorageError } from '../../../core/storage/index.js';
import type { Cancel, Clock } from '../../../platform/clock.js';
import type { Logger } from '../../../platform/log.js';

const SUMMARY_MS = 60_000;

export interface OutageOptions {
  readonly database: string;
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

/** Shared by all connections to one database: it is away when one of them cannot be made, and back when one is. */
export class Outage {
  readonly #options: OutageOptions;
  #absence: Absence | undefined;

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  /** A connection was lost, or could not be made. */
  failed(error: StorageError): void {
    const { database, log, clock } = this.#options;
    if (this.#absence) {
      this.#absence.attempts++;
      this.#absence.error = error;
      return;
    }
    const stopSummaries = clock.every(SUMMARY_MS, () => this.#summarise());
    this.#absence = { since: clock.monotonic(), stopSummaries, error, attempts: 0, refused: 0 };
    log.warn('storage.connection.lost', { database, error });
  }

  /** Somebody was told that the database is away. */
  refused(): void {
    if (this.#absence) this.#absence.refused++;
  }

  restored(): void {
    const absence = this.#absence;
    if (!absence) return;
    this.close();
    this.#options.log.notice('storage.connection.restored', this.#facts(absence));
  }

  close(): void {
    this.#absence?.stopSummaries();
    this.#absence = undefined;
  }

  #summarise(): void {
    const absence = this.#absence;
    if (absence) this.#options.log.error('storage.away', { ...this.#facts(absence), error: absence.error });
  }

  #facts({ since, attempts, refused }: Absence): Record<string, unknown> {
    const { database, clock } = this.#options;
    return { database, awayMs: Math.round(clock.monotonic() - since), attempts, refused };
  }
}
