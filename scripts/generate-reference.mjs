/** Writes docs/reference/hooks.md and docs/reference/standards.md from the compiled code in dist/: run `npx tsc` before. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { modules } from '../dist/modules/registry.js';
import { hooksPage, standardsPage } from './lib/reference-pages.mjs';

const dist = new URL('../dist/', import.meta.url);
const folder = new URL('../docs/reference/', import.meta.url);

const paths = readdirSync(dist, { recursive: true }).filter((path) => /(?:^|\/)(?:hooks|api)\.js$/.test(path));
const files = await Promise.all(
  paths.map(async (path) => [path.replace(/\.js$/, '.ts'), await import(new URL(path, dist).href)]),
);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('hooks.md', folder), hooksPage(files));
writeFileSync(new URL('standards.md', folder), standardsPage(modules));
