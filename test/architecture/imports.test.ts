import { describe, expect, test } from 'vitest';
import { filesBelow, read } from './files.js';
import { brokenPageRule, brokenRule, importsOf } from './imports.js';

test('imports go one way, and each package has one home', () => {
  const broken = filesBelow('src', ['.ts']).flatMap((file) =>
    importsOf(file, read(file)).flatMap((one) => {
      const rule = brokenRule(one);
      return rule ? [`${file} ${rule}`] : [];
    }),
  );
  expect(broken).toEqual([]);
});

test('the page of the browser has tiers of its own, and imports nothing else', () => {
  const broken = filesBelow('web', ['.ts']).flatMap((file) =>
    importsOf(file, read(file)).flatMap((one) => {
      const rule = brokenPageRule(one);
      return rule ? [`${file} ${rule}`] : [];
    }),
  );
  expect(broken).toEqual([]);
});

test('what is loaded when it is needed, native code above all, is loaded in the engine and at the doors to HTTP', () => {
  const loaders = filesBelow('src', ['.ts']).filter((file) => /\bcreateRequire\b|process\.dlopen/.test(read(file)));
  expect(loaders.filter((file) => !file.startsWith('src/engine/'))).toEqual([
    'src/net/http/proxy/upstreams.ts',
    'src/net/http/uws.ts',
  ]);
});

test('the core stays under 6,000 lines', () => {
  const lines = filesBelow('src/core', ['.ts']).map((file) => read(file).split('\n').length);
  expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThan(6000);
});

describe('the rules themselves', () => {
  test.each([
    ['src/protocol/jid.ts', '../platform/log.js', 'upward'],
    ['src/core/a/b.ts', '../../net/c2s/x.js', 'upward'],
    ['src/core/a/b.ts', '../../runtime/x.js', 'upward'],
    ['src/net/c2s/x.ts', '../../modules/roster/api.js', 'sideways'],
    ['src/storage/x.ts', '../auth/y.js', 'sideways'],
    ['src/modules/last/mod_last.ts', '../roster/roster-store.js', 'only through their api'],
    ['src/admin/commands/x.ts', '../../modules/roster/roster-store.js', 'only through their api'],
    ['src/admin/commands/x.ts', '../../storage/x.js', 'only through their api'],
    ['src/net/x.ts', 'pino', 'home is platform/log.'],
    ['src/net/x.ts', 'left-pad', 'has no home'],
    ['src/main.ts', '../scripts/ready.mjs', 'out of src/'],
    ['src/elsewhere/x.ts', '../core/y.js', 'in no tier'],
  ])('%s must not import %s', (file, specifier, rule) => {
    expect(brokenRule({ file, specifier })).toContain(rule);
  });

  test.each([
    ['src/core/a/b.ts', '../c/d.js'],
    ['src/net/c2s/x.ts', '../../core/a/b.js'],
    ['src/modules/last/mod_last.ts', '../roster/api.js'],
    ['src/modules/last/mod_last.ts', './last-store.js'],
    ['src/modules/registry.ts', './last/mod_last.js'],
    ['src/admin/commands/x.ts', '../../modules/roster/api.js'],
    ['src/runtime/boot.ts', '../net/c2s/x.js'],
    ['src/main.ts', './runtime/boot.js'],
    ['src/platform/log.ts', 'pino'],
    ['src/storage/sqlite/x.ts', '@photostructure/sqlite'],
    ['src/net/x.ts', 'node:net'],
  ])('%s may import %s', (file, specifier) => {
    expect(brokenRule({ file, specifier })).toBeUndefined();
  });

  test.each([
    ['web/xmpp/x.ts', '../chat/y.js'],
    ['web/chat/x.ts', '../ui/y.js'],
    ['web/ui/x.ts', '../../src/protocol/jid.js'],
    ['web/main.ts', 'left-pad'],
    ['web/xmpp/x.ts', 'node:crypto'],
  ])('%s must not import %s either', (file, specifier) => {
    expect(brokenPageRule({ file, specifier })).toBeDefined();
  });

  test('every form of import is seen, and comments are not', () => {
    const text = [
      "import a from './a.js';",
      "import type { B } from './b.js';",
      "import {\n  c,\n  type D,\n} from './c.js';",
      "import './d.js';",
      "export { e } from './e.js';",
      "export * from './f.js';",
      "const g = await import('./g.js');",
      "// import x from './x.js';",
      "/* import y from './y.js'; */",
    ].join('\n');
    expect(importsOf('src/x.ts', text).map(({ specifier }) => specifier)).toEqual(
      [...'abcdefg'].map((name) => `./${name}.js`),
    );
  });
});
