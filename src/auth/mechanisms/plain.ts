/** PLAIN (RFC 4616): name and password in clear, so only under encryption where the listener has it. */
import { SaslFailure } from '../../core/auth/failure.js';
import { defineMechanism, type ExchangeContext, type SaslStep } from '../../core/auth/mechanism.js';
import type { Jid } from '../../protocol/jid.js';
import { accountAddressed, accountNamed, decodeUtf8 } from './text.js';

export default defineMechanism({
  name: 'PLAIN',
  option: 'plain',
  needs: 'tls',
  servedBy: (capabilities) => capabilities.password,
  start: (context) => ({ step: (data) => answer(data, context) }),
});

function answer(data: Uint8Array, context: ExchangeContext): SaslStep | Promise<SaslStep> {
  const parts = decodeUtf8(data)?.split('\0');
  if (parts?.length !== 3) return fail(SaslFailure.malformedRequest());
  const [authzid, authcid, password] = parts as [string, string, string];
  // RFC 4616 section 2: neither name nor password may be empty.
  if (authcid === '' || password === '') return fail(SaslFailure.malformedRequest());

  // COMPAT(clients that give their bare JID as the name, for good): a localpart holds no at sign, so nothing is ambiguous.
  const account = authcid.includes('@') ? accountAddressed(authcid, context) : accountNamed(authcid, context);
  if (!account) return fail(SaslFailure.notAuthorized());
  if (authzid !== '' && !accountAddressed(authzid, context)?.equals(account)) {
    return fail(SaslFailure.invalidAuthzid());
  }
  return check(account, password, context);
}

async function check(account: Jid, password: string, context: ExchangeContext): Promise<SaslStep> {
  const method = await context.methods.checkPassword(account, password);
  if (method === undefined) return fail(SaslFailure.notAuthorized());
  return { kind: 'success', identity: { jid: account, method, mechanism: 'PLAIN' } };
}

function fail(failure: SaslFailure): SaslStep {
  return { kind: 'failure', failure };
}
