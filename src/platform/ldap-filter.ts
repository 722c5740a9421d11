/** Search filters of LDAP (RFC 4515): read from text into a tree, in which values can be put that change nothing of its shape. */

/**
 * Bytes, one for each character: a value of a filter need not be text. Placeholders such as `%u` stand in it as they do in the file.
 */
export type Octets = string;

export type LdapFilter =
  | { readonly is: 'and' | 'or'; readonly of: readonly LdapFilter[] }
  | { readonly is: 'not'; readonly of: LdapFilter }
  /** What stands between the asterisks: one piece is the whole value, two empty ones are any value. */
  | { readonly is: 'match'; readonly attribute: string; readonly pieces: readonly Octets[] }
  | { readonly is: 'compare'; readonly attribute: string; readonly by: Comparison; readonly value: Octets }
  | {
      readonly is: 'extensible';
      readonly attribute: string;
      readonly rule: string;
      readonly withDn: boolean;
      readonly value: Octets;
    };

export type Comparison = '>=' | '<=' | '~=';

export function octets(text: string): Octets {
  return Buffer.from(text, 'utf8').toString('latin1');
}

export function bytesOf(value: Octets): Buffer {
  return Buffer.from(value, 'latin1');
}

/** Text in which an asterisk stands for anything, as pieces of a `match`. */
export function piecesOf(text: string): Octets[] {
  return joined(text.split('*').map((piece) => [octets(piece)]));
}

/** Attribute descriptions (RFC 4512 section 2.5), and the underscore that some directories have in names. */
const ATTRIBUTE = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:;[A-Za-z0-9-]+)*$/;

export function isAttributeName(text: string): boolean {
  return ATTRIBUTE.test(text);
}

/** The filter, or what is wrong with the text. */
export function parseLdapFilter(text: string): LdapFilter | { readonly problem: string } {
  const reader = new Reader(text.trim());
  try {
    const filter = reader.filter(0);
    reader.end();
    return filter;
  } catch (error) {
    if (error instanceof FilterProblem) return { problem: error.message };
    throw error;
  }
}

class FilterProblem extends Error {}

const DEEPEST = 50;
const ITEM = /^([^=~<>:()&|!]*)(=|~=|>=|<=|(:dn)?(?::([^:=()]+))?:=)/;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  filter(depth: number): LdapFilter {
    if (depth > DEEPEST) throw new FilterProblem('is nested too deeply');
    this.#skip();
    this.#take('(');
    const sign = this.#text[this.#at];
    let filter: LdapFilter;
    if (sign === '&' || sign === '|') {
      this.#at++;
      filter = { is: sign === '&' ? 'and' : 'or', of: this.#list(depth) };
    } else if (sign === '!') {
      this.#at++;
      filter = { is: 'not', of: this.filter(depth + 1) };
      this.#skip();
    } else {
      filter = this.#item();
    }
    this.#take(')');
    return filter;
  }

  end(): void {
    if (this.#at < this.#text.length) throw new FilterProblem(`goes on behind its end, at character ${this.#at + 1}`);
  }

  /** None at all is allowed: it is true of everything or of nothing (RFC 4526). */
  #list(depth: number): LdapFilter[] {
    const found: LdapFilter[] = [];
    for (this.#skip(); this.#text[this.#at] === '('; this.#skip()) found.push(this.filter(depth + 1));
    return found;
  }

  #item(): LdapFilter {
    const match = ITEM.exec(this.#text.slice(this.#at));
    const [whole = '', attribute = '', operator = '', dn, rule = ''] = match ?? [];
    const isNamed = isAttributeName(attribute) || (attribute === '' && rule !== '');
    if (!match || !isNamed) throw new FilterProblem(`has no attribute and operator at character ${this.#at + 1}`);
    this.#at += whole.length;
    const pieces = this.#value();
    if (operator === '=') return { is: 'match', attribute, pieces: joined(pieces.map((piece) => [piece])) };
    const [value = '', ...more] = pieces;
    if (more.length > 0) throw new FilterProblem(`has an asterisk behind ${operator}, which takes one value`);
    if (!operator.endsWith(':=')) return { is: 'compare', attribute, by: operator as Comparison, value };
    return { is: 'extensible', attribute, rule, withDn: dn !== undefined, value };
  }

  /** Up to the closing parenthesis, cut at each asterisk. */
  #value(): Octets[] {
    const start = this.#at;
    const end = this.#text.slice(start).search(/[()]/);
    if (end < 0 || this.#text[start + end] === '(')
      throw new FilterProblem(`has no ")" for the value at character ${start + 1}`);
    this.#at = start + end;
    return this.#text.slice(start, this.#at).split('*').map(unescaped);
  }

  #skip(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #take(sign: string): void {
    if (this.#text[this.#at] !== sign)
      throw new FilterProblem(`has no "${sign}" at character ${this.#at + 1}, where it is expected`);
    this.#at++;
  }
}

/** Section 3: a backslash and two hexadecimal digits are a byte. */
function unescaped(text: string): Octets {
  const stray = /\\(?![0-9A-Fa-f]{2})/.test(text);
  if (stray) throw new FilterProblem('has a "\\" without two hexadecimal digits');
  return octets(text).replace(/\\([0-9A-Fa-f]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** What stands for `%u` and `%d`: pieces, as with an asterisk between each two. */
export type Replacements = Readonly<Record<'u' | 'd', readonly Octets[]>>;

/** The same filter with the placeholders replaced. */
export function fillFilter(filter: LdapFilter, by: Replacements): LdapFilter {
  switch (filter.is) {
    case 'and':
    case 'or':
      return { is: filter.is, of: filter.of.map((one) => fillFilter(one, by)) };
    case 'not':
      return { is: 'not', of: fillFilter(filter.of, by) };
    case 'match':
      return { ...filter, pieces: joined(filter.pieces.map((piece) => fill(piece, by))) };
    default:
      return { ...filter, value: fill(filter.value, by).join('*') };
  }
}

/** In one pass: a value that looks like a placeholder stays what it is. */
function fill(piece: Octets, by: Replacements): Octets[] {
  const filled = [''];
  for (const part of piece.split(/(%[ud])/)) {
    const [first = '', ...others] = part === '%u' ? by.u : part === '%d' ? by.d : [part];
    filled.push(`${filled.pop()}${first}`, ...others);
  }
  return filled;
}

/** One list of pieces; between two asterisks nothing is meant by an empty one (RFC 4511 section 4.5.1.7.2). */
function joined(lists: readonly (readonly Octets[])[]): Octets[] {
  const all = lists.flat();
  return all.filter((piece, index) => piece !== '' || index === 0 || index === all.length - 1);
}
