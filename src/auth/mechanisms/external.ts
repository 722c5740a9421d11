/** EXTERNAL (RFC 4422 appendix A, XEP-0178): the client certificate that TLS verified says who the client is. */
import { SaslFailure } from '../../core/auth/failure.js';
import { defineMechanism, type ExchangeContext, type SaslStep } from '../../core/auth/mechanism.js';
import { type CertificateIdentities, certificateIdentities } from '../../platform/certificates/index.js';
import { Jid } from '../../protocol/jid.js';
import { accountAddressed, accountNamed, decodeUtf8 } from './text.js';

/** What a client asks to be; undefined when it leaves that to the certificate. */
type Requested = Jid | undefined;
type Rule = (names: CertificateIdentities, requested: Requested, context: ExchangeContext) => Jid | SaslFailure;

/** The words of `auth.sasl_external`. */
const RULES: Readonly<Record<string, Rule>> = { standard, common_name: commonName, auth_id: authId };

export default defineMechanism({
  name: 'EXTERNAL',
  option: 'external',
  needs: 'tls',
  servedBy: (capabilities) => capabilities.certificate,
  // RFC 6120 section 6.3.4: only to a client whose certificate can succeed.
  fits: ({ tls }) => tls?.peerCertificate !== undefined && tls.verified,
  start: (context) => ({ step: (data) => answer(data, context) }),
});

function answer(data: Uint8Array, context: ExchangeContext): SaslStep | Promise<SaslStep> {
  const text = decodeUtf8(data);
  if (text === undefined || text.includes('\0')) return fail(SaslFailure.malformedRequest());
  const requested = text === '' ? undefined : Jid.parse(text);
  if (text !== '' && !(requested?.isBare && requested.local !== '')) return fail(SaslFailure.invalidAuthzid());

  const { tls } = context;
  const names = tls?.verified && tls.peerCertificate ? certificateIdentities(tls.peerCertificate) : undefined;
  if (!names) return fail(SaslFailure.notAuthorized());
  const account = applyRules(names, requested, context);
  return account instanceof SaslFailure ? fail(account) : accept(account, context);
}

async function accept(account: Jid, context: ExchangeContext): Promise<SaslStep> {
  const method = await context.methods.acceptCertificate(account);
  if (method === undefined) return fail(SaslFailure.notAuthorized());
  return { kind: 'success', identity: { jid: account, method, mechanism: 'EXTERNAL' } };
}

/** The first rule that finds an account; else the last one's failure. An unknown rule finds nothing. */
function applyRules(names: CertificateIdentities, requested: Requested, context: ExchangeContext): Jid | SaslFailure {
  let failure = SaslFailure.notAuthorized();
  for (const word of context.config.sasl_external) {
    const result = RULES[word]?.(names, requested, context) ?? SaslFailure.notAuthorized();
    if (!(result instanceof SaslFailure)) return result;
    failure = result;
  }
  return failure;
}

/** XEP-0178 section 2, step 11: an xmppAddr of the certificate, which has to be named when there are several. */
function standard({ xmppAddresses }: CertificateIdentities, requested: Requested, context: ExchangeContext) {
  const accounts = xmppAddresses.map((address) => accountAddressed(address, context));
  if (requested === undefined) {
    if (accounts.length > 1) return SaslFailure.invalidAuthzid();
    return accounts[0] ?? SaslFailure.notAuthorized();
  }
  if (accounts.length === 0) return SaslFailure.notAuthorized();
  return accounts.find((account) => account?.equals(requested)) ?? SaslFailure.invalidAuthzid();
}

/** The common name as localpart; a requested address has to be that of the bare common name. */
function commonName({ commonName: name }: CertificateIdentities, requested: Requested, context: ExchangeContext) {
  if (name === undefined) return SaslFailure.notAuthorized();
  if (requested && !accountNamed(name, context)?.equals(requested)) return SaslFailure.invalidAuthzid();
  const { prefix = '', suffix = '' } = context.config.sasl_external_common_name ?? {};
  return accountNamed(prefix + name + suffix, context) ?? SaslFailure.notAuthorized();
}

/** Any address of this domain that the client asks for: the authority that signs certificates is trusted with all accounts. */
function authId(_names: CertificateIdentities, requested: Requested, { domain }: ExchangeContext) {
  return requested?.domain === domain ? requested : SaslFailure.notAuthorized();
}

function fail(failure: SaslFailure): SaslStep {
  return { kind: 'failure', failure };
}
