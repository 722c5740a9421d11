#!/usr/bin/env node
/**
 * Writes the generated files of the configuration.
 *
 * `--facts FILE` first renews src/platform/config/catalogue.json from a list of MongooseIM's options (an array of objects with
 * path, type, values, default, unit, required, since_or_note, summary); `--without WORD` leaves out remarks that hold this word. Without it, everything is made from that file and
 * additions.json beside it. The reference and the schema come from the compiled code, in dist/ or the directory behind `--compiled`:
 * run `npx tsc` before.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const root = new URL('../', import.meta.url);
const CATALOGUE = 'src/platform/config/catalogue.json';
const ADDITIONS = 'src/platform/config/additions.json';

/** What the facts put in brackets behind a type, in the grammar of value-types.ts. */
const FORMATS = {
  path: 'path',
  paths: 'path',
  domain: 'domain',
  domains: 'domain',
  'module name': 'module',
  'module names': 'module',
  'access rule': 'access-rule',
  'domain template': 'domain-template',
  'domain templates': 'domain-template',
  'OpenSSL cipher list': 'ciphers',
  'shaper name': 'shaper',
  DN: 'dn',
  'IP address': 'ip',
  'IP or network': 'network',
  'regular expression': 'regexp',
  glob: 'glob',
  'JID localpart': 'localpart',
  JIDs: 'jid',
  'language tag': 'language',
  'domain or host type': 'name',
  'path pattern': 'path-pattern',
  'user:password': 'user-password',
  'RFC 4515 filter': 'ldap-filter',
  'LDAP filter': 'ldap-filter',
  'http[s]://host[:port]': 'http-host',
  URL: 'url',
  URIs: 'uri',
  'pool tag': 'name',
  'non-empty, unique': '+nonempty+unique',
  unique: '+unique',
};

const SCALARS = {
  string: 'string',
  boolean: 'boolean',
  'boolean (false only)': 'false',
  flag: 'boolean',
  integer: 'integer',
  'integer (0-65535)': 'port',
  'positive integer': 'integer>0',
  'non-negative integer': 'integer>=0',
  float: 'float',
  section: 'table',
  'section of arrays of tables': 'table',
  table: 'table',
  'table (access rule -> restrictions)': 'table',
  'table (argument name -> string)': 'map:string',
  'table of listen.service options': 'any',
  'table with exactly one of file, env, value': 'table',
  'array of tables': 'tables',
  'access rule': 'tables',
  'array of integers': 'array:integer',
  'string or integer': 'string|integer',
};

/** A type of the facts in the grammar of value-types.ts. */
export function grammarOf(type) {
  if (type in SCALARS) return SCALARS[type];
  const orWord = /^(.+) or "(infinity|none)"$/.exec(type);
  if (orWord) return `${grammarOf(orWord[1])}|${orWord[2]}`;
  const fields = /^(array of tables|table) \{(.+)\}$/.exec(type);
  if (fields) return SCALARS[fields[1]];
  const string = /^(array of strings|string)(?: \((.+)\))?$/.exec(type);
  const format = string?.[2] === undefined ? '' : FORMATS[string[2]];
  if (!string || format === undefined) throw new Error(`unknown type in the facts: ${type}`);
  const base = string[1] === 'string' ? 'string' : 'array:string';
  return format === '' || format.startsWith('+') ? base + format : `${base}:${format}`;
}

/** The options of the facts under normal paths: `[]` marks each array of tables, whatever way the facts put it. */
export function reduceFacts(facts, without) {
  const options = facts.filter(({ path }) => !path.startsWith('ejabberd.cfg'));
  const arrays = new Set(options.filter(({ type }) => type.startsWith('array of tables')).map(({ path }) => path));
  arrays.add('modules.mod_revproxy.routes');
  const reduced = options.map((option) => reduceOption(option, arrays, without));
  return [...reduced, ...impliedFields(options, arrays, new Set(reduced.map(({ path }) => path)))];
}

function reduceOption(fact, arrays, without) {
  const { path, type, values, default: value, unit, required, summary } = fact;
  const remarks = (fact.since_or_note ?? '').replace(' (first TOML release)', '').split('; ');
  const history = remarks.filter((remark) => without === undefined || !remark.includes(without)).join('; ');
  return {
    path: normalPath(path, arrays),
    type: grammarOf(type),
    ...(values && { values }),
    ...(value !== null && { default: value }),
    ...(unit && { unit }),
    ...(required && { required }),
    ...(history && { history }),
    doc: summary,
  };
}

/** Fields that the facts name only inside the type of their table, such as `table {user, password}`. */
function impliedFields(options, arrays, known) {
  const fields = options.flatMap(({ path, type }) => {
    const names = /^(?:array of tables|table) \{(.+)\}$/.exec(type)?.[1].split(', ') ?? [];
    const base = normalPath(path, arrays) + (type.startsWith('array') ? '[]' : '');
    return names.map((name) => ({ path: `${base}.${name}`, type: 'string', required: true, doc: `Field of ${path}.` }));
  });
  return fields.filter(({ path }) => !known.has(path));
}

function normalPath(path, arrays) {
  const steps = [];
  for (const [index, step] of path.split('.').entries()) {
    const before = path
      .split('.')
      .slice(0, index + 1)
      .join('.');
    const isLast = before === path;
    const isListener = index === 1 && steps[0] === 'listen';
    const isHandler = index === 3 && steps.join('.') === 'listen.http[].handlers';
    const isArray = (isListener || isHandler || arrays.has(before)) && !step.endsWith('[]');
    steps.push(isArray && !isLast ? `${step}[]` : step);
  }
  return steps.join('.');
}

function jsonLines(rows) {
  return `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`;
}

export function catalogueModule(catalogue, { additions, amendments }) {
  return [
    '/** Generated by scripts/generate-config-catalogue.mjs from catalogue.json and additions.json: every option there is. */',
    "import type { CatalogueFile } from './catalogue.js';",
    '',
    '// biome-ignore format: one option, one line',
    `export const catalogueFile: CatalogueFile = {\noptions: ${jsonLines(catalogue).trim()},`,
    `additions: ${jsonLines(additions).trim()},`,
    `amendments: ${jsonLines(amendments).trim()},\n};`,
    '',
  ].join('\n');
}

async function main(args) {
  const { values } = parseArgs({
    args,
    options: { facts: { type: 'string' }, without: { type: 'string' }, compiled: { type: 'string', default: 'dist' } },
  });
  if (values.facts)
    write(CATALOGUE, jsonLines(reduceFacts(JSON.parse(readFileSync(values.facts, 'utf8')), values.without)));
  const read = (path) => JSON.parse(readFileSync(new URL(path, root), 'utf8'));
  write('src/platform/config/catalogue.generated.ts', catalogueModule(read(CATALOGUE), read(ADDITIONS)));
  const compiled = resolve(values.compiled, 'platform/config/index.js');
  if (!existsSync(compiled)) {
    console.error('The reference and the schema were left alone: run `npx tsc`, then this script again.');
    process.exitCode = 1;
    return;
  }
  const { configReference, configSchema } = await import(pathToFileURL(compiled).href);
  write('docs/reference/configuration.md', configReference());
  write('docs/reference/mongooseim.schema.json', configSchema());
}

function write(path, text) {
  writeFileSync(new URL(path, root), text);
  console.log(`wrote ${path}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
