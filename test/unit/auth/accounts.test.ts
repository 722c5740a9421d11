/** The accounts of a host type over several methods. */
import { describe, expect, test } from 'vitest';
import { StorageError } from '../../../src/core/storage/index.js';
import { Jid } from '../../../src/protocol/jid.js';
import { accountsKit } from '../../support/accounts-kit.js';

const jid = (text: string) => Jid.parse(text) as Jid;
const alice = jid('alice@example.org');
const bob = jid('bob@example.org');
const both = { methods: ['internal', 'rdbms'] };
const record = (password: string) => ({ password, passDetails: undefined });

describe('register', () => {
  test('makes an account in the first method that can, and tells', async () => {
    const { accounts, internal, rdbms, told } = accountsKit({ methods: ['anonymous', 'rdbms', 'internal'] });
    expect(accounts.isAllowedToRegister).toBe(true);
    expect(await accounts.register(alice, 'secret')).toBe('registered');
    expect([internal.records.size, rdbms.records.size]).toEqual([0, 1]);
    expect(told).toEqual(['registered alice@example.org']);
    expect(await accounts.checkPassword(alice, 'secret')).toBe(true);
  });

  test('finds an account in any method', async () => {
    const { accounts, rdbms, told } = accountsKit(both);
    rdbms.records.set('alice@example.org', record('x'));
    expect(await accounts.register(alice, 'secret')).toBe('exists');
    expect(told).toEqual([]);
  });

  test.each([
    [alice, '', 'empty-password'],
    [alice, '\u00ad', 'empty-password'],
    [alice, 'bell\u0007', 'invalid-password'],
    [jid('example.org'), 'secret', 'invalid-jid'],
    [jid('alice@example.org/phone'), 'secret', 'invalid-jid'],
  ] as const)('%s with password %j: %s', async (account, password, outcome) => {
    const { accounts, internal } = accountsKit();
    expect(await accounts.register(account, password)).toBe(outcome);
    expect(internal.records.size).toBe(0);
  });

  test('no method that can: not allowed', async () => {
    const { accounts } = accountsKit({ methods: ['anonymous'] });
    expect(accounts.isAllowedToRegister).toBe(false);
    expect(await accounts.register(alice, 'secret')).toBe('not-allowed');
  });

  test('max_users_per_domain counts each domain for itself', async () => {
    const { accounts } = accountsKit({ max_users_per_domain: 1 });
    expect(await accounts.register(alice, 'secret')).toBe('registered');
    expect(await accounts.register(bob, 'secret')).toBe('limit');
    expect(await accounts.register(alice, 'secret')).toBe('exists');
    expect(await accounts.register(jid('bob@example.net'), 'secret')).toBe('registered');
    expect(await accounts.remove(alice)).toBe('removed');
    expect(await accounts.register(bob, 'secret')).toBe('registered');
  });

  test('a name that is too long for the table is no address for an account', async () => {
    const { accounts, internal } = accountsKit();
    internal.add = () => Promise.reject(new StorageError('too-long', 'value too long'));
    expect(await accounts.register(alice, 'secret')).toBe('invalid-jid');
  });

  test('two at once make one account', async () => {
    const { accounts, told } = accountsKit();
    const outcomes = await Promise.all([accounts.register(alice, 'one'), accounts.register(alice, 'two')]);
    expect(outcomes.sort()).toEqual(['exists', 'registered']);
    expect(told).toHaveLength(1);
  });

  test('a method that cannot answer stops it, so that no name is given twice', async () => {
    const { accounts, internal } = accountsKit(both);
    internal.failure = new Error('database away');
    await expect(accounts.register(alice, 'secret')).rejects.toThrow('database away');
  });
});

describe('changing, removing, banning', () => {
  test('changePassword works where the account is', async () => {
    const { accounts, rdbms } = accountsKit(both);
    rdbms.records.set('alice@example.org', record('old'));
    expect(await accounts.changePassword(alice, 'new')).toBe('changed');
    expect(await accounts.checkPassword(alice, 'new')).toBe(true);
    expect(await accounts.changePassword(bob, 'new')).toBe('no-account');
    expect(await accounts.changePassword(alice, '')).toBe('empty-password');
  });

  test('an anonymous user has no password to change and no account to remove', async () => {
    const { accounts, online } = accountsKit({ methods: ['internal', 'anonymous'] });
    online.add('alice@example.org');
    expect(await accounts.changePassword(alice, 'new')).toBe('not-allowed');
    expect(await accounts.remove(alice)).toBe('not-allowed');
    expect(await accounts.exists(alice)).toBe(true);
    expect(await accounts.isStored(alice)).toBe(false);
  });

  test('remove empties every method, and tells once', async () => {
    const { accounts, internal, rdbms, told } = accountsKit(both);
    for (const users of [internal, rdbms]) users.records.set('alice@example.org', record('x'));
    expect(await accounts.remove(alice)).toBe('removed');
    expect(internal.records.size + rdbms.records.size).toBe(0);
    expect(told).toEqual(['removed alice@example.org']);
    expect(await accounts.remove(alice)).toBe('no-account');
  });

  test('ban puts a password that nobody knows in the place of the old one', async () => {
    const { accounts, internal } = accountsKit({ password: { format: 'plain', scram_iterations: 10 } });
    await accounts.register(alice, 'secret');
    expect(await accounts.ban(alice, 'spam')).toBe('changed');
    expect(await accounts.checkPassword(alice, 'secret')).toBe(false);
    const first = internal.records.get('alice@example.org')?.password;
    expect(first).toMatch(/^BANNED_ACCOUNT--2030-01-01T00:00:00Z--[0-9a-f]{32}--spam$/);
    await accounts.ban(alice, 'a reason with a bell \u0007');
    expect(internal.records.get('alice@example.org')?.password).toMatch(/--[0-9a-f]{32}--$/);
    expect(internal.records.get('alice@example.org')?.password).not.toBe(first);
    expect(await accounts.ban(bob, 'spam')).toBe('no-account');
  });
});

describe('list and count', () => {
  test('go over the methods in order, a page at a time', async () => {
    const { accounts, internal, rdbms } = accountsKit(both);
    for (const name of ['b', 'a']) internal.records.set(`${name}@example.org`, record('x'));
    for (const name of ['d', 'c', 'e']) rdbms.records.set(`${name}@example.org`, record('x'));
    expect(await accounts.list('example.org')).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(await accounts.list('example.org', { limit: 3 })).toEqual(['a', 'b', 'c']);
    expect(await accounts.list('example.org', { limit: 2, index: 1 })).toEqual(['b', 'c']);
    expect(await accounts.list('example.org', { limit: 2, index: 3 })).toEqual(['d', 'e']);
    expect(await accounts.list('example.org', { index: 9 })).toEqual([]);
    expect(await accounts.list('example.org', { limit: 0 })).toEqual([]);
    expect(await accounts.count('example.org')).toBe(5);
  });
});

describe('loginMethods', () => {
  test('the first method that says yes lets in, whatever those before it say', async () => {
    const { accounts, internal, rdbms } = accountsKit(both);
    internal.records.set('alice@example.org', record('one'));
    rdbms.records.set('alice@example.org', record('two'));
    const methods = accounts.loginMethods();
    expect(await methods.checkPassword(alice, 'one')).toBe('internal');
    expect(await methods.checkPassword(alice, 'two')).toBe('rdbms');
    expect(await methods.checkPassword(alice, 'three')).toBe(undefined);
    expect((await methods.scramCredentials(alice, 'sha')).method).toBe('internal');
    expect(await methods.acceptCertificate(alice)).toBe('internal');
    expect(await methods.acceptCertificate(bob)).toBe(undefined);
  });

  test("a listener's allowed_auth_methods leave the others out", async () => {
    const { accounts, internal } = accountsKit({ methods: ['internal', 'rdbms', 'anonymous'] });
    internal.records.set('alice@example.org', record('one'));
    const methods = accounts.loginMethods(['rdbms']);
    expect(await methods.checkPassword(alice, 'one')).toBe(undefined);
    expect((await methods.scramCredentials(alice, 'sha')).method).toBe(undefined);
    expect(await methods.acceptCertificate(alice)).toBe(undefined);
    expect(methods.anonymous).toBe(undefined);
    expect(accounts.loginMethods().anonymous).toBe('anonymous');
    expect(accounts.loginMethods([]).capabilities).toEqual([]);
  });

  test('a method that is away does not keep the next one from saying yes, but is no no', async () => {
    const { accounts, internal, rdbms } = accountsKit(both);
    internal.failure = new Error('database away');
    rdbms.records.set('alice@example.org', record('two'));
    const methods = accounts.loginMethods();
    expect(await methods.checkPassword(alice, 'two')).toBe('rdbms');
    await expect(methods.checkPassword(alice, 'wrong')).rejects.toThrow('database away');
    await expect(methods.scramCredentials(bob, 'sha')).rejects.toThrow('database away');
  });

  test('an unknown account costs what a wrong password costs, and gets a challenge like any other', async () => {
    const { accounts, tasks } = accountsKit();
    await accounts.register(alice, 'secret');
    const methods = accounts.loginMethods();
    const cost = async (work: () => Promise<unknown>) => {
      tasks.done.length = 0;
      await work();
      return tasks.done.map(({ name, input }) => `${name} ${input.iterations}`);
    };
    const known = await cost(() => methods.checkPassword(alice, 'wrong'));
    expect(known).toEqual(['pbkdf2 10']);
    expect(await cost(() => methods.checkPassword(bob, 'wrong'))).toEqual(known);

    const real = await methods.scramCredentials(alice, 'sha256');
    const decoy = await methods.scramCredentials(bob, 'sha256');
    expect([real.method, decoy.method]).toEqual(['internal', undefined]);
    const shape = ({ salt, iterations, storedKey }: typeof real.credentials) => [
      salt.length,
      iterations,
      storedKey.length,
    ];
    expect(shape(decoy.credentials)).toEqual(shape(real.credentials));
  });
});

test('a method that does not exist is named', () => {
  expect(() => accountsKit({ methods: ['internal', 'riak'] })).toThrow('auth.methods: there is no method "riak"');
});
