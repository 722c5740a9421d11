import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openProfile } from '../../../../bench/load/command.mjs';
import { readProfile } from '../../../../bench/load/profile.mjs';

const read = (text: string, ...changes: string[]) => readProfile({ name: 'mine', file: 'mine.toml', text, changes });

test('what a profile leaves out has its usual value', () => {
  const profile = read('title = "Mine"\n[chat]\npairs = 7\n');
  expect(profile).toMatchObject({ name: 'mine', title: 'Mine', loads: ['chat'], run: { seconds: 10 } });
  expect(profile.chat).toMatchObject({ pairs: 7, loop: 'closed', pipeline: 1 });
});

test.each([
  ['an unknown section', '[chatt]\n', 'mine.toml:1:1: chatt: there is no chatt; did you mean chat?'],
  ['an unknown key', '[chat]\npairz = 7\n', 'mine.toml:2:1: chat.pairz: there is no pairz; did you mean pairs?'],
  ['a wrong type', '[chat]\npairs = "7"\n', 'mine.toml:2:9: chat.pairs: expected a positive whole number, got "7"'],
  [
    'a wrong choice',
    '[chat]\nloop = "shut"\n',
    'mine.toml:2:8: chat.loop: expected one of "closed", "open", got "shut"',
  ],
  ['a section that is none', 'chat = 1\n', 'mine.toml:1:8: chat: expected a table, [chat]'],
  ['no load', '[run]\nseconds = 1\n', 'mine.toml:1: no load: a profile has chat, login, idle'],
  ['no TOML', '[chat\n', 'mine.toml:1:6: '],
])('%s is refused with its place', (_, text, message) => {
  expect(() => read(text)).toThrow(message);
});

test('all problems are told at once', () => {
  expect(() => read('[run]\nsecond = 1\n[chat]\npairs = 0\n')).toThrow(/run\.second: .*\n.*chat\.pairs: /);
});

test('the command line replaces values, and the profile as run says so', () => {
  const profile = read('[chat]\npairs = 7\n', 'chat.pairs=9', 'run.seconds=0.5', 'chat.random=false');
  expect(profile.chat).toMatchObject({ pairs: 9, random: false });
  expect(profile.run.seconds).toBe(0.5);
  expect(profile.toml).toContain('# chat.pairs=9\n');
});

test.each([
  ['chat.pairs', 'expected section.key=value'],
  ['chat.pairz=1', 'there is no pairz; did you mean pairs?'],
  ['char.pairs=1', 'there is no char; did you mean chat?'],
  ['chat.pairs=many', 'expected a positive whole number'],
  ['chat.loop=shut', 'expected one of'],
  ['chat.random=perhaps', 'expected true or false'],
])('--set %s is refused', (change, message) => {
  expect(() => read('[chat]\n', change)).toThrow(message);
});

test.each(readdirSync('bench/profiles'))('%s can be read', (file) => {
  expect(openProfile(file.replace('.toml', '')).title).not.toBe('');
});
