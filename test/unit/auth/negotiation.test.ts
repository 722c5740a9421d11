/** SASL on one stream: what is offered, what is answered, and every failure condition. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mechanisms } from '../../../src/auth/registry.js';
import { SaslFailure } from '../../../src/core/auth/failure.js';
import type { ExchangeContext, SaslIdentity } from '../../../src/core/auth/mechanism.js';
import { MAX_SASL_MESSAGE_BYTES, type SaslAnswer, SaslNegotiation } from '../../../src/core/auth/negotiation.js';
import { TaskRefused } from '../../../src/platform/workers.js';
import { accountsKit } from '../../support/accounts-kit.js';
import { allMechanisms, authConfig, type everything, saslContext } from '../../support/sasl-context.js';
import { plainMessage, ScramClient } from '../../support/scram-client.js';

const encode = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const rightPassword = encode(plainMessage('user', 'pencil'));
const binding = Buffer.from('this channel');
const secured = {
  tls: { peerCertificate: undefined, verified: false },
  tlsAvailable: true,
  channelBinding: (type: string) => (type === 'tls-exporter' ? binding : undefined),
};

interface Options {
  admit?: (identity: SaslIdentity) => SaslFailure | undefined | Promise<SaslFailure | undefined>;
  errors?: unknown[];
}

function negotiate(changes: Partial<ExchangeContext> = {}, { admit, errors = [] }: Options = {}): SaslNegotiation {
  return new SaslNegotiation({
    context: saslContext(changes),
    mechanisms,
    onError: (error, mechanism) => errors.push([mechanism, error]),
    ...(admit && { admit }),
  });
}

async function outcome(answer: SaslAnswer | Promise<SaslAnswer>): Promise<string> {
  const settled = await answer;
  return settled.kind === 'failure' ? settled.failure.condition : settled.kind;
}

describe('offered mechanisms', () => {
  const offered = (changes: Partial<ExchangeContext>) => negotiate(changes).offered;
  const withCapabilities = (capabilities: Partial<typeof everything>) => {
    const none = { password: false, scram: [], anonymous: false, certificate: false, register: false, stored: false };
    return { methods: { ...saslContext().methods, capabilities: [{ ...none, ...capabilities }] } };
  };

  test('follow the order of auth.sasl_mechanisms', () => {
    const config = authConfig({ sasl_mechanisms: ['plain', 'scram_sha1', 'digest', 'scram_sha256'] });
    expect(offered({ config })).toEqual(['PLAIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256']);
    expect(offered({ config: authConfig({ sasl_mechanisms: [] }) })).toEqual([]);
  });

  test('PLAIN waits for TLS where the listener has it, and is there where it has none', () => {
    expect(offered({ tlsAvailable: true })).not.toContain('PLAIN');
    expect(offered({ tlsAvailable: false })).toContain('PLAIN');
    expect(offered(secured)).toContain('PLAIN');
  });

  test('-PLUS needs binding data', () => {
    expect(offered(secured)).toContain('SCRAM-SHA-512-PLUS');
    expect(offered({ ...secured, channelBinding: () => undefined }).join()).not.toContain('PLUS');
  });

  test('SCRAM is limited to the hashes that some method keeps', () => {
    expect(offered(withCapabilities({ scram: ['sha256'] }))).toEqual(['SCRAM-SHA-256']);
  });

  test('PLAIN, ANONYMOUS and EXTERNAL need a method for them, EXTERNAL a certificate that verified', () => {
    expect(offered(withCapabilities({ password: true }))).toEqual(['PLAIN']);
    expect(offered(withCapabilities({ anonymous: true }))).toEqual(['ANONYMOUS']);
    const tls = { peerCertificate: Buffer.from('x'), verified: true };
    expect(offered({ ...withCapabilities({ certificate: true }), tls })).toEqual(['EXTERNAL']);
    expect(offered({ ...withCapabilities({ certificate: true }), tls: { ...tls, verified: false } })).toEqual([]);
    expect(offered({ ...withCapabilities({ password: true }), tls })).toEqual(['PLAIN']);
  });

  test('every mechanism has a word of its own in auth.sasl_mechanisms', () => {
    expect(mechanisms.map(({ option }) => option).sort()).toEqual([...allMechanisms].sort());
  });
});

describe('an exchange', () => {
  test('PLAIN with an initial response', async () => {
    const answer = await negotiate().start('PLAIN', rightPassword);
    expect(answer).toMatchObject({ kind: 'success', text: '', identity: { method: 'internal', mechanism: 'PLAIN' } });
  });

  test('RFC 6120 section 6.4.2: without one, an empty challenge asks for it', async () => {
    const negotiation = negotiate();
    expect(negotiation.start('PLAIN', '')).toEqual({ kind: 'challenge', text: '' });
    expect(negotiation.isRunning).toBe(true);
    expect(await outcome(negotiation.respond(rightPassword))).toBe('success');
    expect(negotiation.isRunning).toBe(false);
  });

  test('RFC 6120 section 6.4.2: a single equals sign is an empty initial response', async () => {
    expect(await outcome(negotiate().start('ANONYMOUS', '='))).toBe('success');
  });

  test.each([
    ['SCRAM-SHA-256', undefined],
    ['SCRAM-SHA-512-PLUS', { type: 'tls-exporter', data: binding }],
  ] as const)('%s to its end', async (mechanism, channelBinding) => {
    const negotiation = negotiate(secured);
    const client = new ScramClient({ mechanism, username: 'user', password: 'pencil', channelBinding });
    const challenge = await negotiation.start(mechanism, encode(client.first()));
    const text = challenge.kind === 'challenge' ? challenge.text : '';
    const success = await negotiation.respond(encode(client.final(Buffer.from(text, 'base64'))));
    expect(success.kind).toBe('success');
    expect(client.verify(Buffer.from(success.kind === 'success' ? success.text : '', 'base64'))).toBe(true);
  });

  test('after a failure the next attempt starts anew', async () => {
    const negotiation = negotiate();
    expect(await outcome(negotiation.start('PLAIN', encode(plainMessage('user', 'wrong'))))).toBe('not-authorized');
    expect(negotiation.isRunning).toBe(false);
    expect(await outcome(negotiation.start('PLAIN', rightPassword))).toBe('success');
  });
});

describe('failures (RFC 6120 section 6.5)', () => {
  test('aborted: the client gave up, also while an answer is being made', async () => {
    const negotiation = negotiate();
    negotiation.start('PLAIN', '');
    expect(await outcome(negotiation.abort())).toBe('aborted');
    const late = negotiation.start('PLAIN', rightPassword);
    negotiation.abort();
    expect(await outcome(late)).toBe('aborted');
    expect(await outcome(negotiation.start('PLAIN', rightPassword))).toBe('success');
  });

  test.each([
    ['account-disabled', SaslFailure.accountDisabled()],
    ['credentials-expired', SaslFailure.credentialsExpired()],
    ['mechanism-too-weak', SaslFailure.mechanismTooWeak()],
  ])('%s: the right password does not help when the account is not admitted', async (condition, failure) => {
    for (const admit of [() => failure, async () => failure]) {
      expect(await outcome(negotiate({}, { admit }).start('PLAIN', rightPassword))).toBe(condition);
      // Who does not know the password does not learn of it.
      const wrong = encode(plainMessage('user', 'wrong'));
      expect(await outcome(negotiate({}, { admit }).start('PLAIN', wrong))).toBe('not-authorized');
    }
    expect(await outcome(negotiate({}, { admit: () => undefined }).start('PLAIN', rightPassword))).toBe('success');
  });

  test('encryption-required: the mechanism would be there after TLS', async () => {
    expect(await outcome(negotiate({ tlsAvailable: true }).start('PLAIN', rightPassword))).toBe('encryption-required');
    expect(await outcome(negotiate({ tlsAvailable: true }).start('SCRAM-SHA-1-PLUS', ''))).toBe('encryption-required');
  });

  test.each(['=x', 'YQ', 'YQ=', 'Y Q==', 'YQ==\n', '====', 'Y===', 'YQ==YQ==', '-_8=', 'ä'])(
    'incorrect-encoding: %j is no Base64',
    async (text) => {
      expect(await outcome(negotiate().start('PLAIN', text))).toBe('incorrect-encoding');
    },
  );

  test('invalid-mechanism: not known, not configured, not served', async () => {
    for (const name of ['GSSAPI', 'plain', '', 'constructor']) {
      expect(await outcome(negotiate().start(name, rightPassword))).toBe('invalid-mechanism');
    }
    const config = authConfig({ sasl_mechanisms: ['scram_sha1'] });
    expect(await outcome(negotiate({ config }).start('PLAIN', rightPassword))).toBe('invalid-mechanism');
    expect(await outcome(negotiate(secured).start('EXTERNAL', '='))).toBe('invalid-mechanism');
  });

  test('malformed-request: too long, out of turn, or twice at once', async () => {
    const long = encode(Buffer.alloc(MAX_SASL_MESSAGE_BYTES + 3, 97));
    expect(await outcome(negotiate().start('PLAIN', long))).toBe('malformed-request');
    expect(await outcome(negotiate().respond(rightPassword))).toBe('malformed-request');
    const negotiation = negotiate();
    negotiation.start('PLAIN', '');
    expect(await outcome(negotiation.start('PLAIN', rightPassword))).toBe('malformed-request');
    const hasty = negotiate();
    const first = hasty.start('PLAIN', rightPassword);
    expect(await outcome(hasty.respond(rightPassword))).toBe('malformed-request');
    expect(await outcome(first)).toBe('aborted');
  });

  test('temporary-auth-failure: a database away or too many tasks, logged but not told', async () => {
    const kit = accountsKit({ methods: ['internal'] });
    const methods = kit.accounts.loginMethods();
    kit.internal.failure = new Error('database away');
    const errors: unknown[] = [];
    const client = new ScramClient({ mechanism: 'SCRAM-SHA-1', username: 'user', password: 'x' });
    expect(await outcome(negotiate({ methods }, { errors }).start('PLAIN', rightPassword))).toBe(
      'temporary-auth-failure',
    );
    const scram = negotiate({ methods }, { errors }).start('SCRAM-SHA-1', encode(client.first()));
    expect(await outcome(scram)).toBe('temporary-auth-failure');
    expect(errors).toEqual([
      ['PLAIN', kit.internal.failure],
      ['SCRAM-SHA-1', kit.internal.failure],
    ]);

    const busy = accountsKit({}, { tasks: { run: () => Promise.reject(new TaskRefused('overload')) } });
    const refused = negotiate({ methods: busy.accounts.loginMethods() }).start('PLAIN', rightPassword);
    expect(await outcome(refused)).toBe('temporary-auth-failure');
    const undecided = negotiate({}, { admit: () => Promise.reject(new Error('no answer')), errors });
    expect(await outcome(undecided.start('PLAIN', rightPassword))).toBe('temporary-auth-failure');
  });

  test('as an element: the condition, and a text when there is one', () => {
    expect(SaslFailure.notAuthorized().toElement().toXml()).toBe(
      "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>",
    );
    expect(SaslFailure.malformedRequest('too long').toElement().toXml()).toBe(
      "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><malformed-request/><text xml:lang='en'>too long</text></failure>",
    );
  });
});

test('no sequence of calls throws, rejects or logs in without the password', async () => {
  const text = fc.oneof(
    fc.string(),
    fc.uint8Array({ maxLength: 80 }).map(encode),
    fc.constantFrom('', '=', encode(Buffer.from('n,,n=user,r=x')), encode(plainMessage('user', 'no'))),
  );
  const name = fc.oneof(fc.constantFrom(...mechanisms.map((mechanism) => mechanism.name)), fc.string());
  const call = fc.oneof(
    fc.record({ kind: fc.constant('start' as const), name, text }),
    fc.record({ kind: fc.constant('respond' as const), text }),
    fc.record({ kind: fc.constant('abort' as const) }),
  );
  const config = authConfig({ sasl_mechanisms: allMechanisms.filter((option) => option !== 'anonymous') });
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 6 }), fc.boolean(), async (calls, waits) => {
      const negotiation = negotiate({ ...secured, config });
      const answers = [];
      for (const one of calls) {
        const answer =
          one.kind === 'start'
            ? negotiation.start(one.name, one.text)
            : one.kind === 'respond'
              ? negotiation.respond(one.text)
              : negotiation.abort();
        answers.push(waits ? await answer : answer);
      }
      for (const answer of await Promise.all(answers)) expect(answer.kind).not.toBe('success');
    }),
    { numRuns: 300 },
  );
});
