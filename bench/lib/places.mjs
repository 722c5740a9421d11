/** Where the compiled server lies that is measured. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const distMain = join(root, 'dist', 'main.js');
export const addonFile = join(root, 'build', 'Release', 'meerkat.node');

/** A compiled file of the server, for `import()`. */
export function compiled(path) {
  return pathToFileURL(join(root, 'dist', path)).href;
}

/** What such a file exports; nothing before the server is compiled, when commands that need none of it run all the same. */
export async function importCompiled(path) {
  return existsSync(distMain) ? import(compiled(path)) : {};
}
