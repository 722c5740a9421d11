/** The report of `config check`: everything there is to say about a file, for people and for programs. */
import { type LoadOptions, loadConfig } from './load.js';
import { Positions } from './positions.js';
import { type ConfigProblem, formatProblem, type Note } from './problems.js';

export interface PlacedNote {
  readonly kind: Note['kind'];
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly text: string;
}

/** Plain data, fit to be printed as JSON. */
export interface ConfigReport {
  readonly file: string;
  /** The server would start with it. */
  readonly isValid: boolean;
  readonly problems: readonly ConfigProblem[];
  readonly notes: readonly PlacedNote[];
}

export function checkConfigText(file: string, text: string, options: LoadOptions = {}): ConfigReport {
  const result = loadConfig({ file, text }, options);
  const problems = 'problems' in result ? result.problems : [];
  const notes = result.notes.length === 0 ? [] : placeNotes(result.notes, file, new Positions(text));
  return { file, isValid: problems.length === 0, problems, notes };
}

function placeNotes(notes: readonly Note[], file: string, positions: Positions): PlacedNote[] {
  const placed = notes.map(({ kind, path, text, steps }) => ({
    kind,
    file,
    ...positions.of(steps, 'key'),
    path,
    text,
  }));
  return placed.sort((a, b) => a.line - b.line || a.column - b.column);
}

/** One line each, and one that sums up. */
export function reportLines({ file, isValid, problems, notes }: ConfigReport): string[] {
  const remarks = notes.map(({ line, column, path, text }) => `${file}:${line}:${column}: note: ${path}: ${text}`);
  const counts = `${count(problems.length, 'problem')}, ${count(notes.length, 'note')}`;
  const verdict = isValid ? 'the server would start with this file' : 'the server would not start with this file';
  return [...problems.map(formatProblem), ...remarks, `${file}: ${counts}; ${verdict}`];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
