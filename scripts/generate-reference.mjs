/** Writes docs/reference/hooks.md, docs/reference/standards.md and docs/doap.xml from the compiled code in dist/: run `npx tsc` before. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { modules } from '../dist/modules/registry.js';
import { coreRfcs, coreXeps } from '../dist/runtime/standards.js';
import { hooksPage } from './lib/reference-pages.mjs';
import { doapFile, standardsPage } from './lib/standards-pages.mjs';

const dist = new URL('../dist/', import.meta.url);
const docs = new URL('../docs/', import.meta.url);

const paths = readdirSync(dist, { recursive: true }).filter((path) => /(?:^|\/)(?:hooks|api)\.js$/.test(path));
const files = await Promise.all(
  paths.map(async (path) => [path.replace(/\.js$/, '.ts'), await import(new URL(path, dist).href)]),
);
const about = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const standards = { modules, rfcs: coreRfcs, xeps: coreXeps, about };
mkdirSync(new URL('reference/', docs), { recursive: true });
writeFileSync(new URL('reference/hooks.md', docs), hooksPage(files));
writeFileSync(new URL('reference/standards.md', docs), standardsPage(standards));
writeFileSync(new URL('doap.xml', docs), doapFile(standards));
