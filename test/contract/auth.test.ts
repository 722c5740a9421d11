/** What every authentication method promises, run over all of them. */
import { describe, expect, test } from 'vitest';
import { authMethods } from '../../src/auth/registry.js';
import type { AuthConfig, PasswordHash } from '../../src/core/auth/config.js';
import type { AuthMethod } from '../../src/core/auth/method.js';
import { methodContext } from '../support/accounts-kit.js';
import { scramCredentials } from '../support/sasl-context.js';

const alice = { local: 'alice', domain: 'example.org' };
const bob = { local: 'bob', domain: 'example.org' };
const plain = { password: { format: 'plain', scram_iterations: 10 } } as const;
const oneHash = { password: { format: 'scram', hash: ['sha256'], scram_iterations: 10 } } as const;

interface Subject {
  readonly title: string;
  readonly method: AuthMethod;
  /** Lets the time pass that a method takes for an answer. */
  readonly wait: <T>(answer: Promise<T>) => Promise<T>;
}

function subject(name: string, title = name, changes: Partial<AuthConfig> = {}): Subject {
  const { context, clock } = methodContext({ methods: [name], ...changes });
  const method = authMethods.find((definition) => definition.name === name)?.start(context) as AuthMethod;
  const wait = async <T>(answer: Promise<T>) => {
    await clock.advance(1000);
    return answer;
  };
  return { title, method, wait };
}

const makers: [string, () => Subject][] = [
  ['internal, scram', () => subject('internal')],
  ['internal, one hash', () => subject('internal', 'one hash', oneHash)],
  ['internal, plain', () => subject('internal', 'plain', plain)],
  ['rdbms, scram', () => subject('rdbms')],
  ['rdbms, plain', () => subject('rdbms', 'plain', plain)],
  ['anonymous', () => subject('anonymous')],
  [
    'anonymous, login_anon',
    () =>
      subject('anonymous', 'login_anon', { anonymous: { protocol: 'login_anon', allow_multiple_connections: false } }),
  ],
  ['dummy', () => subject('dummy')],
];

describe.each(makers)('%s', (_, make) => {
  const { capabilities, name } = make().method;
  const keepsAccounts = capabilities.register && name !== 'dummy';

  test.runIf(keepsAccounts)(
    'an account that was registered can log in and is found; a wrong password is refused',
    async () => {
      const { method, wait } = make();
      expect(await method.exists(alice)).toBe(false);
      expect(await method.checkPassword(alice, 'secret')).toBe('unknown');
      expect(await method.register(alice, 'secret')).toBe('registered');
      expect(await method.register(alice, 'another')).toBe('exists');
      expect(await method.exists(alice)).toBe(true);
      expect(await wait(method.checkPassword(alice, 'secret'))).toBe('accepted');
      for (const wrong of ['another', 'Secret', 'secret ', '', 'secre']) {
        expect(await wait(method.checkPassword(alice, wrong))).toBe('refused');
      }
      expect(await method.checkPassword({ ...alice, domain: 'example.net' }, 'secret')).toBe('unknown');
    },
  );

  test.runIf(keepsAccounts)('a changed password replaces the old one', async () => {
    const { method, wait } = make();
    expect(await method.setPassword(alice, 'new')).toBe(false);
    await method.register(alice, 'old');
    expect(await method.setPassword(alice, 'new')).toBe(true);
    expect(await wait(method.checkPassword(alice, 'old'))).toBe('refused');
    expect(await wait(method.checkPassword(alice, 'new'))).toBe('accepted');
  });

  test.runIf(keepsAccounts)('a removed account is gone', async () => {
    const { method } = make();
    await method.register(alice, 'secret');
    expect(await method.remove(alice)).toBe(true);
    expect(await method.remove(alice)).toBe(false);
    expect(await method.exists(alice)).toBe(false);
    expect(await method.checkPassword(alice, 'secret')).toBe('unknown');
  });

  test.runIf(keepsAccounts)('accounts are listed in order, page by page, and counted by domain', async () => {
    const { method } = make();
    for (const local of ['carol', 'alice', 'bob']) await method.register({ ...alice, local }, 'secret');
    await method.register({ local: 'zoe', domain: 'example.net' }, 'secret');
    expect(await method.list('example.org', {})).toEqual(['alice', 'bob', 'carol']);
    expect(await method.list('example.org', { limit: 1, index: 1 })).toEqual(['bob']);
    expect(await method.list('example.org', { index: 3 })).toEqual([]);
    expect(await method.count('example.org')).toBe(3);
    expect(await method.count('example.com')).toBe(0);
  });

  test.runIf(keepsAccounts)('passwords are compared as SASLprep has them', async () => {
    const { method, wait } = make();
    await method.register(alice, 'caf\u00e9 \u2168');
    // RFC 4013 section 3: a Roman numeral nine is I and X, and composed letters are one with their parts.
    expect(await wait(method.checkPassword(alice, 'cafe\u0301 IX'))).toBe('accepted');
    expect(await wait(method.checkPassword(alice, 'cafe IX'))).toBe('refused');
    expect(await wait(method.checkPassword(alice, 'caf\u00e9\u0007'))).toBe('refused');
  });

  test('SCRAM secrets are those of the password, for each hash that it says it can serve', async () => {
    const { method } = make();
    for (const hash of ['sha', 'sha224', 'sha256', 'sha384', 'sha512'] as PasswordHash[]) {
      if (!method.capabilities.scram.includes(hash)) {
        expect(await method.scramCredentials(alice, hash)).toBe(undefined);
        continue;
      }
      if (!(await method.exists(alice))) await method.register(alice, 'secret');
      const credentials = await method.scramCredentials(alice, hash);
      const { salt, iterations, storedKey, serverKey } = credentials as NonNullable<typeof credentials>;
      expect(iterations).toBe(10);
      expect(salt).toHaveLength(16);
      const right = scramCredentials(hash === 'sha' ? 'sha1' : hash, 'secret', salt, iterations);
      expect(Buffer.from(storedKey)).toEqual(right.storedKey);
      expect(Buffer.from(serverKey)).toEqual(right.serverKey);
      // The same challenge every time, as that of a stored secret is.
      expect((await method.scramCredentials(alice, hash))?.salt).toEqual(salt);
      expect(await method.scramCredentials(bob, hash)).toBe(undefined);
    }
  });

  test.runIf(!capabilities.register)('a method without accounts neither makes nor changes any', async () => {
    const { method } = make();
    expect(await method.register(alice, 'secret')).toBe('refused');
    expect(await method.setPassword(alice, 'secret')).toBe(false);
    expect(await method.remove(alice)).toBe(false);
    expect(await method.exists(alice)).toBe(false);
    expect(await method.list('example.org', {})).toEqual([]);
    expect(await method.count('example.org')).toBe(0);
  });

  test.runIf(!capabilities.password)('a method that serves no PLAIN takes no password', async () => {
    const { method } = make();
    expect(await method.checkPassword(alice, 'secret')).toBe('unknown');
  });
});

test('every definition is named as its methods are, and listed once', () => {
  for (const { name, start } of authMethods) expect(start(methodContext().context).name).toBe(name);
  expect(new Set(authMethods.map(({ name }) => name)).size).toBe(authMethods.length);
});
