/** What can be wrong with a configuration file, and how it is said. */
import type { Position } from './positions.js';

/** Keys and array indexes from the root. */
export type Path = readonly (string | number)[];

export type ProblemKind =
  | 'unreadable'
  | 'syntax'
  | 'unknown'
  | 'type'
  | 'value'
  | 'missing'
  | 'contradiction'
  | 'unsupported';

/** A problem before it is known where in the file it is. */
export interface Finding {
  readonly kind: ProblemKind;
  readonly path: Path;
  /** Where to point: the key, or the value behind it. */
  readonly at: 'key' | 'value';
  readonly text: string;
}

export interface ConfigProblem {
  readonly kind: ProblemKind;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** In TOML spelling with indexes, such as `listen.c2s[0].port`; empty for a syntax error. */
  readonly path: string;
  readonly text: string;
}

/** Something that the operator should know though it stops nothing. */
export interface Note {
  readonly kind: 'accepted' | 'renamed' | 'ignored' | 'advice';
  readonly path: string;
  readonly text: string;
  /** The path in steps, by which its place can be found. */
  readonly steps: Path;
}

export function spell(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += `${text === '' ? '' : '.'}${/^[A-Za-z0-9_-]+$/.test(step) ? step : JSON.stringify(step)}`;
  }
  return text;
}

export function place(finding: Finding, file: string, position: Position): ConfigProblem {
  return { kind: finding.kind, file, ...position, path: spell(finding.path), text: finding.text };
}

/** `file:line:column: path: what was wrong, what was expected`. */
export function formatProblem(problem: ConfigProblem): string {
  const { file, line, column, path, text } = problem;
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${text}`;
}

/** A value of the file as it would be written there, cut short; integers come as `bigint`, so a number is a float. */
export function quote(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isInteger(value) ? value.toFixed(1) : String(value);
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Date) return 'a date or time';
  if (typeof value === 'object' && value !== null) return 'a table';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}
