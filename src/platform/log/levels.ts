/** The names of log levels and their order. */

/** From nothing at all to everything, as `general.loglevel` and `server setLoglevel` spell them. */
export const logLevels = [
  'none',
  'emergency',
  'alert',
  'critical',
  'error',
  'warning',
  'notice',
  'info',
  'debug',
  'all',
] as const;

export type LogLevel = (typeof logLevels)[number];

export function isLogLevel(text: string): text is LogLevel {
  return (logLevels as readonly string[]).includes(text);
}

/** 0 for `none`; an entry is written when its severity is at most that of the level in force. */
export function severity(level: LogLevel): number {
  return logLevels.indexOf(level);
}

export function levelAt(severity: number): LogLevel {
  return logLevels[severity] ?? 'all';
}
