/** Finds the file that a worker thread has to load. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * `workerFile(import.meta.url, './task-worker.js')`. A thread cannot load TypeScript, so when the caller itself runs from `src/`
 * (in tests), the compiled file of the same name in `dist/` is taken.
 */
export function workerFile(from: string, relative: string): string {
  const base = from.endsWith('.ts') ? from.replace(/\/src\/(?!.*\/src\/)/, '/dist/') : from;
  const path = fileURLToPath(new URL(relative, base));
  if (!existsSync(path)) throw new Error(`worker file ${path} is missing: compile the sources first`);
  return path;
}
