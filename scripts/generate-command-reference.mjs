/** Writes docs/reference/commands.md from the compiled commands. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { commandReference } from '../dist/admin/reference.js';
import { commands } from '../dist/admin/registry.js';

const folder = new URL('../docs/reference/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('commands.md', folder), commandReference(commands));
