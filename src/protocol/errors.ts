/** The error conditions of RFC 6120 as values: what is answered, and what closes a stream. */
import { type Element, el } from './element.js';
import { ns } from './namespaces.js';

/** RFC 6120 section 8.3.2: what the sender may do about it. */
export type ErrorType = 'auth' | 'cancel' | 'continue' | 'modify' | 'wait';

/** RFC 6120 section 8.3.3. */
export type StanzaCondition =
  | 'bad-request'
  | 'conflict'
  | 'feature-not-implemented'
  | 'forbidden'
  | 'gone'
  | 'internal-server-error'
  | 'item-not-found'
  | 'jid-malformed'
  | 'not-acceptable'
  | 'not-allowed'
  | 'not-authorized'
  | 'policy-violation'
  | 'recipient-unavailable'
  | 'redirect'
  | 'registration-required'
  | 'remote-server-not-found'
  | 'remote-server-timeout'
  | 'resource-constraint'
  | 'service-unavailable'
  | 'subscription-required'
  | 'undefined-condition'
  | 'unexpected-request';

/** An expected failure of one stanza: answered to its sender, never thrown across a boundary as a bug. */
export class StanzaError {
  readonly condition: StanzaCondition;
  readonly type: ErrorType;
  /** Explanation for people; optional. */
  readonly text: string | undefined;
  /** The application-specific condition, or nothing. */
  readonly detail: Element | undefined;

  private constructor(condition: StanzaCondition, type: ErrorType, text?: string, detail?: Element) {
    this.condition = condition;
    this.type = type;
    this.text = text;
    this.detail = detail;
  }

  static badRequest = (text?: string) => new StanzaError('bad-request', 'modify', text);
  static conflict = (text?: string) => new StanzaError('conflict', 'cancel', text);
  static featureNotImplemented = (text?: string) => new StanzaError('feature-not-implemented', 'cancel', text);
  static forbidden = (text?: string) => new StanzaError('forbidden', 'auth', text);
  static gone = (text?: string) => new StanzaError('gone', 'cancel', text);
  static internalServerError = (text?: string) => new StanzaError('internal-server-error', 'cancel', text);
  static itemNotFound = (text?: string) => new StanzaError('item-not-found', 'cancel', text);
  static jidMalformed = (text?: string) => new StanzaError('jid-malformed', 'modify', text);
  static notAcceptable = (text?: string) => new StanzaError('not-acceptable', 'modify', text);
  static notAllowed = (text?: string) => new StanzaError('not-allowed', 'cancel', text);
  static notAuthorized = (text?: string) => new StanzaError('not-authorized', 'auth', text);
  static policyViolation = (text?: string) => new StanzaError('policy-violation', 'modify', text);
  static recipientUnavailable = (text?: string) => new StanzaError('recipient-unavailable', 'wait', text);
  static registrationRequired = (text?: string) => new StanzaError('registration-required', 'auth', text);
  static remoteServerNotFound = (text?: string) => new StanzaError('remote-server-not-found', 'cancel', text);
  static remoteServerTimeout = (text?: string) => new StanzaError('remote-server-timeout', 'wait', text);
  static resourceConstraint = (text?: string) => new StanzaError('resource-constraint', 'wait', text);
  static serviceUnavailable = (text?: string) => new StanzaError('service-unavailable', 'cancel', text);
  static subscriptionRequired = (text?: string) => new StanzaError('subscription-required', 'auth', text);
  static undefinedCondition = (text?: string) => new StanzaError('undefined-condition', 'modify', text);
  static unexpectedRequest = (text?: string) => new StanzaError('unexpected-request', 'wait', text);

  /** The same condition with an application-specific element beside it (RFC 6120 section 8.3.4). */
  withDetail(detail: Element): StanzaError {
    return new StanzaError(this.condition, this.type, this.text, detail);
  }

  /** The same condition with another error type, where a XEP asks for one. */
  withType(type: ErrorType): StanzaError {
    return new StanzaError(this.condition, type, this.text, this.detail);
  }

  /** The `<error/>` child, without a namespace of its own: it takes that of the stanza. */
  toElement(): Element {
    return el(
      'error',
      { type: this.type },
      el(this.condition, { xmlns: ns.STANZA_ERRORS }),
      this.text === undefined ? undefined : el('text', { xmlns: ns.STANZA_ERRORS, 'xml:lang': 'en' }, this.text),
      this.detail,
    );
  }
}

/** RFC 6120 section 4.9.3. */
export type StreamCondition =
  | 'bad-format'
  | 'bad-namespace-prefix'
  | 'conflict'
  | 'connection-timeout'
  | 'host-gone'
  | 'host-unknown'
  | 'improper-addressing'
  | 'internal-server-error'
  | 'invalid-from'
  | 'invalid-namespace'
  | 'invalid-xml'
  | 'not-authorized'
  | 'not-well-formed'
  | 'policy-violation'
  | 'remote-connection-failed'
  | 'reset'
  | 'resource-constraint'
  | 'restricted-xml'
  | 'see-other-host'
  | 'system-shutdown'
  | 'undefined-condition'
  | 'unsupported-encoding'
  | 'unsupported-feature'
  | 'unsupported-stanza-type'
  | 'unsupported-version';

/** A failure that ends the stream (RFC 6120 section 4.9.1.1: stream errors are unrecoverable). */
export class StreamError {
  readonly condition: StreamCondition;
  readonly text: string | undefined;
  /** An application-specific condition, or nothing. */
  readonly detail: Element | undefined;

  constructor(condition: StreamCondition, text?: string, detail?: Element) {
    this.condition = condition;
    this.text = text;
    this.detail = detail;
  }

  /** The element to be sent, written with the `stream` prefix that the header declared. */
  toXml(): string {
    const text =
      this.text === undefined ? '' : el('text', { xmlns: ns.STREAM_ERRORS, 'xml:lang': 'en' }, this.text).toXml();
    const condition = el(this.condition, { xmlns: ns.STREAM_ERRORS }).toXml();
    return `<stream:error>${condition}${text}${this.detail?.toXml() ?? ''}</stream:error>`;
  }
}
