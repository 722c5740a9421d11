/** A JSON schema (draft-07) of the configuration file, by which editors complete and check it. */
import { buildCatalogue, type CatalogueNode } from './catalogue.js';
import { supportText } from './reference.js';
import { supportOf } from './support.js';
import type { ScalarType } from './value-types.js';

type Schema = { [key: string]: unknown };

export function configSchema(): string {
  const { root } = buildCatalogue();
  const definitions = Object.fromEntries([...root.children].map(([name, node]) => [name, schemaOf(node, name)]));
  const schema: Schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'mongooseim.toml',
    description: 'The configuration file of Meerkat. Generated from the catalogue of options; do not edit.',
    type: 'object',
    required: ['general'],
    properties: Object.fromEntries([...root.children.keys()].map((name) => [name, { $ref: `#/definitions/${name}` }])),
    additionalProperties: false,
    definitions,
  };
  return `${JSON.stringify(schema, null, 1)}\n`;
}

/** `place`: where in the file the node stands; options borrowed from another section become references to it. */
function schemaOf(node: CatalogueNode, place: string): Schema {
  const { type, option } = node;
  const forms: Schema[] = [];
  if (type?.is === 'scalar') forms.push(...scalarForms(type, option?.values));
  if (type?.is === 'any') forms.push({ type: 'object' });
  if (type?.is === 'map') forms.push({ type: 'object', additionalProperties: anyOf(scalarForms(type.of)) });
  if (type?.is === 'array') {
    const items = anyOf(scalarForms(type.of, option?.values));
    const limits = { ...(type.isUnique && { uniqueItems: true }), ...(type.isNonEmpty && { minItems: 1 }) };
    forms.push({ type: 'array', items, ...limits });
  }
  if (type?.is === 'tables') forms.push({ type: 'array', items: tableSchema(node.item, `${place}[]`) });
  const isTable = type === undefined || type.is === 'table' || node.children.size > 0;
  if (isTable) forms.push(tableSchema(node, place));
  if (type?.is === 'scalar' && type.format === 'ciphers') forms.push({ type: 'array', items: { type: 'object' } });
  return { ...describe(node), ...anyOf(forms) };
}

function describe(node: CatalogueNode): Schema {
  const { option } = node;
  if (!option) return {};
  const unit = option.unit === undefined ? '' : ` Unit: ${option.unit}.`;
  return {
    description: `${option.doc}${unit} Meerkat: ${supportText(supportOf(node.path))}.`,
    ...(option.default !== undefined && { default: option.default }),
  };
}

function tableSchema(node: CatalogueNode | undefined, place: string): Schema {
  if (!node) return { type: 'object' };
  const properties: Schema = {};
  for (const [name, child] of node.children) properties[name] = childSchema(child, `${place}.${name}`);
  const required = [...node.children].filter(([, child]) => isAlwaysRequired(child)).map(([name]) => name);
  return {
    type: 'object',
    ...(node.children.size > 0 && { properties }),
    ...(required.length > 0 && { required }),
    additionalProperties: node.wildcard ? childSchema(node.wildcard, `${place}.*`) : false,
  };
}

/** With driver sqlite, the coordinates of a server are not. */
function isAlwaysRequired({ option, path }: CatalogueNode): boolean {
  const isCoordinate = path.startsWith('outgoing_pools.rdbms.*.connection.') && !path.endsWith('.driver');
  return option?.required === true && !isCoordinate;
}

function childSchema(node: CatalogueNode, place: string): Schema {
  // A table of host_config is that section of the top level; general is not, as it takes a few options only.
  const section = /^host_config\[\]\.(\w+)$/.exec(place)?.[1];
  if (section !== undefined && section !== 'general' && node.children.size + (node.wildcard ? 1 : 0) > 0) {
    return { $ref: `#/definitions/${section}` };
  }
  return schemaOf(node, place);
}

function anyOf(forms: readonly Schema[]): Schema {
  return forms.length === 1 ? forms[0]! : { anyOf: forms };
}

function scalarForms(type: ScalarType, values?: readonly (string | number)[]): Schema[] {
  if (values) return [{ enum: [...values] }];
  const word = type.word === undefined ? [] : [{ const: type.word }];
  switch (type.kind) {
    case 'integer':
      return [{ type: 'integer', ...(type.minimum !== undefined && { minimum: type.minimum }) }, ...word];
    case 'port':
      return [{ type: 'integer', minimum: 0, maximum: 65535 }];
    case 'false':
      return [{ const: false }];
    case 'float':
      return [{ type: 'number' }];
    case 'string|integer':
      return [{ type: ['string', 'integer'] }];
    default:
      return [{ type: type.kind }];
  }
}
