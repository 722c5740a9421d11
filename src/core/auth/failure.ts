/** The SASL failures of RFC 6120 section 6.5 as values. */
import { type Element, el } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';

export type SaslCondition =
  | 'aborted'
  | 'account-disabled'
  | 'credentials-expired'
  | 'encryption-required'
  | 'incorrect-encoding'
  | 'invalid-authzid'
  | 'invalid-mechanism'
  | 'malformed-request'
  | 'mechanism-too-weak'
  | 'not-authorized'
  | 'temporary-auth-failure';

/** Why an authentication failed: answered to the client, which may try again on the same stream. */
export class SaslFailure {
  readonly condition: SaslCondition;
  /** Explanation for people; says nothing about whether an account exists. */
  readonly text: string | undefined;

  private constructor(condition: SaslCondition, text?: string) {
    this.condition = condition;
    this.text = text;
  }

  static aborted = (text?: string) => new SaslFailure('aborted', text);
  static accountDisabled = (text?: string) => new SaslFailure('account-disabled', text);
  static credentialsExpired = (text?: string) => new SaslFailure('credentials-expired', text);
  static encryptionRequired = (text?: string) => new SaslFailure('encryption-required', text);
  static incorrectEncoding = (text?: string) => new SaslFailure('incorrect-encoding', text);
  static invalidAuthzid = (text?: string) => new SaslFailure('invalid-authzid', text);
  static invalidMechanism = (text?: string) => new SaslFailure('invalid-mechanism', text);
  static malformedRequest = (text?: string) => new SaslFailure('malformed-request', text);
  static mechanismTooWeak = (text?: string) => new SaslFailure('mechanism-too-weak', text);
  static notAuthorized = (text?: string) => new SaslFailure('not-authorized', text);
  static temporaryAuthFailure = (text?: string) => new SaslFailure('temporary-auth-failure', text);

  toElement(): Element {
    return el(
      'failure',
      { xmlns: ns.SASL },
      el(this.condition),
      this.text === undefined ? undefined : el('text', { 'xml:lang': 'en' }, this.text),
    );
  }
}
