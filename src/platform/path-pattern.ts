/** Paths of handlers as MongooseIM writes them: `/api/:user`, `/messages/[:with]`, `/[...]`. */

export interface PathMatch {
  readonly bindings: Readonly<Record<string, string>>;
  readonly rest: readonly string[];
}

type Segment = { readonly literal: string } | { readonly binding: string } | 'rest';

export class PathPatternError extends Error {}

/** One way to spell a path out: optional parts are there, or not. */
export class PathPattern {
  readonly #segments: readonly Segment[];

  private constructor(segments: readonly Segment[]) {
    this.#segments = segments;
  }

  /** All ways in which the text can be meant. Throws `PathPatternError` with what was expected. */
  static parse(text: string): PathPattern[] {
    if (text === '_') return [new PathPattern(['rest'])];
    if (!text.startsWith('/')) throw new PathPatternError('expected a path that begins with "/"');
    return spellings(text).map((spelling) => new PathPattern(segmentsOf(spelling)));
  }

  static isValid(text: string): boolean {
    try {
      PathPattern.parse(text);
      return true;
    } catch (error) {
      if (error instanceof PathPatternError) return false;
      throw error;
    }
  }

  /** Whether the text stands for one path alone. */
  static isLiteral(text: string): boolean {
    const [only, ...more] = PathPattern.parse(text);
    return more.length === 0 && only?.rank.replaceAll('1', '') === '0';
  }

  /** Literal segments come before bindings, and both before the rest, whatever the order in the configuration. */
  get rank(): string {
    return `${this.#segments.map(rankOf).join('')}0`;
  }

  match(path: string): PathMatch | undefined {
    const asked = split(path);
    const bindings: Record<string, string> = {};
    for (const [index, segment] of this.#segments.entries()) {
      if (segment === 'rest') return decodedRest(bindings, asked.slice(index));
      const text = asked[index] === undefined ? undefined : decoded(asked[index]);
      if (text === undefined) return undefined;
      if ('binding' in segment) bindings[segment.binding] = text;
      else if (segment.literal !== text) return undefined;
    }
    return asked.length === this.#segments.length ? { bindings, rest: [] } : undefined;
  }
}

function rankOf(segment: Segment): string {
  if (segment === 'rest') return '3';
  return 'literal' in segment ? '1' : '2';
}

/** `a[b[c]]d` becomes `ad`, `abd`, `abcd`; the brackets of `[...]` belong to it. */
function spellings(text: string): string[] {
  const open = indexOfOptional(text);
  if (open < 0) {
    if (text.replaceAll('[...]', '').includes(']')) throw new PathPatternError('a bracket is closed that is not open');
    return [text];
  }
  const close = closingBracket(text, open);
  const before = text.slice(0, open);
  const inner = text.slice(open + 1, close);
  const after = text.slice(close + 1);
  if (inner === '') throw new PathPatternError('there is nothing in the brackets');
  return [before + after, ...spellings(inner).map((one) => before + one + after)].flatMap(spellings);
}

function indexOfOptional(text: string): number {
  for (let at = text.indexOf('['); at >= 0; at = text.indexOf('[', at + 1)) {
    if (!text.startsWith('[...]', at)) return at;
  }
  return -1;
}

function closingBracket(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '[') depth++;
    if (text[at] === ']' && --depth === 0) return at;
  }
  throw new PathPatternError('a bracket is not closed');
}

function segmentsOf(path: string): Segment[] {
  const names = new Set<string>();
  return split(path).map((text, index, all): Segment => {
    if (text === '[...]') {
      if (index < all.length - 1) throw new PathPatternError('[...] has to be the end of the path');
      return 'rest';
    }
    if (/[[\]?#]/.test(text)) throw new PathPatternError(`"${text}" is no segment of a path`);
    if (!text.startsWith(':')) return { literal: decodedLiteral(text) };
    const binding = text.slice(1);
    if (!/^\w+$/.test(binding) || names.has(binding)) {
      throw new PathPatternError(`":${binding}" is no name, or there twice`);
    }
    names.add(binding);
    return { binding };
  });
}

/** Slashes that follow one another, or end the path, do not count, as in MongooseIM. */
function split(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function decodedRest(bindings: Readonly<Record<string, string>>, segments: readonly string[]): PathMatch | undefined {
  const rest = segments.map(decoded);
  return rest.every((segment) => segment !== undefined) ? { bindings, rest } : undefined;
}

function decodedLiteral(text: string): string {
  const literal = decoded(text);
  if (literal === undefined) throw new PathPatternError(`"${text}" is not valid percent-encoding`);
  return literal;
}

/** Undefined for what is no percent-encoded UTF-8, or hides a slash or a step up. */
function decoded(segment: string): string | undefined {
  try {
    const text = segment.includes('%') ? decodeURIComponent(segment) : segment;
    return text === '.' || text === '..' || /[/\\\0]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
