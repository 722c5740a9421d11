/** When the server is to stop: by a signal, or because an administrator says so. */
import type { Logger } from '../platform/log.js';

/** The first SIGTERM or SIGINT asks for an orderly stop, the second one ends the process. */
export class StopSignals {
  readonly requested: Promise<string>;
  readonly #log: Logger;
  #resolve!: (reason: string) => void;
  #isRequested = false;

  constructor(log: Logger) {
    this.#log = log;
    this.requested = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.request(signal));
  }

  request(reason: string): void {
    if (this.#isRequested) {
      this.#log.warn('server.forced_stop', { reason });
      process.exit(1);
    }
    this.#isRequested = true;
    this.#resolve(reason);
  }
}
