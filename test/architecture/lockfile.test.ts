import { expect, test } from 'vitest';
import { read } from './files.js';

interface LockEntry {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

const lock = JSON.parse(read('package-lock.json')) as { lockfileVersion: number; packages: Record<string, LockEntry> };
const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;

test('npm 11: every dependency of every entry has an entry itself, those for other platforms too', () => {
  const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
      .filter((name) => !isFound(path, name))
      .map((name) => `${path || 'package.json'} needs ${name}`),
  );
  expect(missing).toEqual([]);
});

test('no entry names the registry it came from, and each has a checksum', () => {
  const entries = Object.entries(lock.packages).filter(([path]) => path !== '');
  expect(entries.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
  expect(entries.filter(([, { integrity }]) => !integrity).map(([path]) => path)).toEqual([]);
});

test('the lock file was made from this package.json', () => {
  const { '': top } = lock.packages as Record<string, Record<string, unknown>>;
  for (const field of ['name', 'version', 'dependencies', 'devDependencies', 'optionalDependencies', 'engines'])
    expect(top![field], field).toEqual(manifest[field]);
});

/** As Node looks a package up: beside the one that needs it, then one level further out each time. */
function isFound(path: string, name: string): boolean {
  for (let at = path; ; ) {
    if (lock.packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`]) return true;
    if (at === '') return false;
    const outer = at.lastIndexOf('/node_modules/');
    at = outer === -1 ? '' : at.slice(0, outer);
  }
}
