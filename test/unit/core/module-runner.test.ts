import { expect, test } from 'vitest';
import { defineApi, type Uses } from '../../../src/core/module/api.js';
import { type AnyModule, defineModule } from '../../../src/core/module/module.js';
import { startOrder } from '../../../src/core/module/module-runner.js';

function module(name: string, uses: Uses = {}): AnyModule {
  return defineModule({ name, xeps: [], uses, start() {} });
}

const names = (modules: readonly AnyModule[]) => startOrder(modules).map(({ name }) => name);

test('a module starts after those that it uses, and otherwise in the order given', () => {
  const user = module('mod_user', { other: defineApi('mod_used') });
  expect(names([user, module('mod_last'), module('mod_used')])).toEqual(['mod_used', 'mod_user', 'mod_last']);
});

test('a module that is needed and not enabled is named, with the one that needs it', () => {
  const user = module('mod_user', { other: defineApi('mod_used') });
  expect(() => startOrder([user])).toThrow('module mod_user needs module mod_used, which is not enabled');
});

test('a module that is used where it is enabled may be absent', () => {
  const user = module('mod_user', { other: defineApi<object>('mod_used', {}) });
  expect(names([user])).toEqual(['mod_user']);
  expect(names([user, module('mod_used')])).toEqual(['mod_used', 'mod_user']);
});

test('modules that need each other are named in a circle', () => {
  const one = module('mod_one', { other: defineApi('mod_two') });
  const two = module('mod_two', { other: defineApi('mod_one') });
  expect(() => startOrder([one, two])).toThrow('mod_one -> mod_two -> mod_one');
});
