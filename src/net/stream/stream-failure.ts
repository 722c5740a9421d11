/** Which stream error answers to input that the engine has refused. */
import { streamFailure } from '../../engine/envelope.js';
import { el } from '../../protocol/element.js';
import { StreamError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';

const ERRORS: Readonly<Record<number, StreamError>> = {
  [streamFailure.NOT_WELL_FORMED]: new StreamError('not-well-formed'),
  [streamFailure.RESTRICTED_XML]: new StreamError('restricted-xml'),
  [streamFailure.BAD_NAMESPACE_PREFIX]: new StreamError('bad-namespace-prefix'),
  [streamFailure.UNSUPPORTED_ENCODING]: new StreamError('unsupported-encoding', 'Only UTF-8 is understood'),
  [streamFailure.BAD_CHARACTER]: new StreamError('not-well-formed', 'Not UTF-8, or a character that XML forbids'),
  [streamFailure.INVALID_NAMESPACE]: new StreamError('invalid-namespace'),
  [streamFailure.BAD_FORMAT]: new StreamError('bad-format'),
  [streamFailure.STANZA_TOO_LARGE]: new StreamError('policy-violation', 'Stanza is too large'),
  [streamFailure.TOO_DEEP]: new StreamError('policy-violation', 'Elements are nested too deeply'),
  [streamFailure.TOO_MANY_ATTRIBUTES]: new StreamError('policy-violation', 'Too many attributes'),
  [streamFailure.TAG_TOO_LARGE]: new StreamError('policy-violation', 'Tag is too large'),
  [streamFailure.TOO_MANY_CHILDREN]: new StreamError('policy-violation', 'Too many child elements'),
  [streamFailure.TOO_MUCH_BEFORE_AUTHENTICATION]: new StreamError(
    'policy-violation',
    'Too much data before authentication',
  ),
  [streamFailure.TOO_MUCH_DECOMPRESSED]: new StreamError('policy-violation', 'Too much data behind compression'),
  // RFC 7395 section 3.3.
  [streamFailure.BAD_FRAME]: new StreamError('bad-format', 'A frame holds one whole element'),
  [streamFailure.TOO_MUCH_UNREAD]: new StreamError('policy-violation', 'Too much data that waits to be read'),
  // XEP-0138 section 3.
  [streamFailure.BAD_COMPRESSION]: new StreamError(
    'undefined-condition',
    'Not a zlib stream',
    el('failure', { xmlns: ns.COMPRESS }, el('processing-failed')),
  ),
};

export function errorForFailure(failure: number): StreamError {
  return ERRORS[failure] ?? new StreamError('bad-format');
}
