/** Measures functions: Biome's parser finds them, and what is nested in one is counted for itself. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './files.js';

export interface FunctionSize {
  readonly file: string;
  readonly line: number;
  /** Without the lines of functions inside. */
  readonly ownLines: number;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Every function of more than one line below the folder. */
export function functionSizes(folder: string): FunctionSize[] {
  const spans = new Map<string, Span[]>();
  for (const { path, start, end } of locate(folder)) {
    const list = spans.get(path) ?? [];
    list.push({ start: start.line, end: end.line });
    spans.set(path, list);
  }
  return [...spans].flatMap(([file, list]) =>
    list.map((span) => ({ file, line: span.start, ownLines: ownLines(span, list) })),
  );
}

interface Location {
  readonly path: string;
  readonly start: { readonly line: number };
  readonly end: { readonly line: number };
}

function locate(folder: string): Location[] {
  const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
  const config = join(root, 'test', 'architecture', 'function-lines.biome.json');
  const args = [biome, 'lint', `--config-path=${config}`, '--reporter=json', '--max-diagnostics=none', folder];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  // The report is one line; a line of advice may stand before it.
  const line = stdout.split('\n').find((text) => text.startsWith('{'));
  if (line === undefined) throw new Error(`Biome gave no report: ${stderr}`);
  const { diagnostics } = JSON.parse(line) as { diagnostics: { category: string; location: Location }[] };
  return diagnostics
    .filter(({ category }) => category === 'lint/complexity/noExcessiveLinesPerFunction')
    .map(({ location }) => location);
}

/** Lines from the first to the last, less those that belong to functions inside, whose first line stays. */
export function ownLines(span: Span, all: readonly Span[]): number {
  const inside = (a: Span, b: Span) =>
    a !== b && a.start >= b.start && a.end <= b.end && a.end - a.start < b.end - b.start;
  const nested = all.filter((other) => inside(other, span));
  const outermost = nested.filter((one) => !nested.some((other) => inside(one, other)));
  return outermost.reduce((lines, { start, end }) => lines - (end - start), span.end - span.start + 1);
}
