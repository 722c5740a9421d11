/** Keeps one place of a pool: a connection that is made when it is needed, and made again when it could not be. */
import { StorageError } from '../../core/storage/index.js';
import type { Cancel, Clock } from '../../platform/clock.js';
import type { Outage } from '../outage.js';
import { LdapConnection } from './ldap-connection.js';
import type { LdapServer, LdapSettings } from './settings.js';

export interface LinkOptions {
  readonly settings: LdapSettings;
  /** Hears of every failure and success. */
  readonly outage: Outage;
  readonly clock: Clock;
  readonly onConnected: (server: string) => void;
}

export class LdapLink {
  readonly #options: LinkOptions;
  readonly #closing = new AbortController();
  #connection: LdapConnection | undefined;
  #attempt: Promise<LdapConnection> | undefined;
  /** Why the last attempt failed; another follows by itself. */
  #failure: StorageError | undefined;
  #stopPause: Cancel = () => {};
  /** Requests under way. */
  load = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Set while no server could be reached: whoever asks is told at once. */
  get failure(): StorageError | undefined {
    return this.#failure;
  }

  get isUp(): boolean {
    return this.#connection?.isOpen ?? false;
  }

  /** Connects if need be. */
  connection(): Promise<LdapConnection> {
    if (this.#connection?.isOpen) return Promise.resolve(this.#connection);
    if (this.#failure) return Promise.reject(this.#failure);
    this.#attempt ??= this.#connect().finally(() => {
      this.#attempt = undefined;
    });
    return this.#attempt;
  }

  /** A connection on which an answer stayed out: others may still get theirs, but nothing more is asked on it. */
  retire(connection: LdapConnection): void {
    if (connection === this.#connection) this.#connection = undefined;
    connection.retire();
  }

  close(): void {
    const error = new StorageError('unavailable', 'the pool is closed');
    this.#failure = error;
    this.#stopPause();
    this.#closing.abort(error);
    this.#connection?.close();
  }

  async #connect(): Promise<LdapConnection> {
    const { settings, outage, clock, onConnected } = this.#options;
    const problems: string[] = [];
    for (const server of settings.servers) {
      const name = `${server.host}:${server.port}`;
      try {
        const connection = await this.#reach(server);
        this.#connection = connection;
        this.#failure = undefined;
        onConnected(name);
        outage.restored();
        return connection;
      } catch (error) {
        problems.push(`${name}: ${(error as Error).message}`);
      }
      if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
    }
    const failure = new StorageError('unavailable', `no LDAP server can be used: ${problems.join('; ')}`);
    this.#failure = failure;
    outage.failed(failure);
    this.#stopPause = clock.after(settings.connectIntervalMs, () => {
      this.#connect().catch(() => {});
    });
    throw failure;
  }

  async #reach(server: LdapServer): Promise<LdapConnection> {
    const { settings, clock } = this.#options;
    const tooLate = new AbortController();
    const cancel = clock.after(settings.callTimeoutMs, () => tooLate.abort(new Error('it does not answer')));
    try {
      return await LdapConnection.open(server, settings, AbortSignal.any([tooLate.signal, this.#closing.signal]));
    } finally {
      cancel();
    }
  }
}
