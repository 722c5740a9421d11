/** A client stream before its user is known: TLS, mechanisms, and the few requests that need no account. */

import { type SaslCondition, SaslFailure } from '../../core/auth/failure.js';
import type { SaslContext, SaslIdentity } from '../../core/auth/mechanism.js';
import { channelBindingTypes, type SaslAnswer, SaslNegotiation } from '../../core/auth/negotiation.js';
import { type IqAnswer, iqPayload } from '../../core/routing/iq-table.js';
import { nonzaBeforeBinding, streamFeatures, unauthenticatedIq } from '../../core/streams/hooks.js';
import type { StreamHeader } from '../../engine/connection.js';
import { type ConnectionDetails, proceed } from '../../engine/port.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError, StreamError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import type { Applicant } from '../limits/admission.js';
import { AuthenticatedStream } from './authenticated-stream.js';
import { C2sStream, type OpenedStream } from './c2s-stream.js';
import { isCompressRequest, refuseCompression } from './compression.js';
import { limitsBeforeLogin } from './stream-limits.js';

/** RFC 6120 section 6.4.5 asks for 2 to 5. */
const MAX_FAILED_ATTEMPTS = 5;
/**
 * Refusals from before anybody looked at credentials are no guesses: clients that cannot bind the channel of TLS 1.3, such as
 * slixmpp 1.8, try every -PLUS mechanism in turn before they find one that works.
 */
const NO_GUESSES = new Set<SaslCondition>([
  'encryption-required',
  'invalid-mechanism',
  'malformed-request',
  'mechanism-too-weak',
]);
/** What tells somebody who tries passwords that this one was wrong. */
const GUESSES = new Set<SaslCondition>([
  'not-authorized',
  'account-disabled',
  'credentials-expired',
  'invalid-authzid',
]);
/** Mechanisms without a password. */
const NOTHING_TO_GUESS: readonly string[] = ['ANONYMOUS', 'EXTERNAL'];
/** Elements before authentication; a login needs fewer than ten. */
const MAX_STEPS = 64;

export class UnauthenticatedStream extends C2sStream implements Applicant {
  #stream: OpenedStream | undefined;
  #negotiation: SaslNegotiation | undefined;
  #failedAttempts = 0;
  #peer: ConnectionDetails | undefined;
  #steps = 0;
  /** TLS is being negotiated: nothing can be said until it is there. */
  #isHandshaking = false;
  /** Counted among those of its address that have not logged in. */
  #isCounted = false;
  #isAdmitted = false;
  /** The header that waits for an answer until the shard has time. */
  #held: StreamHeader | undefined;

  /** Comes in from outside, unless its address has too many connections already. */
  enter(): void {
    const { addresses } = this.services;
    this.addressKey = addresses.key(this.ip);
    addresses.enter(this.addressKey);
    addresses.beginLogin(this.addressKey);
    this.#isCounted = true;
    const limit = addresses.exceeded(this.addressKey);
    if (limit === undefined) return;
    addresses.refuse(limit, this.ip);
    this.end(new StreamError('policy-violation', 'Too many connections from your address'));
  }

  override streamOpened(header: StreamHeader): void {
    const outcome = this.#isAdmitted ? 'now' : this.services.admission.apply(this);
    if (outcome === 'never') return this.fail(busy());
    if (outcome === 'now') return this.#open(header);
    this.#held = header;
    this.connection.deadline(this.services.config.meerkat.overload.max_wait);
  }

  admitted(): void {
    const header = this.#held;
    this.#held = undefined;
    if (header && !this.isEnding && !this.isClosed) this.#open(header);
  }

  override timedOut(): void {
    if (!this.#held) return super.timedOut();
    this.services.admission.giveUp(this);
    this.end(busy());
  }

  override closed(reason: number): void {
    super.closed(reason);
    this.services.admission.leave(this);
    this.#leaveLogin();
  }

  #leaveLogin(): void {
    if (this.#isCounted) this.services.addresses.endLogin(this.addressKey);
    this.#isCounted = false;
  }

  #open(header: StreamHeader): void {
    this.#isAdmitted = true;
    const stream = this.answerHeader(header);
    if (!stream) return;
    this.#stream = stream;
    this.#negotiation = undefined;
    this.#offer(stream);
    this.#step();
  }

  override nonza(element: Element): void {
    if (element.ns === ns.TLS) return this.#tls(element);
    if (element.ns === ns.SASL) return this.#sasl(element);
    if (isCompressRequest(element, this)) return this.#compress();
    const stream = this.#stream as OpenedStream;
    const asked = { stream: this.facts(stream), user: undefined, element };
    const answer = stream.host.hooks.claim(nonzaBeforeBinding, asked);
    if (!answer || !('answer' in answer)) return this.refuseNonza(element);
    this.connection.write(answer.answer.toXml(ns.CLIENT));
    this.#step();
  }

  /** RFC 6120 section 4.3.5 and 6.2: nothing but what modules allow before authentication. */
  override stanza(stanza: Stanza): void {
    const stream = this.#stream as OpenedStream;
    const payload = iqPayload(stanza.keep());
    if (stanza.name !== 'iq' || !payload || this.#needsTls()) return this.fail(new StreamError('not-authorized'));

    const facts = this.facts(stream);
    stream.host.hooks
      .claimAsync(unauthenticatedIq, { stream: facts, stanza, payload })
      .then((claimed) => this.#answerIq(stanza, claimed?.answer, claimed !== undefined))
      .catch((error) => {
        this.services.log.error('c2s.unauthenticated_iq.crashed', { error });
        this.#answerIq(stanza, StanzaError.internalServerError());
      });
  }

  #answerIq(stanza: Stanza, answer: IqAnswer, isClaimed = true): void {
    // The client may have gone meanwhile, or its time run out.
    if (this.isClosed || this.isEnding) return;
    if (!isClaimed) return this.fail(new StreamError('not-authorized'));
    this.connection.write((answer instanceof StanzaError ? stanza.error(answer) : stanza.result(answer)).toXml());
    this.#step();
  }

  override secured(): void {
    this.#isHandshaking = false;
    this.isHeaderSent = false;
    this.#peer = undefined;
    this.#stream = undefined;
    this.#deadline();
  }

  override end(error?: StreamError): void {
    this.services.admission.leave(this);
    const isDirectTls = this.entrance.settings.tls?.mode === 'tls';
    if (this.#isHandshaking || (isDirectTls && !this.isSecure)) this.connection.abort();
    else super.end(error);
  }

  #tls(element: Element): void {
    const { tlsContext, settings } = this.entrance;
    const isOffered = tlsContext !== undefined && settings.tls?.mode !== 'tls' && !this.isSecure;
    if (element.name !== 'starttls' || !isOffered) {
      // RFC 6120 section 5.4.2.2: a failure ends the stream.
      this.connection.write(el('failure', { xmlns: ns.TLS }).toXml());
      this.end();
      return;
    }
    this.connection.write(el('proceed', { xmlns: ns.TLS }).toXml());
    this.#isHandshaking = this.connection.startTls(tlsContext, (this.#stream as OpenedStream).domain);
    if (this.#isHandshaking) return;
    this.services.log.warn('c2s.starttls.injection', { ip: this.ip });
    this.connection.abort();
  }

  /** XEP-0170 section 2.1: whoever compresses before the login shows what an attacker wants to know of it. */
  #compress(): void {
    refuseCompression(this, 'setup-failed');
    this.#step();
  }

  #sasl(element: Element): void {
    const negotiation = this.#negotiation;
    if (!negotiation || this.#needsTls()) return this.#refuse(SaslFailure.encryptionRequired());
    switch (element.name) {
      case 'auth':
        return this.#answer(negotiation.start(element.attrs['mechanism'] ?? '', element.text()));
      case 'response':
        return this.#answer(negotiation.respond(element.text()));
      case 'abort':
        return this.#answer(negotiation.abort());
      default:
        this.fail(new StreamError('unsupported-stanza-type'));
    }
  }

  #answer(answer: SaslAnswer | Promise<SaslAnswer>): void {
    if (!(answer instanceof Promise)) return this.#settle(answer);
    answer
      .then((late) => this.#settle(late))
      .catch((error) => {
        this.services.log.error('c2s.sasl.crashed', { error });
        this.crashed();
      });
  }

  #settle(answer: SaslAnswer): void {
    if (this.isClosed || this.isEnding) return;
    switch (answer.kind) {
      case 'challenge':
        this.connection.write(el('challenge', { xmlns: ns.SASL }, answer.text).toXml());
        return this.#step();
      case 'failure':
        this.services.log.info('c2s.sasl.failed', { condition: answer.failure.condition, ip: this.ip });
        return this.#fail(answer.failure);
      case 'success':
        if (this.#mayEnter(answer.identity)) return this.#succeed(answer.text, answer.identity);
        return this.#lockOut();
    }
  }

  #fail(failure: SaslFailure): void {
    const { addresses } = this.services;
    if (!GUESSES.has(failure.condition)) return this.#refuse(failure);
    // An outcome that does not show is no guess: so the address is free again in time, however many more come.
    if (addresses.isLocked(this.addressKey)) return this.#lockOut();
    addresses.failed(this.addressKey);
    this.#refuse(failure);
  }

  /** Behind an address with too many failures, accounts that have come from there before are still let in. */
  #mayEnter({ jid, mechanism }: SaslIdentity): boolean {
    const { addresses } = this.services;
    if (NOTHING_TO_GUESS.includes(mechanism)) return true;
    const account = jid.bare.toString();
    if (addresses.isLocked(this.addressKey) && !addresses.knows(this.addressKey, account)) return false;
    addresses.remember(this.addressKey, account);
    return true;
  }

  /** Right and wrong passwords look the same. */
  #lockOut(): void {
    this.services.addresses.refuse('failed_logins_per_address', this.ip);
    this.#refuse(SaslFailure.temporaryAuthFailure('Too many failed logins from your address'));
  }

  #refuse(failure: SaslFailure): void {
    this.connection.write(failure.toElement().toXml());
    if (!NO_GUESSES.has(failure.condition)) this.#failedAttempts++;
    if (this.#failedAttempts < MAX_FAILED_ATTEMPTS) return this.#step();
    this.end(new StreamError('policy-violation', 'Too many failed attempts to log in'));
  }

  #succeed(text: string, identity: SaslIdentity): void {
    const stream = this.#stream as OpenedStream;
    this.#leaveLogin();
    this.services.log.info('c2s.authenticated', {
      jid: identity.jid.toString(),
      mechanism: identity.mechanism,
      ip: this.ip,
    });
    this.connection.write(el('success', { xmlns: ns.SASL }, text === '' ? undefined : text).toXml());
    this.connection.handler = new AuthenticatedStream(this, stream, identity);
    this.#deadline();
    this.connection.proceed(proceed.RESTART);
  }

  #offer(stream: OpenedStream): void {
    const { settings, tlsContext } = this.entrance;
    const features: (Element | string)[] = [];
    if (tlsContext !== undefined && settings.tls?.mode !== 'tls' && !this.isSecure) {
      features.push(el('starttls', { xmlns: ns.TLS }, this.#needsTls() && el('required')));
    }
    // RFC 6120 section 5.3.1: where TLS is required nothing else is offered before it.
    if (!this.#needsTls()) features.push(...this.#authenticationFeatures(stream), limitsBeforeLogin(settings));
    this.sendFeatures(features);
  }

  #authenticationFeatures(stream: OpenedStream): Element[] {
    const context = this.#saslContext(stream);
    this.#negotiation = new SaslNegotiation({
      context,
      mechanisms: this.services.mechanisms,
      onError: (error, mechanism) => this.services.log.error('c2s.sasl.crashed', { mechanism, error }),
    });
    const { offered } = this.#negotiation;
    const features: Element[] = [];
    if (offered.length > 0)
      features.push(
        el(
          'mechanisms',
          { xmlns: ns.SASL },
          offered.map((name) => el('mechanism', {}, name)),
        ),
      );
    const bindings = offered.some((name) => name.endsWith('-PLUS')) ? channelBindingTypes(context) : [];
    if (bindings.length > 0) {
      const types = bindings.map((type) => el('channel-binding', { type }));
      features.push(el('sasl-channel-binding', { xmlns: ns.SASL_CHANNEL_BINDING }, types));
    }
    const more = stream.host.hooks.collect(streamFeatures, { stream: this.facts(stream), isAuthenticated: false });
    return [...features, ...more];
  }

  #saslContext({ host, domain }: OpenedStream): SaslContext {
    const { services, entrance, connection } = this;
    return {
      domain,
      config: host.config.auth,
      methods: services.accounts(host).loginMethods(entrance.settings.allowed_auth_methods),
      tls: this.peer?.tls,
      tlsAvailable: entrance.tlsContext !== undefined,
      language: this.lang,
      channelBinding: (type) => connection.channelBinding(type),
      randomBytes: (length) => services.random.bytes(length),
    };
  }

  /** PERF(login): asked for many times, and the same until TLS is there. */
  protected override get peer(): ConnectionDetails | undefined {
    this.#peer ??= super.peer;
    return this.#peer;
  }

  #needsTls(): boolean {
    return this.entrance.settings.tls?.mode === 'starttls_required' && !this.isSecure;
  }

  #step(): void {
    if (this.isClosed || this.isEnding) return;
    if (++this.#steps > MAX_STEPS)
      return this.fail(new StreamError('policy-violation', 'Too many requests before authentication'));
    this.#deadline();
    this.connection.proceed(proceed.STEP);
  }

  #deadline(): void {
    const { state_timeout } = this.entrance.settings;
    this.connection.deadline(state_timeout === 'infinity' ? 0 : state_timeout);
  }
}

function busy(): StreamError {
  return new StreamError('resource-constraint', 'The server is busy; try again later');
}
