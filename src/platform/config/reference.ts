/** The reference of all options as a page for people, made from the catalogue and the table of support. */
import { buildCatalogue, type CatalogueNode } from './catalogue.js';
import { type Support, supportOf } from './support.js';
import { describeType } from './value-types.js';

const introduction = `# Configuration reference

Generated from the catalogue of options; do not edit. Meerkat reads MongooseIM's \`mongooseim.toml\`. Names from 4.0 to 6.8 are known.

- **served**: works.
- **no effect**: accepted, and said so once in the log at start; the reason is given.
- **not yet**: stops the start with a list of all such options, unless the server is started with \`--ignore-unsupported\`.

\`*\` stands for a name of your choice, \`[]\` for a table of an array such as \`[[listen.c2s]]\`. "Ours" marks options that MongooseIM does not
have. Tables under \`[[host_config]]\` take the options of the section that they are named after: \`auth\` and \`modules\` replace the section of the
top level for that host type, \`acl\` and \`access\` are merged with it, \`general\` takes \`replaced_wait_timeout\` and \`route_subdomains\`.
`;

interface Row {
  readonly section: string;
  readonly node: CatalogueNode;
}

export function configReference(): string {
  const { root } = buildCatalogue();
  const sections = new Map<string, CatalogueNode[]>();
  for (const { section, node } of rowsOf(root)) sections.set(section, [...(sections.get(section) ?? []), node]);
  const parts = [...sections].map(([section, nodes]) => [`## ${section}`, '', tableOf(section, nodes), ''].join('\n'));
  return `${introduction}\n${parts.join('\n')}`;
}

function rowsOf(root: CatalogueNode): Row[] {
  const rows: Row[] = [];
  for (const [name, section] of root.children) {
    const isSplit = name === 'modules' || name === 'listen' || name === 'outgoing_pools' || name === 'services';
    if (isSplit) for (const child of section.children.values()) collect(child, child.path, rows);
    else collect(section, name, rows);
  }
  return rows;
}

/** Tables that borrow the options of another section are told in the introduction. */
function collect(node: CatalogueNode, section: string, rows: Row[]): void {
  const isBorrowed = !node.path.startsWith(section);
  const isGeneral = node.option?.path.startsWith('modules.*') === true;
  if (isBorrowed || isGeneral) return;
  if (node.option && node.path !== 'listen') rows.push({ section, node });
  for (const child of node.children.values()) collect(child, section, rows);
  if (node.wildcard) collect(node.wildcard, section, rows);
  if (node.item) collect(node.item, section, rows);
}

function tableOf(section: string, nodes: readonly CatalogueNode[]): string {
  const head = ['| Option | Type | Default | Meerkat | |', '| --- | --- | --- | --- | --- |'];
  return [...head, ...nodes.map((node) => rowOf(section, node))].join('\n');
}

function rowOf(section: string, node: CatalogueNode): string {
  const option = node.option!;
  const name = node.path === section ? node.path : node.path.slice(section.length).replace(/^(\[\])?\./, '');
  const unit = option.unit === undefined ? '' : ` (${option.unit})`;
  const initial = option.default === undefined ? '' : code(option.default);
  const extra = [node.isAddition ? 'Ours.' : '', option.required ? 'Mandatory.' : ''].filter((text) => text !== '');
  const doc = [...extra, option.doc, ...(option.history ? [`_${option.history}_`] : [])].join(' ');
  const cells = [`\`${name}\``, typeOf(node) + unit, initial, supportText(supportOf(node.path)), doc];
  return `| ${cells.map(escapeCell).join(' | ')} |`;
}

function typeOf(node: CatalogueNode): string {
  const values = node.option?.values;
  const type = node.type!;
  if (!values || type.is === 'table') return describeType(type);
  const list = values.map((value) => code(value)).join(', ');
  return type.is === 'array' ? `array of: ${list}` : list;
}

export function supportText({ level, reason, values, isDefaultOnly }: Support): string {
  const words = { served: 'served', accepted: 'no effect', unsupported: 'not yet' }[level];
  const except = Object.entries(values ?? {}).map(([value, support]) => `\`${value}\`: ${supportText(support)}`);
  const rest = isDefaultOnly ? ['other values than the default: not yet'] : except;
  return [`${words}${reason === undefined ? '' : `: ${reason}`}`, ...rest].join('; ');
}

function code(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 200 ? 'a long list' : `\`${text}\``;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
