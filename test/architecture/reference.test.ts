import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hooksPage, standardsPage } from '../../scripts/lib/reference-pages.mjs';
import { modules } from '../../src/modules/registry.js';

function page(name: string): string {
  return readFileSync(new URL(`../../docs/reference/${name}.md`, import.meta.url), 'utf8');
}

test('the page of hooks is what the code says (scripts/generate-reference.mjs)', () => {
  const found = import.meta.glob<object>('../../src/**/{hooks,api}.ts', { eager: true });
  const files = Object.entries(found).map(([path, exports]) => [path.replace('../../src/', ''), exports] as const);
  expect(files.length).toBeGreaterThan(5);
  expect(hooksPage(files)).toBe(page('hooks'));
});

test('the page of standards is what the modules say (scripts/generate-reference.mjs)', () => {
  expect(standardsPage(modules)).toBe(page('standards'));
});
