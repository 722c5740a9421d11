/** Walks a parsed file along the catalogue: finds what does not fit, and drops what is not to be served. */
import { isDeepStrictEqual } from 'node:util';
import type { CatalogueNode } from './catalogue.js';
import { nearest } from './nearest.js';
import { type Finding, type Note, type Path, type ProblemKind, quote, spell } from './problems.js';
import { type Support, supportOf } from './support.js';
import { checkScalar, describeType, type Fault, type ValueType } from './value-types.js';

export type Table = { readonly [key: string]: unknown };

export interface Validation {
  readonly findings: readonly Finding[];
  readonly notes: readonly Note[];
  /** What is left: valid options that are served, with plain numbers. */
  readonly value: Table;
}

export function validate(raw: Table, root: CatalogueNode, ignoreUnsupported: boolean): Validation {
  const walk = new Walk(root, ignoreUnsupported);
  const value = walk.table(raw, root, [], false);
  return { findings: walk.findings, notes: [...walk.notes.values()], value };
}

/** Options that are mandatory for other values of a neighbour only. */
const requiredUnless: Readonly<Record<string, (table: Table) => boolean>> = Object.fromEntries(
  ['host', 'database', 'username', 'password'].map((name) => [
    `outgoing_pools.rdbms.*.connection.${name}`,
    (table) => table['driver'] === 'sqlite' || table['driver'] === 'odbc',
  ]),
);

class Walk {
  readonly findings: Finding[] = [];
  /** By catalogue path: an option that appears in many places is told once. */
  readonly notes = new Map<string, Note>();
  readonly #root: CatalogueNode;
  readonly #ignoreUnsupported: boolean;

  constructor(root: CatalogueNode, ignoreUnsupported: boolean) {
    this.#root = root;
    this.#ignoreUnsupported = ignoreUnsupported;
  }

  /** `isReported`: something above is on the list of unsupported options already. */
  table(raw: Table, node: CatalogueNode, path: Path, isReported: boolean): Table {
    const kept: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(raw)) {
      const child = node.children.get(name) ?? node.wildcard;
      if (!child) this.#unknown(name, node, path);
      else this.#option(kept, name, value, child, [...path, name], isReported);
    }
    for (const [name, child] of node.children) {
      if (child.option?.required && raw[name] === undefined && !requiredUnless[child.path]?.(raw)) {
        this.#find('missing', path, 'key', `${name} is missing, expected ${describeType(child.type!)}`);
      }
    }
    return kept;
  }

  #option(
    kept: Record<string, unknown>,
    name: string,
    raw: unknown,
    node: CatalogueNode,
    path: Path,
    isReported: boolean,
  ) {
    const support = supportOf(node.path);
    const isUnsupported = !isReported && support.level === 'unsupported';
    if (isUnsupported && this.#unsupported(path, support)) return;
    const before = this.findings.length;
    const value = this.#value(raw, node, path, isReported || isUnsupported);
    const isDropped = isReported || support.level === 'unsupported' || this.findings.length > before;
    if (isDropped && !isTable(raw) && !Array.isArray(raw)) return;
    const chosen = isReported ? value : this.#choose(value, support, node, path);
    if (chosen !== undefined) kept[name] = chosen;
  }

  /** Lists an option, or one value of it; true when it is to be passed over. */
  #unsupported(path: Path, { reason }: Pick<Support, 'reason'>, value?: string): boolean {
    const what = value === undefined ? 'not supported' : `${value} is not supported`;
    const text = reason === undefined ? `${what} yet` : `${what}: ${reason}`;
    if (!this.#ignoreUnsupported) {
      this.#find('unsupported', path, value === undefined ? 'key' : 'value', text);
      return false;
    }
    this.notes.set(spell(path), { kind: 'ignored', path: spell(path), text: `${text}; ignored`, steps: path });
    return true;
  }

  /** What is left of a valid value by its support level. */
  #choose(value: unknown, support: Support, node: CatalogueNode, path: Path): unknown {
    if (support.isDefaultOnly && !isDeepStrictEqual(value, node.option?.default)) {
      this.#unsupported(path, {}, 'any other value than the default');
      return undefined;
    }
    if (support.values && Array.isArray(value)) {
      return value.filter((item, index) => this.#isKept(item, support.values?.[String(item)], node, [...path, index]));
    }
    const special = support.values?.[String(value)];
    if (special) return this.#isKept(value, special, node, path) ? value : undefined;
    if (support.level === 'served') return value;
    if (support.level === 'accepted') this.#accepted(node.path, path, 'has no effect', support);
    return undefined;
  }

  /** One value that is treated unlike the others. */
  #isKept(value: unknown, special: Support | undefined, node: CatalogueNode, path: Path): boolean {
    if (special?.level === 'unsupported') this.#unsupported(path, special, quote(value));
    if (special?.level === 'accepted') {
      this.#accepted(`${node.path} ${value}`, path, `${quote(value)} has no effect`, special);
    }
    return special === undefined || special.level === 'served';
  }

  #accepted(key: string, path: Path, what: string, { reason }: Support): void {
    if (this.notes.has(key)) return;
    // What is said of a table needs no repetition for its options.
    for (const [other, note] of this.notes) {
      if (note.kind === 'accepted' && note.path.startsWith(`${spell(path)}.`)) this.notes.delete(other);
    }
    this.notes.set(key, { kind: 'accepted', path: spell(path), text: `${what}: ${reason}`, steps: path });
  }

  #value(raw: unknown, node: CatalogueNode, path: Path, isReported: boolean): unknown {
    const type = node.type ?? { is: 'table' };
    const takesTable = type.is === 'table' || node.children.size > 0 || node.wildcard !== undefined;
    if (type.is === 'any') return raw;
    if (isTable(raw) && type.is === 'map') return this.#map(raw, type.of, path);
    if (isTable(raw) && takesTable && type.is !== 'tables') return this.table(raw, node, path, isReported);
    if (Array.isArray(raw) && (type.is === 'tables' || takesTables(type)))
      return this.#tables(raw, node, path, isReported);
    if (type.is === 'array') return this.#array(raw, type, node, path);
    if (type.is === 'scalar') return this.#scalar(raw, type, node.option?.values, path);
    const write = type.is === 'tables' && isTable(raw) ? `: write [[${spell(path)}]]` : '';
    return this.#find('type', path, 'value', `${quote(raw)} is not allowed, expected ${describeType(type)}${write}`);
  }

  #tables(raw: readonly unknown[], node: CatalogueNode, path: Path, isReported: boolean): unknown[] {
    return raw.map((item, index) => {
      const itemPath = [...path, index];
      if (isTable(item)) return node.item ? this.table(item, node.item, itemPath, isReported) : plain(item);
      return this.#find('type', itemPath, 'value', `${quote(item)} is not allowed, expected a table`);
    });
  }

  #array(raw: unknown, type: ValueType & { is: 'array' }, node: CatalogueNode, path: Path): unknown {
    if (!Array.isArray(raw)) {
      return this.#find('type', path, 'value', `${quote(raw)} is not allowed, expected ${describeType(type)}`);
    }
    if (type.isNonEmpty && raw.length === 0) {
      return this.#find('value', path, 'value', `an empty array is not allowed, expected ${describeType(type)}`);
    }
    for (const [index, item] of raw.entries()) {
      if (type.isUnique && raw.indexOf(item) < index) {
        this.#find('value', [...path, index], 'value', `${quote(item)} is there twice, expected each value once`);
      }
    }
    return raw.map((item, index) => this.#scalar(item, type.of, node.option?.values, [...path, index]));
  }

  #map(raw: Table, type: ValueType & { is: 'scalar' }, path: Path): Table {
    const entries = Object.entries(raw).map(([name, value]) => [
      name,
      this.#scalar(value, type, undefined, [...path, name]),
    ]);
    return Object.fromEntries(entries);
  }

  #scalar(
    raw: unknown,
    type: ValueType & { is: 'scalar' },
    values: readonly unknown[] | undefined,
    path: Path,
  ): unknown {
    const fault: Fault | undefined = checkScalar(type, values, raw);
    if (fault) return this.#find(fault[0], path, 'value', fault[1]);
    return plain(raw);
  }

  #unknown(name: string, node: CatalogueNode, path: Path): void {
    const noun = path.length === 1 && path[0] === 'modules' ? 'module' : 'option';
    const guess = nearest(name, node.children.keys());
    const elsewhere = guess === undefined ? sectionsWith(this.#root, name) : [];
    let hint = '';
    if (guess !== undefined) hint = `; did you mean "${guess}"?`;
    else if (elsewhere.length > 0) hint = `; there is one in ${elsewhere.slice(0, 3).join(', ')}`;
    else if (node.children.size > 0) hint = `, expected ${oneOf([...node.children.keys()])}`;
    this.#find('unknown', [...path, name], 'key', `unknown ${noun}${hint}`);
  }

  #find(kind: ProblemKind, path: Path, at: 'key' | 'value', text: string): undefined {
    this.findings.push({ kind, path, at, text });
  }
}

function takesTables(type: ValueType): boolean {
  return type.is === 'scalar' && type.format === 'ciphers';
}

function oneOf(names: readonly string[]): string {
  const shown = names.slice(0, 8);
  return shown.length === 1 ? shown[0]! : `one of ${shown.join(', ')}${names.length > shown.length ? ', …' : ''}`;
}

/** The sections that have an option of this name, top level first. */
function sectionsWith(root: CatalogueNode, name: string): string[] {
  const found = new Set<string>();
  const visit = (node: CatalogueNode) => {
    if (node.children.has(name)) found.add(node.path === '' ? 'the top level' : node.path.replaceAll('[]', ''));
    for (const child of node.children.values()) visit(child);
    if (node.wildcard) visit(node.wildcard);
    if (node.item) visit(node.item);
  };
  for (const [section, child] of root.children) if (section !== 'host_config') visit(child);
  if (root.children.has(name)) found.add('the top level');
  return [...found].sort((a, b) => a.split('.').length - b.split('.').length);
}

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** Integers are read as `bigint` to tell them from floats; those that passed the checks fit a number. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (!isTable(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}
