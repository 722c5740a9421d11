/** Shows what commands answer: tables for people, MongooseIM's JSON for programs. */
import { styleText } from 'node:util';
import type { Plain } from '../command.js';

type Row = { readonly [key: string]: Plain };

export function renderForPeople(result: Plain): string {
  if (!Array.isArray(result)) return isRow(result) ? renderFields(result) : cell(result);
  if (result.length === 0) return styleText('gray', 'none');
  return result.every(isRow) ? renderTable(result) : result.map(cell).join('\n');
}

/** As the answer of a GraphQL query for this one operation. */
export function renderData(category: string, command: string, result: Plain): string {
  return JSON.stringify({ data: { [category]: { [command]: result } } }, null, 2);
}

export interface RenderedError {
  readonly code: string;
  readonly message: string;
  readonly details: Row;
}

export function renderError(category: string, command: string, { code, message, details }: RenderedError): string {
  const error = { message, path: [category, command], extensions: { code, ...details } };
  return JSON.stringify({ errors: [error], data: { [category]: { [command]: null } } }, null, 2);
}

function renderFields(row: Row): string {
  const width = Math.max(...Object.keys(row).map((name) => name.length));
  return Object.entries(row)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${styleText('bold', name.padEnd(width))}  ${cell(value)}`)
    .join('\n');
}

/** Columns that are empty in every row are left out. */
function renderTable(rows: readonly Row[]): string {
  const names = Object.keys(rows[0]!).filter((name) => rows.some((row) => cell(row[name] ?? null) !== ''));
  const lines = rows.map((row) => names.map((name) => cell(row[name] ?? null)));
  const isNumeric = names.map((name) => rows.every((row) => typeof (row[name] ?? 0) === 'number'));
  const widths = names.map((name, column) => Math.max(name.length, ...lines.map((line) => line[column]!.length)));
  const align = (text: string, column: number) =>
    isNumeric[column] ? text.padStart(widths[column]!) : text.padEnd(widths[column]!);
  const head = names.map(align).join('  ');
  return [styleText('bold', head), ...lines.map((line) => line.map(align).join('  ').trimEnd())].join('\n');
}

function cell(value: Plain): string {
  if (value === null) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  // Names and resources are chosen by others: they must not move the cursor.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
}

function isRow(value: Plain): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
