/** The catalogue of all options as a tree that a parsed file can be walked against. */
import { catalogueFile } from './catalogue.generated.js';
import { parseType, type ValueType } from './value-types.js';

export interface CatalogueOption {
  /** `*` stands for any name, `[]` for the items of an array of tables. */
  readonly path: string;
  /** In the grammar of value-types.ts. */
  readonly type: string;
  readonly values?: readonly (string | number)[];
  readonly default?: unknown;
  readonly unit?: string;
  readonly required?: boolean;
  /** Releases of MongooseIM that know the option, and what became of it. */
  readonly history?: string;
  readonly doc: string;
}

/** A change to a catalogue option that Meerkat makes, or a table that has the options of another. */
export interface Amendment {
  readonly path: string;
  readonly addValues?: readonly string[];
  readonly values?: null;
  readonly default?: unknown;
  readonly doc?: string;
  /** A name that no release accepts. */
  readonly isDropped?: boolean;
  readonly like?: string;
  /** With `like`: no more than these of the other's options. */
  readonly only?: readonly string[];
}

export interface CatalogueFile {
  readonly options: readonly CatalogueOption[];
  readonly additions: readonly CatalogueOption[];
  readonly amendments: readonly Amendment[];
}

export interface CatalogueNode {
  /** With wildcards, as in the catalogue. */
  path: string;
  /** What may stand here in the file; a node with children also takes a table. */
  type: ValueType | undefined;
  option: CatalogueOption | undefined;
  /** False for MongooseIM's. */
  isAddition: boolean;
  readonly children: Map<string, CatalogueNode>;
  /** Any other name. */
  wildcard: CatalogueNode | undefined;
  /** The items of an array of tables. */
  item: CatalogueNode | undefined;
}

/** Sections whose `*` means "each of the names there are" and not "any name". */
const closedSections = new Set(['listen', 'outgoing_pools', 'modules']);

export interface Catalogue {
  readonly root: CatalogueNode;
  /** Every option with amendments applied: MongooseIM's in its order, then ours. */
  readonly options: readonly (CatalogueOption & { readonly isAddition: boolean })[];
}

/** Takes some milliseconds; the result is shared by all who only read. */
export function buildCatalogue(file: CatalogueFile = catalogueFile): Catalogue {
  const amendments = new Map(file.amendments.map((amendment) => [amendment.path, amendment]));
  const ours = new Set(file.additions.map(({ path }) => path));
  const options = [...file.options, ...file.additions]
    .filter(({ path }) => !amendments.get(path)?.isDropped)
    .map((option) => ({ ...amend(option, amendments.get(option.path)), isAddition: ours.has(option.path) }));
  const nodes = new Nodes();
  const { root } = nodes;
  for (const option of options) addOption(nodes, option);
  // Rules that have a conventional name are rules like any other.
  root.children.get('access')!.children.clear();
  for (const amendment of file.amendments) addMissing(nodes, amendment);
  for (const name of closedSections) spreadWildcard(root.children.get(name)!);
  spreadOpenWildcards(root);
  for (const amendment of file.amendments) if (amendment.like !== undefined) link(root, amendment);
  return { root, options };
}

function amend(option: CatalogueOption, amendment: Amendment | undefined): CatalogueOption {
  if (!amendment) return option;
  const { values, ...rest } = option;
  return {
    ...rest,
    ...(values && amendment.values !== null && { values }),
    ...(amendment.addValues && { values: [...(values ?? []), ...amendment.addValues] }),
    ...(amendment.default !== undefined && { default: amendment.default }),
    ...(amendment.doc !== undefined && { doc: amendment.doc }),
  };
}

function newNode(path: string): CatalogueNode {
  const node: CatalogueNode = {
    path,
    type: undefined,
    option: undefined,
    isAddition: false,
    children: new Map(),
    wildcard: undefined,
    item: undefined,
  };
  return node;
}

function addOption(nodes: Nodes, option: CatalogueOption & { isAddition: boolean }): void {
  const node = nodes.at(option.path);
  node.option = option;
  node.isAddition = option.isAddition;
  node.type = nodes.typeOf(option.type);
  // The values of a section are the names of its tables.
  if (node.type.is === 'table') for (const name of option.values ?? []) childOf(node, String(name));
}

/** Nodes by path, made when first asked for: most paths share all but their last step. */
class Nodes {
  readonly root = newNode('');
  readonly #known = new Map<string, CatalogueNode>();
  readonly #types = new Map<string, ValueType>();

  at(path: string): CatalogueNode {
    const known = this.#known.get(path);
    if (known) return known;
    const node = this.#make(path);
    this.#known.set(path, node);
    return node;
  }

  #make(path: string): CatalogueNode {
    if (path.endsWith('[]')) {
      const array = this.at(path.slice(0, -2));
      array.type ??= { is: 'tables' };
      array.item ??= newNode(path);
      return array.item;
    }
    const dot = path.lastIndexOf('.');
    return childOf(dot < 0 ? this.root : this.at(path.slice(0, dot)), path.slice(dot + 1));
  }

  typeOf(grammar: string): ValueType {
    const type = this.#types.get(grammar) ?? parseType(grammar);
    this.#types.set(grammar, type);
    return type;
  }
}

function childOf(node: CatalogueNode, name: string): CatalogueNode {
  const path = node.path === '' ? name : `${node.path}.${name}`;
  if (name === '*') {
    node.wildcard ??= newNode(path);
    return node.wildcard;
  }
  const known = node.children.get(name) ?? newNode(path);
  node.children.set(name, known);
  return known;
}

/** An option that exists only by an amendment, such as a listener's own default for a general option. */
function addMissing(nodes: Nodes, amendment: Amendment): void {
  if (amendment.like !== undefined || amendment.default === undefined) return;
  const node = nodes.at(amendment.path);
  if (node.option) return;
  const general = find(nodes.root, amendment.path.replace(/^listen\.\w+\[\]/, 'listen.*[]'));
  if (!general?.option) throw new Error(`amendment of an unknown option: ${amendment.path}`);
  node.option = amend({ ...general.option, path: amendment.path }, amendment);
  node.type = general.type;
}

/** The node with exactly this catalogue path. */
export function find(root: CatalogueNode, path: string): CatalogueNode | undefined {
  let node: CatalogueNode | undefined = root;
  for (const step of path.split('.')) {
    const name = step.endsWith('[]') ? step.slice(0, -2) : step;
    node = name === '*' ? node?.wildcard : node?.children.get(name);
    if (step.endsWith('[]')) node = node?.item;
  }
  return node;
}

/** Gives each named table of a closed section what its `*` has, below what it has of its own. */
function spreadWildcard(section: CatalogueNode): void {
  const { wildcard } = section;
  if (!wildcard) return;
  for (const child of section.children.values()) inherit(child, wildcard);
  section.wildcard = undefined;
}

/** Where any name may stand, the names that have options of their own have those of `*` too. */
function spreadOpenWildcards(node: CatalogueNode): void {
  if (node.wildcard) for (const child of node.children.values()) inherit(child, node.wildcard);
  for (const below of [...node.children.values(), node.wildcard, node.item]) if (below) spreadOpenWildcards(below);
}

function inherit(node: CatalogueNode, general: CatalogueNode): void {
  node.type ??= general.type;
  node.option ??= general.option;
  for (const [name, child] of general.children) inherit(childOf(node, name), child);
  if (general.wildcard) inherit(childOf(node, '*'), general.wildcard);
  if (general.item) {
    node.item ??= newNode(`${node.path}[]`);
    inherit(node.item, general.item);
  }
}

function link(root: CatalogueNode, { path, like, only }: Amendment): void {
  const node = find(root, path);
  const other = find(root, like!);
  if (!node || !other) throw new Error(`amendment of an unknown option: ${path}`);
  const isArray = node.type?.is === 'tables';
  if (isArray) node.item ??= newNode(`${path}[]`);
  const source = isArray ? other.item! : other;
  const target = isArray ? node.item! : node;
  for (const [name, child] of source.children) {
    if (!only || only.includes(name)) target.children.set(name, child);
  }
  target.wildcard ??= source.wildcard;
}
