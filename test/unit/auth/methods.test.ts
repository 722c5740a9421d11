/** What single methods do beside the contract that all share. */
import { describe, expect, test } from 'vitest';
import anonymous from '../../../src/auth/methods/anonymous.js';
import dummy from '../../../src/auth/methods/dummy.js';
import internal from '../../../src/auth/methods/internal.js';
import { readPassDetails, writePassDetails } from '../../../src/auth/methods/pass-details.js';
import rdbms from '../../../src/auth/methods/rdbms.js';
import type { AnonymousAuth } from '../../../src/platform/config/index.js';
import { methodContext } from '../../support/accounts-kit.js';
import { scramCredentials } from '../../support/sasl-context.js';

const alice = { local: 'alice', domain: 'example.org' };
const nobody = { local: 'nobody', domain: 'example.org' };
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

describe('pass_details', () => {
  const secret = (digest: string) => scramCredentials(digest, 'pencil', Buffer.alloc(16, 3), 4096);

  test("is MongooseIM's: iterations, then tag, salt, stored key and server key of each hash", () => {
    const sha = secret('sha1');
    const sha512 = secret('sha512');
    const block = (of: typeof sha) => [of.salt, of.storedKey, of.serverKey].map(base64).join('|');
    expect(writePassDetails(4096, { sha512, sha })).toBe(
      `==MULTI_SCRAM==,4096,===SHA1===${block(sha)},==SHA512==${block(sha512)}`,
    );
  });

  test('comes back as it was written', () => {
    const secrets = {
      sha: secret('sha1'),
      sha224: secret('sha224'),
      sha256: secret('sha256'),
      sha384: secret('sha384'),
      sha512: secret('sha512'),
    };
    expect(readPassDetails(writePassDetails(4096, secrets))).toEqual(secrets);
  });

  test('the form before MongooseIM 3.7 is read: keys first, SHA-1 alone', () => {
    const { salt, storedKey, serverKey, iterations } = secret('sha1');
    const text = `==SCRAM==,${base64(storedKey)},${base64(serverKey)},${base64(salt)},${iterations}`;
    expect(readPassDetails(text)).toEqual({ sha: secret('sha1') });
  });

  test.each([
    '',
    'secret',
    '==SCRAM==,a',
    '==SCRAM==,YQ==,YQ==,YQ==,0',
    '==SCRAM==,YQ==,YQ==,YQ==,9,x',
    '==MULTI_SCRAM==,4096',
    '==MULTI_SCRAM==,x,===SHA1===YQ==|YQ==|YQ==',
    '==MULTI_SCRAM==,1,===MD5====YQ==|YQ==|YQ==',
    '==MULTI_SCRAM==,1,===SHA1===YQ==|YQ==',
    '==MULTI_SCRAM==,1,===SHA1===|YQ==|YQ==',
    '==MULTI_SCRAM==,-1,===SHA1===YQ==|YQ==|YQ==',
    '==MULTI_SCRAM==,1,===SHA1===YQ==|YQ==|YQ==|YQ==',
  ])('%j opens no account', async (passDetails) => {
    expect(readPassDetails(passDetails)).toBe(undefined);
    const { context, internal: users } = methodContext();
    users.records.set('alice@example.org', { password: '', passDetails });
    const method = internal.start(context);
    expect(await method.checkPassword(alice, '')).toBe('refused');
    expect(await method.checkPassword(alice, 'secret')).toBe('refused');
    expect(await method.scramCredentials(alice, 'sha')).toBe(undefined);
  });
});

describe('stored accounts', () => {
  test('a scram record holds no password, a plain one nothing else', async () => {
    const scram = methodContext();
    await internal.start(scram.context).register(alice, 'secret');
    const kept = scram.internal.records.get('alice@example.org');
    expect(kept).toMatchObject({ password: '', passDetails: expect.stringMatching(/^==MULTI_SCRAM==,10,===SHA1===/) });
    expect(kept?.passDetails?.split(',')).toHaveLength(7);

    const plain = methodContext({ password: { format: 'plain', scram_iterations: 10 } });
    await rdbms.start(plain.context).register(alice, 'secret');
    expect(plain.rdbms.records.get('alice@example.org')).toEqual({ password: 'secret', passDetails: undefined });
    expect(plain.internal.records.size).toBe(0);
  });

  test('each hash has a salt of its own', async () => {
    const { context } = methodContext();
    const method = internal.start(context);
    await method.register(alice, 'secret');
    const salts = await Promise.all(
      context.config.password.hash ?? (['sha', 'sha256'] as const).map((hash) => method.scramCredentials(alice, hash)),
    );
    expect(salts[0]).not.toEqual(salts[1]);
  });

  test('records of the other format still serve, whatever the format is now', async () => {
    const { context, internal: users } = methodContext();
    const method = internal.start(context);
    users.records.set('alice@example.org', { password: 'old', passDetails: undefined });
    expect(await method.checkPassword(alice, 'old')).toBe('accepted');
    expect(await method.scramCredentials(alice, 'sha256')).toMatchObject({ iterations: 10 });
  });

  test('an empty password in a plain record opens nothing', async () => {
    const { context, internal: users } = methodContext();
    users.records.set('alice@example.org', { password: '', passDetails: undefined });
    expect(await internal.start(context).checkPassword(alice, '')).toBe('refused');
  });

  test('passwords prepared by MongooseIM (resourceprep) still open their accounts', async () => {
    const { context, internal: users } = methodContext();
    const secret = scramCredentials('sha1', 'ab', Buffer.alloc(16, 1), 10);
    users.records.set('alice@example.org', { password: '', passDetails: writePassDetails(10, { sha: secret }) });
    expect(await internal.start(context).checkPassword(alice, 'a\u200bb')).toBe('accepted');
  });

  test('a storage failure is thrown, never taken for a no', async () => {
    const { context, internal: users } = methodContext();
    users.failure = new Error('database away');
    const method = internal.start(context);
    await expect(method.checkPassword(alice, 'x')).rejects.toThrow('database away');
    await expect(method.scramCredentials(alice, 'sha')).rejects.toThrow('database away');
    await expect(method.exists(alice)).rejects.toThrow('database away');
  });
});

describe.each(['scram', 'plain'] as const)('decoys with format %s', (format) => {
  const kit = () => methodContext({ password: { format, scram_iterations: 10 } });

  test('look like an account: the same salt each time and after a restart, another one for each name and hash', async () => {
    const decoy = async (account = nobody, hash: 'sha' | 'sha256' = 'sha256', secret?: Uint8Array) => {
      const { context } = kit();
      const method = internal.start({ ...context, ...(secret && { secret }) });
      return method.decoy?.scramCredentials(account, hash);
    };
    const first = await decoy();
    expect(first).toMatchObject({ iterations: 10 });
    expect(first?.salt).toHaveLength(16);
    expect(first?.storedKey).toHaveLength(32);
    expect(await decoy()).toEqual(first);
    expect((await decoy(alice))?.salt).not.toEqual(first?.salt);
    expect((await decoy(nobody, 'sha'))?.salt).not.toEqual(first?.salt);
    expect((await decoy(nobody, 'sha256', Buffer.alloc(32, 'other')))?.salt).not.toEqual(first?.salt);
    // Local and domain do not run together.
    expect((await decoy({ local: 'nobodyexample', domain: '.org' }))?.salt).not.toEqual(first?.salt);
  });

  test('make the same work as an account that exists', async () => {
    const real = kit();
    const method = internal.start(real.context);
    await method.register(alice, 'secret');
    real.tasks.done.length = 0;
    await method.checkPassword(alice, 'wrong');
    await method.scramCredentials(alice, 'sha256');
    const work = real.tasks.done.map(({ name, input }) => [name, input.iterations]);

    real.tasks.done.length = 0;
    await method.decoy?.checkPassword(nobody, 'wrong');
    await method.decoy?.scramCredentials(nobody, 'sha256');
    expect(real.tasks.done.map(({ name, input }) => [name, input.iterations])).toEqual(work);
    expect(work).toEqual(format === 'scram' ? [['pbkdf2', 10]] : [['scramSecrets', 10]]);
  });
});

describe('anonymous', () => {
  const start = (settings: Partial<AnonymousAuth>) => {
    const kit = methodContext({ anonymous: { protocol: 'both', allow_multiple_connections: false, ...settings } });
    return { ...kit, method: anonymous.start(kit.context) };
  };

  test.each([
    ['sasl_anon', true, false],
    ['login_anon', false, true],
    ['both', true, true],
  ] as const)('protocol %s: ANONYMOUS %s, PLAIN %s', (protocol, saslAnonymous, password) => {
    const { method } = start({ protocol });
    expect(method.capabilities).toMatchObject({ anonymous: saslAnonymous, password, register: false, stored: false });
  });

  test('login_anon: any password opens a free name', async () => {
    expect(await start({}).method.checkPassword(nobody, 'whatever')).toBe('accepted');
  });

  test('login_anon: the name of a stored account is left to its own method', async () => {
    const { method, internal: users } = start({});
    users.records.set('alice@example.org', { password: 'x', passDetails: undefined });
    expect(await method.checkPassword(alice, 'whatever')).toBe('unknown');
    users.failure = new Error('database away');
    await expect(method.checkPassword(nobody, 'whatever')).rejects.toThrow('database away');
  });

  test('a name in use is taken unless several connections are allowed', async () => {
    const single = start({});
    single.online.add('nobody@example.org');
    expect(await single.method.checkPassword(nobody, '')).toBe('refused');
    expect(await single.method.exists(nobody)).toBe(true);
    const many = start({ allow_multiple_connections: true });
    many.online.add('nobody@example.org');
    expect(await many.method.checkPassword(nobody, '')).toBe('accepted');
  });
});

describe('dummy', () => {
  test('takes every password after base_time and a part of variance', async () => {
    for (const [fraction, at] of [
      [0, 101],
      [0.999, 120],
    ] as const) {
      const { context, clock } = methodContext({ dummy: { base_time: 100, variance: 20 } });
      const method = dummy.start({ ...context, random: { ...context.random, fraction: () => fraction } });
      let verdict: string | undefined;
      void method.checkPassword(nobody, 'x').then((answer) => {
        verdict = answer;
      });
      await clock.advance(at - 1);
      expect(verdict).toBe(undefined);
      await clock.advance(1);
      expect(verdict).toBe('accepted');
    }
  });
});
