/** When the server is to stop: by a signal, or because an administrator says so. */
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';

/** Terminals and process managers send a signal to a whole group, and npm passes it on: the server then gets it twice at once. */
const SAME_WISH_MS = 100;

/** The first SIGTERM or SIGINT asks for an orderly stop, the second one ends the process. */
export class StopSignals {
  readonly requested: Promise<string>;
  readonly #log: Logger;
  readonly #clock: Clock;
  #resolve!: (reason: string) => void;
  #requestedAt: number | undefined;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
    this.requested = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.request(signal));
  }

  request(reason: string): void {
    const now = this.#clock.monotonic();
    if (this.#requestedAt === undefined) {
      this.#requestedAt = now;
      this.#resolve(reason);
    } else if (now - this.#requestedAt >= SAME_WISH_MS) {
      this.#log.warn('server.forced_stop', { reason });
      process.exit(1);
    }
  }
}
