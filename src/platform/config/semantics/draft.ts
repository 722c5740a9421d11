/** What the steps from a valid file to the snapshot share: the options, their defaults, and a place for what they find. */
import { type CatalogueNode, find } from '../catalogue.js';
import type { Finding, Note, Path, ProblemKind } from '../problems.js';
import { spell } from '../problems.js';
import { isTable, type Table } from '../validate.js';

/** The pools that there are. */
export type PoolTags = Readonly<Record<'rdbms' | 'ldap', readonly string[]>>;

export class Draft {
  readonly findings: Finding[] = [];
  readonly notes: Note[] = [];
  /** The valid options that are served. */
  readonly value: Table;
  readonly #root: CatalogueNode;

  constructor(value: Table, root: CatalogueNode) {
    this.value = value;
    this.#root = root;
  }

  find(kind: ProblemKind, path: Path, at: 'key' | 'value', text: string): void {
    this.findings.push({ kind, path, at, text });
  }

  note(kind: Note['kind'], path: Path, text: string): void {
    this.notes.push({ kind, path: spell(path), text, steps: path });
  }

  /** A table of the file, empty when it is not there. */
  table(...path: Path): Table {
    let value: unknown = this.value;
    for (const step of path) value = (value as Record<string | number, unknown> | undefined)?.[step];
    return isTable(value) ? value : {};
  }

  /** The named array of tables, empty when it is not there. */
  tables(...path: Path): readonly Table[] {
    const value = this.table(...path.slice(0, -1))[path.at(-1)!];
    return Array.isArray(value) ? value.filter(isTable) : [];
  }

  /** The table with the catalogue's defaults for all single options at this level; tables inside it are left alone. */
  filled(cataloguePath: string, table: Table): Table {
    const node = find(this.#root, cataloguePath);
    const filled: Record<string, unknown> = {};
    for (const [name, child] of node?.children ?? []) {
      if (child.option?.default !== undefined) filled[name] = child.option.default;
    }
    return { ...filled, ...table };
  }
}

/** A copy with only these names, without those that are not set. */
export function pick(table: Table, names: readonly string[]): Table {
  return Object.fromEntries(names.filter((name) => table[name] !== undefined).map((name) => [name, table[name]]));
}
