/** ANONYMOUS (RFC 4505, XEP-0175): a new random account for each login. */
import { SaslFailure } from '../../core/auth/failure.js';
import { defineMechanism, type ExchangeContext, type SaslStep } from '../../core/auth/mechanism.js';
import { accountNamed, decodeUtf8 } from './text.js';

/** RFC 4505 section 3: characters, not bytes. */
const MAX_TRACE_CHARACTERS = 255;

export default defineMechanism({
  name: 'ANONYMOUS',
  option: 'anonymous',
  needs: 'anything',
  servedBy: (capabilities) => capabilities.anonymous,
  start: (context) => ({ step: (data) => answer(data, context) }),
});

function answer(data: Uint8Array, context: ExchangeContext): SaslStep {
  // What the client says of itself is checked and forgotten (XEP-0175 section 2: it is worth nothing).
  const trace = decodeUtf8(data);
  if (trace === undefined || [...trace].length > MAX_TRACE_CHARACTERS) {
    return { kind: 'failure', failure: SaslFailure.malformedRequest() };
  }
  const method = context.methods.anonymous;
  const jid = accountNamed(Buffer.from(context.randomBytes(16)).toString('hex'), context);
  if (method === undefined || !jid) return { kind: 'failure', failure: SaslFailure.notAuthorized() };
  return { kind: 'success', identity: { jid, method, mechanism: 'ANONYMOUS' } };
}
