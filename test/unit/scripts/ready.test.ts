import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** A small project with our scripts, and with our own compiler as a package that needs no registry. */
function project(): string {
  const root = mkdtempSync(join(tmpdir(), 'meerkat-ready-'));
  const write = (path: string, content: string | object) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  };
  cpSync(join(repository, 'scripts'), join(root, 'scripts'), { recursive: true });
  const devDependencies = { typescript: 'file:tools/typescript' };
  write('package.json', { name: 'small', version: '1.0.0', type: 'module', gypfile: false, devDependencies });
  write('package-lock.json', {
    name: 'small',
    version: '1.0.0',
    lockfileVersion: 3,
    packages: {
      '': { name: 'small', version: '1.0.0', devDependencies },
      'node_modules/typescript': { resolved: 'tools/typescript', link: true },
      'tools/typescript': { name: 'typescript', version: '1.0.0', dev: true },
    },
  });
  write('tools/typescript/package.json', { name: 'typescript', version: '1.0.0', type: 'module' });
  write('tools/typescript/bin/tsc', `import ${JSON.stringify(join(repository, 'node_modules/typescript/bin/tsc'))};`);
  const compilerOptions = {
    rootDir: 'src',
    outDir: 'dist',
    module: 'nodenext',
    target: 'es2022',
    types: [],
    strict: true,
  };
  write('tsconfig.json', { compilerOptions, include: ['src'] });
  write('src/main.ts', 'export const answer: number = 42;\n');
  write('src/page/start.html', '<p>hello</p>\n');
  return root;
}

interface Outcome {
  readonly code: number;
  /** Without times. */
  readonly lines: string[];
}

function ready(root: string, env: NodeJS.ProcessEnv = process.env): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const { npm_execpath: _, FORCE_COLOR: __, ...clean } = env;
    const child = spawn(process.execPath, [join(root, 'scripts/ready.mjs')], {
      cwd: root,
      env: { ...clean, NO_COLOR: '1' },
    });
    let text = '';
    child.stderr.on('data', (chunk) => (text += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({
        code: code ?? -1,
        lines: text
          .replace(/ \([\d.]+ s\)/g, '')
          .split('\n')
          .filter(Boolean),
      });
    });
  });
}

const change = (root: string) =>
  writeFileSync(join(root, 'src/main.ts'), `export const answer: number = ${Math.random()};\n`);

test('a fresh clone is installed and compiled, and then only what changed', { timeout: 60_000 }, async () => {
  const root = project();
  expect(await ready(root)).toEqual({ code: 0, lines: ['✓ installing packages', '✓ compiling'] });
  expect(readFileSync(join(root, 'dist/page/start.html'), 'utf8')).toBe('<p>hello</p>\n');
  expect(await ready(root)).toEqual({ code: 0, lines: [] });

  change(root);
  writeFileSync(join(root, 'dist/gone.js'), '');
  expect(await ready(root)).toEqual({ code: 0, lines: ['✓ compiling'] });
  expect(existsSync(join(root, 'dist/gone.js'))).toBe(false);

  rmSync(join(root, 'dist'), { recursive: true });
  expect(await ready(root)).toEqual({ code: 0, lines: ['✓ compiling'] });

  rmSync(join(root, 'node_modules/.ready.json'));
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(join(root, 'package.json'), JSON.stringify({ ...manifest, description: 'changed' }));
  expect(await ready(root)).toMatchObject({ code: 0 });
});

test('a failure shows the whole output, leaves no stamp, and is tried again', { timeout: 60_000 }, async () => {
  const root = project();
  writeFileSync(join(root, 'src/main.ts'), 'export const answer: string = 42;\n');
  for (let attempt = 0; attempt < 2; attempt++) {
    const { code, lines } = await ready(root);
    expect(code).toBe(1);
    expect(lines.join('\n')).toMatch(/✗ compiling[\s\S]*src\/main\.ts\(1,14\): error TS2322/);
  }
  change(root);
  expect(await ready(root)).toEqual({ code: 0, lines: ['✓ compiling'] });
});

test('two at once: one works, the other waits and finds nothing left to do', { timeout: 60_000 }, async () => {
  const root = project();
  const outcomes = await Promise.all([ready(root), ready(root)]);
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
  const lines = outcomes.flatMap((outcome) => outcome.lines);
  expect(lines.filter((line) => line === '✓ compiling')).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith('! waiting for process'))).toHaveLength(1);
});

test('the lock of a process that died is broken', { timeout: 60_000 }, async () => {
  const root = project();
  mkdirSync(join(root, '.ready/lock'), { recursive: true });
  // Above the highest number that a process can have on Linux.
  writeFileSync(join(root, '.ready/lock/owner'), JSON.stringify({ pid: 2 ** 22 + 1 }));
  expect(await ready(root)).toMatchObject({ code: 0 });
  expect(existsSync(join(root, '.ready/lock'))).toBe(false);
});

test('without a compiler it goes on, says what is lost, and says it once', { timeout: 60_000 }, async () => {
  const root = project();
  const tools = join(root, 'path');
  mkdirSync(tools);
  const PATH = (process.env['PATH'] ?? '').split(delimiter);
  for (const tool of ['sh', 'npm', 'node', 'env']) {
    const found = PATH.map((folder) => join(folder, tool)).find((path) => existsSync(path));
    if (found) symlinkSync(found, join(tools, tool));
  }
  writeFileSync(join(root, 'binding.gyp'), '{}');
  const env = { ...process.env, PATH: tools };

  const { code, lines } = await ready(root, env);
  expect(code).toBe(0);
  expect(lines.join('\n')).toMatch(
    /The native engine was not built: there is no C\+\+ compiler[\s\S]*portable engine[\s\S]*apt-get install/,
  );
  expect(lines.at(-1)).toBe('✓ compiling');
  expect(await ready(root, env)).toEqual({ code: 0, lines: [] });
});
