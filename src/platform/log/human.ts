/** Turns log entries into lines for people at a terminal. */
import { styleText } from 'node:util';
import type { LogLevel } from './levels.js';

interface Sink {
  write(line: string): unknown;
}

type Style = Parameters<typeof styleText>[0];

const STYLES: Partial<Record<LogLevel, Style>> = {
  emergency: ['red', 'bold'],
  alert: ['red', 'bold'],
  critical: ['red', 'bold'],
  error: 'red',
  warning: 'yellow',
  notice: 'cyan',
  info: 'green',
  debug: 'gray',
};

/** A place to write JSON entries to, each of which reaches the sink as one piece of text. */
export function humanLines(sink: Sink): Sink {
  return { write: (line) => sink.write(humanLine(JSON.parse(line))) };
}

export function humanLine(entry: Record<string, unknown>): string {
  const { when, level, what, ...fields } = entry;
  const time = new Date(String(when)).toTimeString().slice(0, 8);
  const label = styleText(STYLES[level as LogLevel] ?? 'white', String(level).padEnd(8));
  let line = `${styleText('gray', time)} ${label} ${printable(String(what))}`;
  let stack = '';
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'error' && isError(value)) {
      line += ` ${styleText('gray', 'error=')}${printable(value.message)}`;
      stack = stackLines(value.stack);
    } else {
      line += ` ${styleText('gray', `${printable(name)}=`)}${shown(value)}`;
    }
  }
  return `${line}\n${stack}`;
}

function isError(value: unknown): value is { message: string; stack?: string } {
  return typeof value === 'object' && value !== null && typeof (value as { message?: unknown }).message === 'string';
}

function stackLines(stack: string | undefined): string {
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return frames.map((frame) => styleText('gray', `  ${printable(frame)}\n`)).join('');
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return /[\s"=]/.test(text) && typeof value === 'string' ? printable(JSON.stringify(text)) : printable(text);
}

/** What a peer sent must not move the terminal's cursor. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
