/** A log that keeps its entries for a test to read. */
import type { LogFields, Logger, LogLevel } from '../../src/platform/log.js';

export interface LogEntry {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}

export class FakeLog implements Logger {
  readonly entries: LogEntry[];
  readonly #fields: LogFields;

  constructor(entries: LogEntry[] = [], fields: LogFields = {}) {
    this.entries = entries;
    this.#fields = fields;
  }

  debug = this.#writer('debug');
  info = this.#writer('info');
  notice = this.#writer('notice');
  warn = this.#writer('warning');
  error = this.#writer('error');
  critical = this.#writer('critical');
  alert = this.#writer('alert');
  emergency = this.#writer('emergency');

  child(fields: LogFields): FakeLog {
    return new FakeLog(this.entries, { ...this.#fields, ...fields });
  }

  isOn(): boolean {
    return true;
  }

  /** Names of the events at this level, in order. */
  events(level: LogLevel): string[] {
    return this.entries.filter((entry) => entry.level === level).map(({ event }) => event);
  }

  #writer(level: LogLevel): (event: string, fields?: LogFields) => void {
    return (event, fields = {}) => this.entries.push({ level, event, fields: { ...this.#fields, ...fields } });
  }
}
