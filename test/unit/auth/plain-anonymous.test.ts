/** PLAIN and ANONYMOUS. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import anonymous from '../../../src/auth/mechanisms/anonymous.js';
import plain from '../../../src/auth/mechanisms/plain.js';
import type { ExchangeContext, Mechanism } from '../../../src/core/auth/mechanism.js';
import { saslContext } from '../../support/sasl-context.js';
import { plainMessage } from '../../support/scram-client.js';

async function outcome(mechanism: Mechanism, message: Uint8Array, context: ExchangeContext = saslContext()) {
  const step = await mechanism.start(context).step(message);
  if (step.kind === 'failure') return step.failure.condition;
  return step.kind === 'success' ? step.identity.jid.toString() : step.kind;
}

describe('PLAIN (RFC 4616)', () => {
  test('takes the right password', async () => {
    expect(await outcome(plain, plainMessage('user', 'pencil'))).toBe('user@example.org');
    expect(await outcome(plain, plainMessage('USER', 'pencil'))).toBe('user@example.org');
  });

  test('takes a bare JID of this domain as the name', async () => {
    expect(await outcome(plain, plainMessage('user@example.org', 'pencil'))).toBe('user@example.org');
    expect(await outcome(plain, plainMessage('user@example.net', 'pencil'))).toBe('not-authorized');
    expect(await outcome(plain, plainMessage('user@example.org/x', 'pencil'))).toBe('not-authorized');
  });

  test('refuses a wrong password, an unknown account and a name that can be none alike', async () => {
    expect(await outcome(plain, plainMessage('user', 'pencils'))).toBe('not-authorized');
    expect(await outcome(plain, plainMessage('nobody', 'pencil'))).toBe('not-authorized');
    expect(await outcome(plain, plainMessage('no body', 'pencil'))).toBe('not-authorized');
  });

  test('RFC 6120 section 6.3.8: an authzid is the own bare JID or invalid, whatever the password', async () => {
    expect(await outcome(plain, plainMessage('user', 'pencil', 'user@example.org'))).toBe('user@example.org');
    for (const authzid of ['user', 'other@example.org', 'user@example.net', 'user@example.org/x', '@', '"']) {
      expect(await outcome(plain, plainMessage('user', 'pencil', authzid))).toBe('invalid-authzid');
      expect(await outcome(plain, plainMessage('user', 'wrong', authzid))).toBe('invalid-authzid');
    }
  });

  test.each(['', '\0', '\0\0', 'user', '\0user', '\0user\0', '\0\0pencil', '\0user\0pencil\0', 'a\0b\0c\0d'])(
    'message %j is malformed',
    async (message) => {
      expect(await outcome(plain, Buffer.from(message))).toBe('malformed-request');
    },
  );

  test('bytes that are not UTF-8 are malformed', async () => {
    expect(await outcome(plain, Buffer.from('\0user\0p\xe4', 'latin1'))).toBe('malformed-request');
    expect(await outcome(plain, Buffer.from([0, 0xc0, 0x80, 0, 0x41]))).toBe('malformed-request');
  });

  test('no bytes make it throw or succeed', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc
        .array(fc.string({ unit: 'binary' }), { minLength: 3, maxLength: 3 })
        .map((parts) => Buffer.from(parts.join('\0'))),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (message) => {
        expect(['malformed-request', 'not-authorized', 'invalid-authzid']).toContain(await outcome(plain, message));
      }),
      { numRuns: 500 },
    );
  });
});

describe('ANONYMOUS (RFC 4505)', () => {
  test('gives each login a name of its own', async () => {
    const context = saslContext();
    const first = await outcome(anonymous, Buffer.alloc(0), context);
    expect(first).toMatch(/^[0-9a-f]{32}@example\.org$/);
    expect(await outcome(anonymous, Buffer.from('sirhc@example.org'), context)).not.toBe(first);
  });

  test('RFC 4505 section 3: the trace is at most 255 characters of UTF-8', async () => {
    expect(await outcome(anonymous, Buffer.from('🦦'.repeat(255)))).toContain('@example.org');
    expect(await outcome(anonymous, Buffer.from('x'.repeat(256)))).toBe('malformed-request');
    expect(await outcome(anonymous, Buffer.from([0xff]))).toBe('malformed-request');
  });

  test('lets nobody in without a method for it', async () => {
    const context = saslContext();
    const methods = { ...context.methods, anonymous: undefined };
    expect(await outcome(anonymous, Buffer.alloc(0), { ...context, methods })).toBe('not-authorized');
  });
});
