/** SCRAM against the vectors of the RFCs, and against what a hostile client may send. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ScramExchange } from '../../../src/auth/mechanisms/scram.js';
import type { PasswordHash } from '../../../src/core/auth/config.js';
import type { ExchangeContext, SaslStep } from '../../../src/core/auth/mechanism.js';
import { methodsFor, saslContext } from '../../support/sasl-context.js';
import { ScramClient, type ScramClientOptions } from '../../support/scram-client.js';

const hashes: [string, PasswordHash][] = [
  ['SCRAM-SHA-1', 'sha'],
  ['SCRAM-SHA-224', 'sha224'],
  ['SCRAM-SHA-256', 'sha256'],
  ['SCRAM-SHA-384', 'sha384'],
  ['SCRAM-SHA-512', 'sha512'],
];
const nonce = '3rfcNHYJY1ZVvWVs7j';
const binding = Buffer.from('bytes that only this channel has');
const bound = { channelBinding: (type: string) => (type === 'tls-exporter' ? binding : undefined) };

function exchangeOf(mechanism: string, changes: Partial<ExchangeContext> = {}): ScramExchange {
  const hash = hashes.find(([name]) => mechanism.replace('-PLUS', '') === name)?.[1] as PasswordHash;
  return new ScramExchange(hash, mechanism, saslContext(changes), nonce);
}

async function login(options: Partial<ScramClientOptions>, changes: Partial<ExchangeContext> = {}) {
  const client = new ScramClient({
    mechanism: 'SCRAM-SHA-256',
    username: 'user',
    password: 'pencil',
    ...options,
  } as ScramClientOptions);
  const exchange = exchangeOf(client.mechanism, changes);
  const challenge = await exchange.step(client.first());
  if (challenge.kind !== 'challenge') return { client, step: challenge };
  return { client, step: await exchange.step(client.final(challenge.data)) };
}

function conditionOf(step: SaslStep): string {
  return step.kind === 'failure' ? step.failure.condition : step.kind;
}

async function conversation(exchange: ScramExchange, ...messages: string[]): Promise<string> {
  let step: SaslStep | undefined;
  for (const message of messages) step = await exchange.step(Buffer.from(message, 'latin1'));
  return conditionOf(step as SaslStep);
}

async function reply(exchange: ScramExchange, message: string): Promise<string> {
  const step = await exchange.step(Buffer.from(message));
  return step.kind === 'failure' ? step.failure.condition : Buffer.from(step.data ?? []).toString();
}

function withSalt(salt: string): Partial<ExchangeContext> {
  const account = { local: 'user', domain: 'example.org' };
  return {
    methods: methodsFor({ account, password: 'pencil', salt: Buffer.from(salt, 'base64'), iterations: 4096 }),
  };
}

describe('vectors', () => {
  test('RFC 5802 section 5: the exchange of SCRAM-SHA-1', async () => {
    const exchange = new ScramExchange('sha', 'SCRAM-SHA-1', saslContext(withSalt('QSXCR+Q6sek8bf92')), nonce);
    expect(await reply(exchange, 'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL')).toBe(
      'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
    );
    const final = 'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=';
    expect(await reply(exchange, final)).toBe('v=rmF9pqV8S7suAoZWja4dJRkFsKQ=');
  });

  test('RFC 7677 section 3: the exchange of SCRAM-SHA-256', async () => {
    const context = saslContext(withSalt('W22ZaJ0SNY7soEsUEjb6gQ=='));
    const exchange = new ScramExchange('sha256', 'SCRAM-SHA-256', context, '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0');
    expect(await reply(exchange, 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO')).toBe(
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    );
    const final =
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=';
    expect(await reply(exchange, final)).toBe('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
  });
});

describe.each(hashes)('%s', (mechanism) => {
  test('lets the right password in and proves that the server knows it', async () => {
    const { client, step } = await login({ mechanism });
    expect(step).toMatchObject({ kind: 'success', identity: { method: 'internal', mechanism } });
    expect(step.kind === 'success' && client.verify(step.data as Uint8Array)).toBe(true);
    expect(step.kind === 'success' && step.identity.jid.toString()).toBe('user@example.org');
  });

  test('refuses a wrong password and an unknown account alike', async () => {
    expect(conditionOf((await login({ mechanism, password: 'pencils' })).step)).toBe('not-authorized');
    expect(conditionOf((await login({ mechanism, username: 'nobody' })).step)).toBe('not-authorized');
    // Even the password that the decoy was made of lets nobody in.
    const lucky = await login({ mechanism, username: 'nobody', password: 'of nobody' });
    expect(conditionOf(lucky.step)).toBe('not-authorized');
  });

  test('-PLUS binds to the channel', async () => {
    const plus = { mechanism: `${mechanism}-PLUS`, channelBinding: { type: 'tls-exporter', data: binding } };
    const { client, step } = await login(plus, bound);
    expect(step.kind === 'success' && client.verify(step.data as Uint8Array)).toBe(true);
    const stolen = { ...plus, channelBinding: { type: 'tls-exporter', data: Buffer.from('another channel') } };
    expect(conditionOf((await login(stolen, bound)).step)).toBe('not-authorized');
  });
});

describe('channel binding (RFC 5802 section 6)', () => {
  const plus = 'SCRAM-SHA-256-PLUS';
  const tlsExporter = { type: 'tls-exporter', data: binding };

  test('a -PLUS mechanism without binding is malformed', async () => {
    expect(conditionOf((await login({ mechanism: plus }, bound)).step)).toBe('malformed-request');
    expect(conditionOf((await login({ mechanism: plus, flag: 'y' }, bound)).step)).toBe('malformed-request');
  });

  test('binding without a -PLUS mechanism is malformed', async () => {
    expect(conditionOf((await login({ channelBinding: tlsExporter }, bound)).step)).toBe('malformed-request');
  });

  test.each(['tls-unique', 'tls-server-end-point', 'made-up', 'constructor'])(
    '%s is refused when we lack it',
    async (type) => {
      const { step } = await login({ mechanism: plus, channelBinding: { type, data: binding } }, bound);
      expect(conditionOf(step)).toBe('malformed-request');
    },
  );

  test.each(['tls-unique', 'tls-server-end-point'])('%s serves where the engine has it', async (type) => {
    const data = Buffer.from(type);
    const { step } = await login(
      { mechanism: plus, channelBinding: { type, data } },
      { channelBinding: (wanted) => (wanted === type ? data : undefined) },
    );
    expect(conditionOf(step)).toBe('success');
  });

  test('a client that saw no -PLUS although we offered it was attacked', async () => {
    const offered = ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256'];
    expect(conditionOf((await login({ flag: 'y' }, { offered })).step)).toBe('malformed-request');
    expect(conditionOf((await login({ flag: 'y' }, { offered: ['SCRAM-SHA-256'] })).step)).toBe('success');
    expect(conditionOf((await login({ flag: 'n' }, { offered })).step)).toBe('success');
  });

  test('the last message has to repeat the header of the first', async () => {
    const exchange = exchangeOf('SCRAM-SHA-256');
    const client = new ScramClient({ mechanism: 'SCRAM-SHA-256', username: 'user', password: 'pencil', flag: 'y' });
    const step = await exchange.step(Buffer.from(client.first().toString().replace(/^y/, 'n')));
    const data = step.kind === 'challenge' ? step.data : Buffer.alloc(0);
    expect(conditionOf(await exchange.step(client.final(data)))).toBe('not-authorized');
  });

  test('binding data that went away between the messages fails', async () => {
    let isThere = true;
    const exchange = exchangeOf(plus, { channelBinding: () => (isThere ? binding : undefined) });
    const client = new ScramClient({
      mechanism: plus,
      username: 'user',
      password: 'pencil',
      channelBinding: tlsExporter,
    });
    const step = await exchange.step(client.first());
    isThere = false;
    const data = step.kind === 'challenge' ? step.data : Buffer.alloc(0);
    expect(conditionOf(await exchange.step(client.final(data)))).toBe('not-authorized');
  });
});

describe('names', () => {
  test('RFC 6120 section 6.3.8: an authzid is the own bare JID or invalid', async () => {
    expect(conditionOf((await login({ authzid: 'user@example.org' })).step)).toBe('success');
    for (const authzid of ['other@example.org', 'user@example.net', 'user', 'user@example.org/phone', '@', 'a@b@c']) {
      expect(conditionOf((await login({ authzid })).step)).toBe('invalid-authzid');
    }
  });

  test('a name is prepared as a localpart', async () => {
    expect(conditionOf((await login({ username: 'USER' })).step)).toBe('success');
  });

  test('RFC 5802 section 5.1: =2C and =3D are a comma and an equals sign, no other = may stand', async () => {
    const asked: string[] = [];
    const context = saslContext();
    const methods = {
      ...context.methods,
      scramCredentials: (...call: Parameters<typeof context.methods.scramCredentials>) => {
        asked.push(call[0].local);
        return context.methods.scramCredentials(...call);
      },
    };
    expect(await conversation(exchangeOf('SCRAM-SHA-1', { methods }), 'n,,n=a=2Cb=3Dc,r=x')).toBe('challenge');
    expect(asked).toEqual(['a,b=c']);
    for (const name of ['a=b', 'a=', 'a=2c', 'a=2Cb=3d']) {
      expect(await conversation(exchangeOf('SCRAM-SHA-1', { methods }), `n,,n=${name},r=x`)).toBe('malformed-request');
    }
  });

  test('a name that can be no localpart is not authorized', async () => {
    expect(await conversation(exchangeOf('SCRAM-SHA-1'), 'n,,n=a b,r=x')).toBe('not-authorized');
  });
});

describe('malformed messages', () => {
  test.each([
    '',
    'n',
    'n,',
    'n,,',
    'n,,n=',
    'n,,n=user',
    'n,,n=user,',
    'n,,n=user,r=',
    'n,,r=x,n=user',
    'x,,n=user,r=x',
    'N,,n=user,r=x',
    'n,a=,n=user,r=x',
    'n,user@example.org,n=user,r=x',
    'p=,,n=user,r=x',
    'p=tls exporter,,n=user,r=x',
    'n,,m=ext,n=user,r=x',
    'n,,n=user,m=ext,r=x',
    'n,,n=user,r=x y',
    'n,,n=user,r=x,',
    'n,,n=user,r=x,a',
    'n,,n=user,r=x,1=a',
    'n,,n=us\0er,r=x',
    'n,,n=user,r=\x7f',
    'n,,n=us\xffer,r=x',
    `n,,n=user,r=${'x'.repeat(257)}`,
    '\xef\xbb\xbfn,,n=user,r=x',
    'n,,n=user,r=x\n',
  ])('first message %j', async (message) => {
    expect(await conversation(exchangeOf('SCRAM-SHA-256'), message)).toBe('malformed-request');
  });

  test('RFC 5802 section 5.1: unknown optional extensions are passed over', async () => {
    expect(await conversation(exchangeOf('SCRAM-SHA-256'), 'n,,n=user,r=x,z=whatever')).toBe('challenge');
  });

  const good = { c: 'c=biws', r: `r=x${nonce}`, p: `p=${Buffer.alloc(32).toString('base64')}` };
  test.each([
    '',
    'c=biws',
    `${good.c},${good.r}`,
    `${good.r},${good.c},${good.p}`,
    `${good.c},${good.r},p=`,
    `${good.c},${good.r},p=a`,
    `c=,${good.r},${good.p}`,
    `c=bi ws,${good.r},${good.p}`,
    `c=biw,${good.r},${good.p}`,
    `${good.c},${good.r},${good.p},x=1`,
    `${good.c},r=,${good.p}`,
    `m=x,${good.c},${good.r},${good.p}`,
    `${good.c},${good.r},p=YQ=a`,
    `\xff,${good.r},${good.p}`,
  ])('last message %j', async (message) => {
    expect(await conversation(exchangeOf('SCRAM-SHA-256'), 'n,,n=user,r=x', message)).toBe('malformed-request');
  });

  test.each([
    [`${good.c},r=x,${good.p}`],
    [`${good.c},r=${nonce},${good.p}`],
    [`c=eSws,${good.r},${good.p}`],
    [`${good.c},${good.r},${good.p}`],
    [`${good.c},${good.r},p=YQ==`],
  ])('a last message that proves nothing is not authorized: %j', async (message) => {
    expect(await conversation(exchangeOf('SCRAM-SHA-256'), 'n,,n=user,r=x', message)).toBe('not-authorized');
  });

  test('no bytes make it throw, and only the right proof makes it succeed', async () => {
    const pieces = fc.constantFrom(
      'n',
      'y',
      'p=',
      ',',
      'a=',
      'n=',
      'r=',
      'c=biws',
      'p=',
      's=',
      'm=',
      '=',
      '\0',
      'user',
      nonce,
    );
    const text = fc
      .array(fc.oneof(pieces, fc.string({ unit: 'binary' })), { maxLength: 12 })
      .map((parts) => parts.join(''));
    const message = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      text.map((parts) => Buffer.from(parts)),
    );
    await fc.assert(
      fc.asyncProperty(message, message, fc.boolean(), async (first, second, isPlus) => {
        const exchange = exchangeOf(isPlus ? 'SCRAM-SHA-256-PLUS' : 'SCRAM-SHA-256', bound);
        const step = await exchange.step(first);
        if (step.kind === 'challenge') expect((await exchange.step(second)).kind).toBe('failure');
        else expect(step.kind).toBe('failure');
      }),
      { numRuns: 500 },
    );
  });
});
