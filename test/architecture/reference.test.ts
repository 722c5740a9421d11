import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hooksPage } from '../../scripts/lib/reference-pages.mjs';
import { doapFile, standardsPage } from '../../scripts/lib/standards-pages.mjs';
import { modules } from '../../src/modules/registry.js';
import { coreRfcs, coreXeps } from '../../src/runtime/standards.js';

function page(name: string): string {
  return file(`docs/reference/${name}.md`);
}

function file(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

const standards = { modules, rfcs: coreRfcs, xeps: coreXeps };

test('the page of hooks is what the code says (scripts/generate-reference.mjs)', () => {
  const found = import.meta.glob<object>('../../src/**/{hooks,api}.ts', { eager: true });
  const files = Object.entries(found).map(([path, exports]) => [path.replace('../../src/', ''), exports] as const);
  expect(files.length).toBeGreaterThan(5);
  expect(hooksPage(files)).toBe(page('hooks'));
});

test('the page of standards is what the code says (scripts/generate-reference.mjs)', () => {
  expect(standardsPage(standards)).toBe(page('standards'));
});

test('the DOAP file is what the code says (scripts/generate-reference.mjs)', () => {
  expect(doapFile({ ...standards, about: JSON.parse(file('package.json')) })).toBe(file('docs/doap.xml'));
});
