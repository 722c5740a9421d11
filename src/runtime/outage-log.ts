/** Keeps quiet about each piece of work that fails because a database is away: the storage tells of that once. */
import { StorageError } from '../core/storage/index.js';
import type { LogFields, Logger, LogLevel } from '../platform/log.js';

export class OutageLog implements Logger {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  debug = (event: string, fields?: LogFields): void => this.#log.debug(event, fields);
  info = (event: string, fields?: LogFields): void => this.#log.info(event, fields);
  notice = (event: string, fields?: LogFields): void => this.#log.notice(event, fields);
  warn = (event: string, fields?: LogFields): void => this.#log.warn(event, fields);
  critical = (event: string, fields?: LogFields): void => this.#log.critical(event, fields);
  alert = (event: string, fields?: LogFields): void => this.#log.alert(event, fields);
  emergency = (event: string, fields?: LogFields): void => this.#log.emergency(event, fields);

  error(event: string, fields?: LogFields): void {
    const error = fields?.['error'];
    const isAway = error instanceof StorageError && error.code === 'unavailable';
    if (isAway) this.#log.debug(event, fields);
    else this.#log.error(event, fields);
  }

  child(fields: LogFields): Logger {
    return new OutageLog(this.#log.child(fields));
  }

  isOn(level: LogLevel): boolean {
    return this.#log.isOn(level);
  }
}
