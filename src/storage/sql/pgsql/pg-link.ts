/** Keeps one connection to PostgreSQL up: when it is lost, another takes its place. */
import type pg from 'pg';
import { StorageError } from '../../../core/storage/index.js';
import type { Cancel, Clock } from '../../../platform/clock.js';
import type { Random } from '../../../platform/random.js';
import type { Outage } from '../../outage.js';
import { connectClient } from './pg-client.js';
import { pgError } from './pg-error.js';
import type { PgSettings } from './settings.js';

export interface LinkOptions {
  readonly settings: PgSettings;
  /** Hears of every loss, failure and success. */
  readonly outage: Outage;
  readonly clock: Clock;
  readonly random: Random;
}

const FIRST_PAUSE_MS = 100;
/** How long a caller waits for a connection that is being made again. Whoever logs in has to hear of it within its own deadline of 5 s. */
const PATIENCE_MS = 3_000;

interface Waiter {
  resolve(client: pg.Client): void;
  reject(error: StorageError): void;
}

export class PgLink {
  readonly #options: LinkOptions;
  readonly #waiters = new Set<Waiter>();
  #client: pg.Client | undefined;
  #isConnecting = false;
  #isClosed = false;
  #lastError: unknown;
  #stopKeepAlive: Cancel = () => {};
  #stopPause: Cancel = () => {};

  constructor(options: LinkOptions) {
    this.#options = options;
    const { keepaliveIntervalMs } = options.settings;
    if (keepaliveIntervalMs !== undefined) {
      this.#stopKeepAlive = options.clock.every(keepaliveIntervalMs, () => this.#keepAlive());
    }
  }

  get isUp(): boolean {
    return this.#client !== undefined;
  }

  /** Connects if need be; rejects when that takes too long. */
  client(): Promise<pg.Client> {
    if (this.#client) return Promise.resolve(this.#client);
    if (this.#isClosed) return Promise.reject(new StorageError('unavailable', `${this.#name} is closed`));
    this.wake();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve: (client) => {
          cancel();
          resolve(client);
        },
        reject: (error) => {
          cancel();
          reject(error);
        },
      };
      const cancel = this.#options.clock.after(PATIENCE_MS, () => {
        this.#waiters.delete(waiter);
        reject(pgError(this.#lastError ?? new Error('no connection yet'), this.#name));
      });
      this.#waiters.add(waiter);
    });
  }

  /** Sees to it that there is a connection before long. */
  wake(): void {
    if (this.#client || this.#isConnecting || this.#isClosed) return;
    this.#isConnecting = true;
    this.#connect().finally(() => {
      this.#isConnecting = false;
    });
  }

  /** Starts over with a fresh connection, because nobody knows what state this one is in. */
  drop(client: pg.Client): void {
    if (client === this.#client) this.#client = undefined;
    client.end().catch(() => {});
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopKeepAlive();
    this.#stopPause();
    for (const waiter of this.#waiters) waiter.reject(new StorageError('unavailable', `${this.#name} is closed`));
    this.#waiters.clear();
    await this.#client?.end().catch(() => {});
    this.#client = undefined;
  }

  get #name(): string {
    const { host, port, database } = this.#options.settings;
    return `PostgreSQL database "${database}" at ${host}:${port}`;
  }

  async #connect(): Promise<void> {
    const { settings, outage, clock, random } = this.#options;
    for (let pause = FIRST_PAUSE_MS; !this.#isClosed; pause = Math.min(pause * 2, settings.maxStartIntervalMs)) {
      try {
        this.#use(await connectClient(settings, true));
        return;
      } catch (error) {
        this.#lastError = error;
        outage.failed(pgError(error, this.#name));
      }
      // Half of the pause is left to chance, so that many connections do not come back at the same moment.
      await new Promise<void>((resolve) => {
        this.#stopPause = clock.after(pause * (0.5 + random.fraction() / 2), resolve);
      });
    }
  }

  #use(client: pg.Client): void {
    if (this.#isClosed) {
      client.end().catch(() => {});
      return;
    }
    this.#client = client;
    this.#options.outage.restored();
    client.once('end', () => this.#lost(client));
    client.once('error', () => this.#lost(client));
    for (const waiter of this.#waiters) waiter.resolve(client);
    this.#waiters.clear();
  }

  #lost(client: pg.Client): void {
    if (client !== this.#client) return;
    this.#client = undefined;
    if (this.#isClosed) return;
    this.#options.outage.failed(new StorageError('unavailable', `the connection to ${this.#name} was lost`));
    this.wake();
  }

  #keepAlive(): void {
    this.#client?.query('SELECT 1').catch(() => {});
  }
}
