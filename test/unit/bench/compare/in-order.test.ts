import { expect, test } from 'vitest';
import { inOrder, presentOf } from '../../../../bench/compare/command.mjs';

test('runs that were measured out of turn are shown in the order of profiles and servers', () => {
  const [login, chat] = [{ name: 'login' }, { name: 'chat' }];
  const plan = [login, chat].flatMap((profile) =>
    ['ejabberd', 'meerkat'].map((name) => ({ server: { name }, profile, turn: 0 })),
  );
  const run = (profile: { name: string }, name: string) => ({ profile, target: { name } });
  const measured = [run(chat, 'ejabberd'), run(login, 'ejabberd'), run(chat, 'meerkat'), run(login, 'meerkat')];
  expect(
    inOrder(measured, plan).map(({ profile, target }: (typeof measured)[number]) => `${profile.name} ${target.name}`),
  ).toEqual(['login meerkat', 'login ejabberd', 'chat meerkat', 'chat ejabberd']);
});

test('servers that are not installed are told apart from those that are', () => {
  const [here, away] = [{ find: () => ({ version: '1' }) }, { find: () => undefined }];
  expect(presentOf([here, away])).toEqual({ present: [here], absent: [away] });
});
