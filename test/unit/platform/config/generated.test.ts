/** The generated files are what the generator makes of the sources that are committed. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { catalogueModule, grammarOf } from '../../../../scripts/generate-config-catalogue.mjs';
import { buildCatalogue, find } from '../../../../src/platform/config/catalogue.js';
import { configReference, configSchema } from '../../../../src/platform/config/index.js';
import { parseType } from '../../../../src/platform/config/value-types.js';

function read(path: string): string {
  return readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
}

const catalogue = JSON.parse(read('src/platform/config/catalogue.json'));
const additions = JSON.parse(read('src/platform/config/additions.json'));

describe('committed files are up to date (scripts/generate-config-catalogue.mjs)', () => {
  test('catalogue.generated.ts', () => {
    expect(read('src/platform/config/catalogue.generated.ts')).toBe(catalogueModule(catalogue, additions));
  });

  test('docs/reference/configuration.md', () => {
    expect(read('docs/reference/configuration.md')).toBe(configReference());
  });

  test('docs/reference/mongooseim.schema.json', () => {
    expect(read('docs/reference/mongooseim.schema.json')).toBe(configSchema());
  });
});

describe('the catalogue', () => {
  const { root, options } = buildCatalogue();

  test('has every option of MongooseIM at its place in the tree', () => {
    expect(options.length).toBeGreaterThan(1_040);
    const isInTree = (path: string) => find(root, path) !== undefined;
    // The wildcards of closed sections are spread over their names, and rules with a conventional name are rules like any other.
    const isSpread = (path: string) => /^(listen|outgoing_pools|modules)\.\*|^access\.\w/.test(path);
    expect(options.map(({ path }) => path).filter((path) => !isInTree(path) && !isSpread(path))).toEqual([]);
  });

  test('every default is a value that its option takes', () => {
    const wrong = options.filter(({ type, values, default: value }) => {
      if (value === undefined || parseType(type).is !== 'scalar') return false;
      return values !== undefined && !values.includes(value as string);
    });
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test('MongooseIM 6.4: a component is what was called a service', () => {
    for (const name of ['component', 'service']) {
      expect([...(find(root, `listen.${name}[]`)?.children.keys() ?? [])]).toEqual(
        expect.arrayContaining(['port', 'password', 'access', 'shaper', 'check_from', 'conflict_behaviour']),
      );
    }
  });

  test('host_config borrows the sections of the top level', () => {
    expect(find(root, 'host_config[].auth.password.format')).toBe(find(root, 'auth.password.format'));
    expect([...(find(root, 'host_config[].general')?.children.keys() ?? [])].sort()).toEqual([
      'replaced_wait_timeout',
      'route_subdomains',
    ]);
  });
});

test('types of the facts become the grammar of the catalogue', () => {
  expect(grammarOf('positive integer or "infinity"')).toBe('integer>0|infinity');
  expect(grammarOf('array of strings (non-empty, unique)')).toBe('array:string+nonempty+unique');
  expect(() => grammarOf('list of wishes')).toThrow('unknown type in the facts: list of wishes');
});

test('the schema for editors resolves all its references', () => {
  const schema = JSON.parse(configSchema());
  const references = [...configSchema().matchAll(/"\$ref": "#\/definitions\/(\w+)"/g)].map((match) => match[1]!);
  expect(references.filter((name) => !(name in schema.definitions))).toEqual([]);
  expect(schema.definitions.listen.properties.c2s.items.properties.tls.properties.ciphers.anyOf).toHaveLength(2);
});
