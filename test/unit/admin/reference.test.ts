import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandReference } from '../../../src/admin/reference.js';
import { commands } from '../../../src/admin/registry.js';

test('the reference page is what the definitions say (scripts/generate-command-reference.mjs)', () => {
  const page = readFileSync(new URL('../../../docs/reference/commands.md', import.meta.url), 'utf8');
  expect(page).toBe(commandReference(commands));
});

test('every command has a name of its own, and a secret is marked as one', () => {
  const names = commands.map(({ category, name }) => `${category} ${name}`);
  expect(new Set(names).size).toBe(names.length);
  for (const { args } of commands) {
    for (const [name, spec] of Object.entries(args as Record<string, { secret?: boolean }>)) {
      expect(spec.secret ?? false, name).toBe(/password/i.test(name));
    }
  }
});
