/** EXTERNAL: which account a certificate opens, rule by rule. */
import { describe, expect, test } from 'vitest';
import external from '../../../src/auth/mechanisms/external.js';
import type { AuthConfig } from '../../../src/core/auth/config.js';
import type { ExchangeContext } from '../../../src/core/auth/mechanism.js';
import { issueCertificate } from '../../support/client-certificate.js';
import { authConfig, methodsFor, saslContext } from '../../support/sasl-context.js';
import { externalMessage } from '../../support/scram-client.js';

const one = issueCertificate({ commonName: 'user', xmppAddresses: ['user@example.org'] }).der;
const two = issueCertificate({ xmppAddresses: ['other@example.net', 'user@example.org'], dnsNames: ['a.example'] }).der;
const foreign = issueCertificate({ xmppAddresses: ['user@example.net'] }).der;
const common = issueCertificate({ commonName: 'user' }).der;
const nameless = issueCertificate({ dnsNames: ['user.example.org'] }).der;
const stranger = issueCertificate({ commonName: 'stranger', xmppAddresses: ['stranger@example.org'] }).der;

function contextFor(
  peerCertificate: Buffer | undefined,
  auth: Partial<AuthConfig> = {},
  verified = true,
): ExchangeContext {
  return saslContext({ config: authConfig(auth), tls: { peerCertificate, verified } });
}

async function outcome(context: ExchangeContext, message: Uint8Array): Promise<string> {
  const step = await external.start(context).step(message);
  if (step.kind === 'failure') return step.failure.condition;
  return step.kind === 'success' ? step.identity.jid.toString() : step.kind;
}

const login = (certificate: Buffer, authzid?: string, auth: Partial<AuthConfig> = {}) =>
  outcome(contextFor(certificate, auth), externalMessage(authzid));

describe('standard (XEP-0178 section 2)', () => {
  test('step 11a: the only xmppAddr is the account', async () => {
    expect(await login(one)).toBe('user@example.org');
    expect(await login(one, 'user@example.org')).toBe('user@example.org');
  });

  test('step 11b: with several, the client has to name one of them', async () => {
    expect(await login(two)).toBe('invalid-authzid');
    expect(await login(two, 'user@example.org')).toBe('user@example.org');
    expect(await login(two, 'third@example.org')).toBe('invalid-authzid');
  });

  test('an address of another domain opens nothing here', async () => {
    expect(await login(foreign)).toBe('not-authorized');
    expect(await login(foreign, 'user@example.net')).toBe('invalid-authzid');
    expect(await login(two, 'other@example.net')).toBe('invalid-authzid');
  });

  test('step 11c: without an xmppAddr there is no account', async () => {
    expect(await login(common)).toBe('not-authorized');
    expect(await login(common, 'user@example.org')).toBe('not-authorized');
  });

  test('an account that does not exist is not made up', async () => {
    expect(await login(stranger)).toBe('not-authorized');
  });
});

describe('other rules of auth.sasl_external', () => {
  test('common_name takes the common name as localpart', async () => {
    const auth = { sasl_external: ['common_name'] };
    expect(await login(common, undefined, auth)).toBe('user@example.org');
    expect(await login(common, 'user@example.org', auth)).toBe('user@example.org');
    expect(await login(common, 'other@example.org', auth)).toBe('invalid-authzid');
    expect(await login(common, 'user@example.net', auth)).toBe('invalid-authzid');
    expect(await login(nameless, undefined, auth)).toBe('not-authorized');
  });

  test('common_name can have a prefix and a suffix', async () => {
    const auth = { sasl_external: ['common_name'], sasl_external_common_name: { prefix: 'x-', suffix: '-y' } };
    const account = { local: 'x-user-y', domain: 'example.org' };
    const context = { ...contextFor(common, auth), methods: methodsFor({ account, password: '' }) };
    expect(await outcome(context, externalMessage())).toBe('x-user-y@example.org');
  });

  test('auth_id trusts the client with any account of this domain', async () => {
    const auth = { sasl_external: ['auth_id'] };
    expect(await login(nameless, 'user@example.org', auth)).toBe('user@example.org');
    expect(await login(nameless, 'user@example.net', auth)).toBe('not-authorized');
    expect(await login(nameless, undefined, auth)).toBe('not-authorized');
  });

  test('rules are tried in order, and the last one says why all failed', async () => {
    expect(await login(common, undefined, { sasl_external: ['standard', 'common_name'] })).toBe('user@example.org');
    expect(await login(common, 'x@example.org', { sasl_external: ['standard', 'common_name'] })).toBe(
      'invalid-authzid',
    );
    expect(await login(common, 'x@example.org', { sasl_external: ['common_name', 'standard'] })).toBe('not-authorized');
  });

  test('a rule that we do not know lets nobody in', async () => {
    for (const rule of ['my_module', 'constructor', 'toString']) {
      expect(await login(one, undefined, { sasl_external: [rule] })).toBe('not-authorized');
    }
  });
});

test('RFC 6120 section 6.3.8: an authzid that is no bare JID is invalid', async () => {
  for (const authzid of ['user', 'example.org', 'user@example.org/phone', '@example.org', 'a b@example.org']) {
    expect(await login(one, authzid)).toBe('invalid-authzid');
  }
});

test('a message that is not text is malformed', async () => {
  expect(await outcome(contextFor(one), Buffer.from([0xff]))).toBe('malformed-request');
  expect(await outcome(contextFor(one), Buffer.from('user@example.org\0'))).toBe('malformed-request');
});

test('a certificate that did not verify opens nothing, and EXTERNAL is not offered for it', async () => {
  const unverified = contextFor(one, {}, false);
  expect(await outcome(unverified, externalMessage())).toBe('not-authorized');
  expect(external.fits?.(unverified)).toBe(false);
  expect(external.fits?.(contextFor(undefined))).toBe(false);
  expect(external.fits?.(saslContext())).toBe(false);
  expect(external.fits?.(contextFor(one))).toBe(true);
});

test('a name with a NUL in it opens nothing', async () => {
  const tricky = issueCertificate({ xmppAddresses: ['user@example.org\0.evil'] }).der;
  expect(await login(tricky)).toBe('not-authorized');
});

test('garbage in place of a certificate is not authorized', async () => {
  expect(await outcome(contextFor(Buffer.from('no certificate')), externalMessage())).toBe('not-authorized');
});
