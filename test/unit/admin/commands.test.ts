import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { makeDispatcher } from '../../../src/admin/dispatch.js';
import { commands } from '../../../src/admin/registry.js';
import { Jid } from '../../../src/protocol/jid.js';
import { FakeLog } from '../../support/fake-log.js';
import { MemoryAdmin, type MemoryAdminOptions } from '../../support/memory-admin.js';

function admin(options: MemoryAdminOptions = {}) {
  const context = new MemoryAdmin(options);
  const log = new FakeLog();
  const dispatcher = makeDispatcher(commands, context, log);
  const run = (category: string, command: string, args: Record<string, unknown> = {}) =>
    dispatcher.run({ category, command, args });
  /** The code that it fails with. */
  const failure = (category: string, command: string, args: Record<string, unknown> = {}) =>
    run(category, command, args).then(
      () => 'none',
      (error) => error.code as string,
    );
  const alice = () => run('account', 'registerUser', { domain: 'localhost', username: 'alice', password: 'secret' });
  return { context, log, run, failure, alice };
}

describe('account', () => {
  test('registerUser makes an account, with a name of its own when none is given', async () => {
    const { run, alice } = admin();
    expect(await alice()).toEqual({ jid: 'alice@localhost', message: expect.any(String) });
    expect(await run('account', 'registerUser', { domain: 'LOCALHOST', password: 'x' })).toMatchObject({
      jid: 'made1@localhost',
    });
    expect(await run('account', 'listUsers', { domain: 'localhost' })).toEqual(['alice@localhost', 'made1@localhost']);
    expect(await run('account', 'listUsers', { domain: 'localhost', limit: 1, index: 1 })).toEqual(['made1@localhost']);
    expect(await run('account', 'countUsers', { domain: 'localhost' })).toBe(2);
  });

  test('registerUser says why it refuses', async () => {
    const { failure, alice } = admin({ domains: ['localhost', 'ldap'], maxUsers: 1, readOnly: ['ldap'] });
    await alice();
    const register = (args: object) =>
      failure('account', 'registerUser', { domain: 'localhost', username: 'bob', password: 'x', ...args });
    expect(await register({ username: 'alice' })).toBe('exists');
    expect(await register({})).toBe('limit_per_domain_exceeded');
    expect(await register({ domain: 'elsewhere' })).toBe('domain_not_found');
    expect(await register({ domain: 'ldap' })).toBe('not_allowed');
    expect(await register({ password: '' })).toBe('empty_password');
    expect(await register({ username: 'a b' })).toBe('invalid_argument');
  });

  test('removeUser removes once', async () => {
    const { run, failure, alice } = admin();
    await alice();
    expect(await run('account', 'removeUser', { user: 'alice@localhost/phone' })).toMatchObject({
      jid: 'alice@localhost',
    });
    expect(await failure('account', 'removeUser', { user: 'alice@localhost' })).toBe('not_allowed');
    expect(await failure('account', 'removeUser', { user: 'localhost' })).toBe('invalid_jid');
  });

  test('checkUser and checkPassword answer, and know who is not there', async () => {
    const { run, failure, alice } = admin();
    await alice();
    expect(await run('account', 'checkUser', { user: 'alice@localhost' })).toMatchObject({ exist: true });
    expect(await run('account', 'checkUser', { user: 'bob@localhost' })).toMatchObject({ exist: false });
    expect(await run('account', 'checkUser', { user: 'alice@elsewhere' })).toMatchObject({ exist: false });
    const check = { user: 'alice@localhost', password: 'secret' };
    expect(await run('account', 'checkPassword', check)).toMatchObject({ correct: true });
    expect(await run('account', 'checkPassword', { ...check, password: 'Secret' })).toMatchObject({ correct: false });
    expect(await failure('account', 'checkPassword', { ...check, user: 'bob@localhost' })).toBe('user_does_not_exist');
  });

  test.each([
    ['md5', 'md5'],
    ['sha', 'sha1'],
  ])('checkPasswordHash takes %s as MongooseIM writes it, and in proper hexadecimal', async (hashMethod, algorithm) => {
    const { run } = admin();
    // A password whose hash has a byte below 16.
    await run('account', 'registerUser', { domain: 'localhost', username: 'alice', password: 'secret7' });
    const bytes = [...createHash(algorithm).update('secret7').digest()];
    const check = (passwordHash: string) =>
      run('account', 'checkPasswordHash', { user: 'alice@localhost', passwordHash, hashMethod });

    const unpadded = bytes.map((byte) => byte.toString(16).toUpperCase()).join('');
    const padded = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
    expect(await check(unpadded)).toMatchObject({ correct: true });
    expect(await check(padded)).toMatchObject({ correct: true });
    expect(await check(padded.replace(/.$/, (last) => (last === '0' ? '1' : '0')))).toMatchObject({ correct: false });
  });

  test('checkPasswordHash refuses unknown methods and accounts', async () => {
    const { failure, alice } = admin();
    await alice();
    const check = (args: object) =>
      failure('account', 'checkPasswordHash', {
        user: 'alice@localhost',
        passwordHash: '00',
        hashMethod: 'md5',
        ...args,
      });
    expect(await check({ hashMethod: 'constructor' })).toBe('wrong_method');
    expect(await check({ user: 'bob@localhost' })).toBe('wrong_user');
  });

  test('changeUserPassword changes it, banUser locks it and ends the sessions', async () => {
    const { context, run, failure, alice } = admin();
    await alice();
    await run('account', 'changeUserPassword', { user: 'alice@localhost', newPassword: 'better' });
    expect(await context.accounts.checkPassword(Jid.parse('alice@localhost')!, 'better')).toBe(true);
    expect(await failure('account', 'changeUserPassword', { user: 'bob@localhost', newPassword: 'x' })).toBe(
      'not_allowed',
    );

    context.addSession('alice@localhost/phone');
    await run('account', 'banUser', { user: 'alice@localhost', reason: 'spam' });
    expect(context.kicked).toEqual([{ jid: 'alice@localhost/phone', reason: 'spam' }]);
    expect(await context.accounts.checkPassword(Jid.parse('alice@localhost')!, 'better')).toBe(false);
    expect(await failure('account', 'banUser', { user: 'bob@localhost', reason: 'x' })).toBe('user_does_not_exist');
  });
});

describe('session', () => {
  function withSessions() {
    const all = admin({ domains: ['localhost', 'other'] });
    all.context.addSession('alice@localhost/phone');
    all.context.addSession('alice@localhost/desk', { isSecure: false, priority: undefined });
    all.context.addSession('bob@other/x');
    return all;
  }

  test('listSessions shows every field, in order of the addresses', async () => {
    const { run, failure } = withSessions();
    const facts = { ip: '192.0.2.1', port: 50_000, node: 'node1', uptime: 60 };
    const alices = [
      { ...facts, user: 'alice@localhost/desk', connection: 'c2s', priority: null },
      { ...facts, user: 'alice@localhost/phone', connection: 'c2s_tls', priority: 5 },
    ];
    expect(await run('session', 'listSessions', { domain: 'localhost' })).toEqual(alices);
    expect(await run('session', 'listUserSessions', { user: 'alice@localhost' })).toEqual(alices);
    expect(await run('session', 'listSessions')).toHaveLength(3);
    expect(await run('session', 'countSessions')).toBe(3);
    expect(await run('session', 'countSessions', { domain: 'other' })).toBe(1);
    expect(await failure('session', 'countSessions', { domain: 'elsewhere' })).toBe('domain_not_found');
  });

  test('resources of an account are counted and numbered from 1', async () => {
    const { run, failure } = withSessions();
    expect(await run('session', 'countUserResources', { user: 'alice@localhost' })).toBe(2);
    expect(await run('session', 'getUserResource', { user: 'alice@localhost', number: 2 })).toBe('phone');
    expect(await failure('session', 'getUserResource', { user: 'alice@localhost', number: 3 })).toBe(
      'wrong_res_number',
    );
    expect(await failure('session', 'getUserResource', { user: 'alice@localhost', number: 0 })).toBe(
      'invalid_argument',
    );
    expect(await failure('session', 'countUserResources', { user: 'carol@localhost' })).toBe('user_not_found');
  });

  test('kickUserSession ends one, kickUser the rest', async () => {
    const { context, run, failure } = withSessions();
    const one = { jid: 'alice@localhost/phone', kicked: true, code: null, message: expect.any(String) };
    expect(await run('session', 'kickUserSession', { user: 'alice@localhost/phone', reason: 'Bye' })).toEqual(one);
    expect(await failure('session', 'kickUserSession', { user: 'alice@localhost/phone' })).toBe('no_session');
    expect(await failure('session', 'kickUserSession', { user: 'alice@localhost' })).toBe('invalid_argument');
    expect(await run('session', 'kickUser', { user: 'alice@localhost' })).toEqual([
      { ...one, jid: 'alice@localhost/desk' },
    ]);
    expect(await run('session', 'kickUser', { user: 'alice@localhost' })).toEqual([]);
    expect(context.kicked).toEqual([
      { jid: 'alice@localhost/phone', reason: 'Bye' },
      { jid: 'alice@localhost/desk', reason: expect.stringContaining('administrator') },
    ]);
  });
});

describe('server', () => {
  test('status, stop and the level of the log', async () => {
    const { context, run, failure } = admin();
    expect(await run('server', 'status')).toEqual({
      statusCode: 'RUNNING',
      message: 'Meerkat 1.2.3 has been running for 1 d 2 h 3 min 4 s on node1',
      version: '1.2.3',
      commitHash: '',
    });
    expect(await run('server', 'getLoglevel')).toBe('WARNING');
    await run('server', 'setLoglevel', { level: 'DEBUG' });
    expect(await run('server', 'getLoglevel')).toBe('DEBUG');
    expect(await failure('server', 'setLoglevel', { level: 'loud' })).toBe('invalid_argument');
    await run('server', 'stop');
    expect(context.isStopped).toBe(true);
  });
});

describe('metric', () => {
  test('getMetricsAsDicts shows what is asked for, by the parts of names and by keys', async () => {
    const { context, run, failure } = admin();
    const sent = { name: 'stanzas_sent', type: 'counter', doc: 'Stanzas sent', labels: ['kind'] } as const;
    context.metrics.counter(sent, { kind: 'iq' }).add(3);
    context.metrics.counter(sent, { kind: 'message' }).add(7);
    const wait = { name: 'wait_ms', type: 'histogram', doc: 'Time waited', buckets: [10] } as const;
    context.metrics.histogram(wait).observe(4);
    const ask = (args = {}) => run('metric', 'getMetricsAsDicts', args);
    const messages = { name: ['stanzas_sent', 'message'], dict: [{ key: 'count', value: 7 }] };
    expect(await ask()).toHaveLength(3);
    expect(await ask({ name: ['stanzas', 'message'] })).toEqual([messages]);
    expect(await ask({ name: 'stanzas_sent' })).toHaveLength(2);
    expect(await ask({ keys: ['upTo10'] })).toEqual([{ name: ['wait_ms'], dict: [{ key: 'upTo10', value: 1 }] }]);
    expect(await ask({ name: ['wait_ms', 'message'] })).toEqual([]);
    expect(await failure('metric', 'getMetricsAsDicts', { keys: [7] })).toBe('invalid_argument');
  });
});

describe('a call', () => {
  test('of something unknown is told what was probably meant', async () => {
    const { run } = admin();
    const call = (category: string, command: string, args = {}) =>
      run(category, command, args).catch((error) => `${error.code}: ${error.message}`);
    expect(await call('acount', 'listUsers')).toMatch(/^unknown_category: .*did you mean account\?$/);
    expect(await call('account', 'listUser')).toMatch(/^unknown_command: .*did you mean listUsers\?$/);
    expect(await call('account', 'countUsers', { domian: 'x' })).toMatch(
      /^unknown_argument: .*did you mean --domain\?$/,
    );
    expect(await call('account', 'countUsers')).toMatch(/^missing_argument: --domain/);
    expect(await call('account', 'countUsers', { domain: null })).toMatch(/^missing_argument/);
    expect(await call('account', 'countUsers', { domain: 7 })).toMatch(/^invalid_argument/);
    expect(await call('config', 'check', { file: '/etc/passwd' })).toMatch(/^command_not_remote/);
  });

  test('that changes something is logged without its secrets', async () => {
    const { log, run, alice } = admin();
    await alice();
    await run('account', 'countUsers', { domain: 'localhost' });
    expect(log.events('notice')).toEqual(['admin.command']);
    expect(JSON.stringify(log.entries)).toContain('alice');
    expect(JSON.stringify(log.entries)).not.toContain('"secret"');
  });

  test('with a wrong secret is refused without repeating it', async () => {
    const { run } = admin();
    const args = { domain: 'localhost', username: 'alice', password: 12345678 };
    await expect(run('account', 'registerUser', args)).rejects.toThrow(/^(?!.*12345678)/);
  });

  test('that makes the server fail is answered and logged', async () => {
    const { context, log, failure } = admin();
    context.accounts.count = () => Promise.reject(new Error('the disk is gone'));
    expect(await failure('account', 'countUsers', { domain: 'localhost' })).toBe('internal_server_error');
    expect(log.events('error')).toEqual(['admin.command.crashed']);
  });
});
