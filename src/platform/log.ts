/** The server's log: events with fields, under MongooseIM's level names. */
import { pino } from 'pino';
import { publicFields } from './log/fields.js';
import { humanLines } from './log/human.js';
import { type LogLevel, levelAt, severity } from './log/levels.js';

export { isLogLevel, type LogLevel, logLevels } from './log/levels.js';

export type LogFields = Readonly<Record<string, unknown>>;

/**
 * An event is a stable dotted name, never a sentence; what is particular to this time goes into the fields. Secrets are replaced
 * by their names, bodies of messages are left out, and long texts are cut (`log/fields.ts`).
 */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  notice(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  critical(event: string, fields?: LogFields): void;
  alert(event: string, fields?: LogFields): void;
  emergency(event: string, fields?: LogFields): void;
  /** The same log with these fields in every entry; follows every later change of the level. */
  child(fields: LogFields): Logger;
  /** For entries whose fields are costly to gather. */
  isOn(level: LogLevel): boolean;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** `auto`: for people when the output is a terminal, JSON otherwise. */
  readonly format?: 'auto' | 'json' | 'human';
  /** `stdout` unless set; anything else is the path of a file that entries are appended to. */
  readonly output?: 'stdout' | 'stderr' | { readonly file: string };
}

/** What another thread needs to write to the same log under the same level; can be posted to it. */
export interface SharedLog {
  readonly format: 'json' | 'human';
  readonly output: 'stdout' | 'stderr' | { readonly file: string };
  readonly threshold: SharedArrayBuffer;
}

export interface Log extends Logger {
  readonly level: LogLevel;
  /** Takes effect at once, in every thread and for every child. */
  setLevel(level: LogLevel): void;
  share(): SharedLog;
  /** Closes the file, if there is one. */
  close(): void;
}

/** Throws when the file cannot be opened. */
export function openLog(options: LogOptions): Log {
  const output = options.output ?? 'stdout';
  const threshold = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  new Int32Array(threshold)[0] = severity(options.level);
  return joinLog({ format: formatFor(options.format ?? 'auto', output), output, threshold });
}

/** For threads: writes where the log that was shared writes. */
export function joinLog(shared: SharedLog): Log {
  const { output } = shared;
  const sink = pino.destination({
    dest: typeof output === 'object' ? output.file : output === 'stdout' ? 1 : 2,
    // One write call for each entry, so that entries of several threads do not mix.
    sync: true,
    append: true,
    mkdir: true,
  });
  const root = pino(
    {
      level: 'debug',
      customLevels: PINO_LEVELS,
      useOnlyCustomLevels: true,
      messageKey: 'what',
      base: null,
      timestamp: () => `,"when":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    shared.format === 'human' ? humanLines(sink) : sink,
  );
  return new RootLog(root, shared, () => sink.end());
}

// Pino counts upwards with urgency.
const PINO_LEVELS = { debug: 10, info: 20, notice: 30, warning: 40, error: 50, critical: 60, alert: 70, emergency: 80 };

type PinoLevel = keyof typeof PINO_LEVELS;
type PinoLogger = Pick<Record<PinoLevel, (fields: object, event: string) => void>, PinoLevel> & {
  child(fields: object): PinoLogger;
};

const ON = {
  debug: severity('debug'),
  info: severity('info'),
  notice: severity('notice'),
  warning: severity('warning'),
  error: severity('error'),
  critical: severity('critical'),
  alert: severity('alert'),
  emergency: severity('emergency'),
};

class LeveledLogger implements Logger {
  readonly #pino: PinoLogger;
  /** One number that all threads see. A change may be noticed an entry late, so it is read without ceremony. */
  readonly #threshold: Int32Array;

  constructor(to: PinoLogger, threshold: Int32Array) {
    this.#pino = to;
    this.#threshold = threshold;
  }

  debug(event: string, fields?: LogFields): void {
    if (this.#threshold[0]! >= ON.debug) this.#pino.debug(publicFields(fields), event);
  }

  info(event: string, fields?: LogFields): void {
    if (this.#threshold[0]! >= ON.info) this.#pino.info(publicFields(fields), event);
  }

  notice(event: string, fields?: LogFields): void {
    if (this.#threshold[0]! >= ON.notice) this.#pino.notice(publicFields(fields), event);
  }

  warn(event: string, fields?: LogFields): void {
    if (this.#threshold[0]! >= ON.warning) this.#pino.warning(publicFields(fields), event);
  }

  error(event: string, fields?: LogFields): void {
    if (this.#threshold[0]! >= ON.error) this.#pino.error(publicFields(fields), event);
  }

  critical(event: string, fields?: LogFields): void {
    if (this.#threshold[0]! >= ON.critical) this.#pino.critical(publicFields(fields), event);
  }

  alert(event: string, fields?: LogFields): void {
    if (this.#threshold[0]! >= ON.alert) this.#pino.alert(publicFields(fields), event);
  }

  emergency(event: string, fields?: LogFields): void {
    if (this.#threshold[0]! >= ON.emergency) this.#pino.emergency(publicFields(fields), event);
  }

  child(fields: LogFields): Logger {
    return new LeveledLogger(this.#pino.child(publicFields(fields)), this.#threshold);
  }

  isOn(level: LogLevel): boolean {
    return this.#threshold[0]! >= severity(level);
  }
}

class RootLog extends LeveledLogger implements Log {
  readonly #shared: SharedLog;
  readonly #cell: Int32Array;
  readonly #close: () => void;

  constructor(to: PinoLogger, shared: SharedLog, close: () => void) {
    const cell = new Int32Array(shared.threshold);
    super(to, cell);
    this.#shared = shared;
    this.#cell = cell;
    this.#close = close;
  }

  get level(): LogLevel {
    return levelAt(Atomics.load(this.#cell, 0));
  }

  setLevel(level: LogLevel): void {
    Atomics.store(this.#cell, 0, severity(level));
  }

  share(): SharedLog {
    return this.#shared;
  }

  close(): void {
    if (typeof this.#shared.output === 'object') this.#close();
  }
}

function formatFor(format: 'auto' | 'json' | 'human', output: SharedLog['output']): 'json' | 'human' {
  if (format !== 'auto') return format;
  if (typeof output === 'object') return 'json';
  return process[output].isTTY ? 'human' : 'json';
}
