/** A client stream whose user is known: it has to bind a resource, at the home shard of its account (RFC 6120 section 7). */

import type { SaslIdentity } from '../../core/auth/mechanism.js';
import { TAKEN } from '../../core/hooks/hook.js';
import type { Host } from '../../core/hosts/host.js';
import { type Resumption, sessionResuming } from '../../core/sessions/hooks.js';
import { Session } from '../../core/sessions/session.js';
import { nonzaBeforeBinding, streamFeatures } from '../../core/streams/hooks.js';
import type { StreamHeader } from '../../engine/connection.js';
import { type ConnectionDetails, proceed } from '../../engine/port.js';
import { encode } from '../../platform/codec.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError, StreamError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { Stanza } from '../../protocol/stanza.js';
import { BoundStream } from './bound-stream.js';
import { C2sStream, type OpenedStream } from './c2s-stream.js';
import { compress, compressionFeature, isCompressRequest } from './compression.js';
import { KeepingStream } from './keeping-stream.js';
import { limitsOfSession } from './stream-limits.js';

/** MongooseIM's default for the access rule `max_user_sessions`. */
const DEFAULT_MAX_SESSIONS = 10;

/** What travels with a connection that moves to its home shard in the middle of binding. */
export interface BindingState {
  readonly entrance: number;
  readonly jid: string;
  readonly lang: string;
  /** The id of the request. */
  readonly id: string;
}

/** What travels with one that moves there to go on with a session. */
export interface ResumingState {
  readonly entrance: number;
  /** Bare. */
  readonly jid: string;
  readonly lang: string;
  readonly resume: Resumption;
}

export class AuthenticatedStream extends C2sStream {
  readonly #stream: OpenedStream;
  readonly #user: Jid;
  #isCompressed = false;
  #peer: ConnectionDetails | undefined;

  constructor(previous: C2sStream, stream: OpenedStream, identity: Pick<SaslIdentity, 'jid'>) {
    super(previous.connection, previous.services, previous.entrance);
    this.lang = previous.lang;
    this.addressKey = previous.addressKey;
    this.#stream = stream;
    this.#user = identity.jid;
  }

  override streamOpened(header: StreamHeader): void {
    const { host, domain } = this.#stream;
    if (!this.answerHeader(header, domain)) return;
    const features = [el('bind', { xmlns: ns.BIND })];
    const compression = this.#isCompressed ? undefined : compressionFeature(this);
    if (compression) features.push(compression);
    if (this.entrance.settings.backwards_compatible_session) {
      features.push(el('session', { xmlns: ns.SESSION }, el('optional')));
    }
    features.push(limitsOfSession(this.entrance.settings, host.config, this.#isCompressed));
    features.push(...host.hooks.collect(streamFeatures, { stream: this.facts(this.#stream), isAuthenticated: true }));
    this.sendFeatures(features);
    this.#next();
  }

  override nonza(element: Element): void {
    if (!isCompressRequest(element, this)) return this.#offer(element);
    if (!compress(this, element)) return this.#next();
    this.#isCompressed = true;
    this.isHeaderSent = false;
  }

  /** Something that only a module may know. */
  #offer(element: Element): void {
    const asked = { stream: this.facts(this.#stream), user: this.#user, element };
    const answer = this.#stream.host.hooks.claim(nonzaBeforeBinding, asked);
    if (!answer) return this.refuseNonza(element);
    if ('answer' in answer) return this.#tell(answer.answer);
    const { router } = this.services;
    if (router.isHomeHere(this.#user)) return this.resume(answer.resume);

    const { entrance, lang } = this;
    const state: ResumingState = { entrance: entrance.index, jid: this.#user.toString(), lang, resume: answer.resume };
    if (this.connection.move(router.home(this.#user), encode(state))) return;
    this.services.log.warn('c2s.resume.home_unreachable', { shard: router.home(this.#user) });
    this.#tell(answer.otherwise);
  }

  /** Goes on with a session, here at its home. */
  resume(resumption: Resumption): void {
    this.isHeaderSent = true;
    const { host } = this.#stream;
    if (!this.services.access(host).allows(this.entrance.settings.access, this.#user)) {
      this.services.log.info('c2s.access.denied', { jid: this.#user.toString(), rule: this.entrance.settings.access });
      return this.fail(new StreamError('policy-violation', 'Access denied'));
    }
    void this.#reopen(resumption).catch((error) => {
      this.services.log.error('c2s.resume.crashed', { error });
      this.end(new StreamError('internal-server-error'));
    });
  }

  async #reopen(resumption: Resumption): Promise<void> {
    const link = this.#boundStream();
    this.connection.handler = link;
    const outcome = await this.#stream.host.hooks.claimAsync(sessionResuming, { user: this.#user, resumption, link });
    if (outcome === TAKEN || link.isClosed || link.isEnding) return;
    this.connection.handler = this;
    // Those who have told that they know of sessions to resume say what became of one.
    if (!outcome) return this.fail(new StreamError('internal-server-error'));
    this.#tell(outcome.answer);
  }

  #tell(answer: Element): void {
    this.connection.write(answer.toXml(ns.CLIENT));
    this.#next();
  }

  /** PERF(login): asked for several times until a resource is bound. */
  protected override get peer(): ConnectionDetails | undefined {
    this.#peer ??= super.peer;
    return this.#peer;
  }

  override stanza(stanza: Stanza): void {
    const bind = stanza.name === 'iq' && stanza.type === 'set' ? stanza.tree().child('bind', ns.BIND) : undefined;
    // RFC 6120 section 7.1: nothing else may be sent before a resource is bound.
    if (!bind || stanza.id === undefined) return this.fail(new StreamError('not-authorized', 'Bind a resource first'));

    const jid = this.#requestedJid(bind);
    if (!jid) return this.#refuse(stanza.id, StanzaError.badRequest('Not a resource'));
    const { router } = this.services;
    if (router.isHomeHere(jid)) return this.bind(jid, stanza.id);

    const state: BindingState = { entrance: this.entrance.index, jid: jid.toString(), lang: this.lang, id: stanza.id };
    if (this.connection.move(router.home(jid), encode(state))) return;
    this.services.log.warn('c2s.bind.home_unreachable', { shard: router.home(jid) });
    this.#refuse(stanza.id, StanzaError.resourceConstraint());
  }

  /** Opens the session, here at its home. */
  bind(jid: Jid, id: string): void {
    this.isHeaderSent = true;
    const { host } = this.#stream;
    const access = this.services.access(host);
    if (!access.allows(this.entrance.settings.access, jid.bare)) {
      this.services.log.info('c2s.access.denied', { jid: jid.toString(), rule: this.entrance.settings.access });
      return this.#refuse(id, StanzaError.notAllowed());
    }
    void this.#open(jid, id).catch((error) => {
      this.services.log.error('c2s.bind.crashed', { error });
      this.end(new StreamError('internal-server-error'));
    });
  }

  async #open(jid: Jid, id: string): Promise<void> {
    const { host } = this.#stream;
    const link = this.#boundStream();
    this.connection.handler = link;
    const session = await this.services.sessions.open({ jid, host, link, maxSessions: this.#maxSessions(host, jid) });
    if (session instanceof Session) return link.start(session, id);
    // It may have been replaced while it was being opened, or its client may have gone.
    if (link.isClosed || link.isEnding) return;
    this.connection.handler = this;
    this.#refuse(id, session);
  }

  /** BOSH knows what the client has, and what it does not have need not be lost. */
  #boundStream(): BoundStream {
    return this.connection.framing === 'bosh' ? new KeepingStream(this) : new BoundStream(this);
  }

  #maxSessions(host: Host, jid: Jid): number {
    const value = this.services.access(host).value('max_user_sessions', jid.bare);
    if (value === 'infinity') return Number.POSITIVE_INFINITY;
    return typeof value === 'number' && value > 0 ? value : DEFAULT_MAX_SESSIONS;
  }

  #requestedJid(bind: Element): Jid | undefined {
    const asked = bind.childText('resource');
    return this.#user.withResource(asked === undefined || asked === '' ? this.services.random.hex(8) : asked);
  }

  #refuse(id: string, error: StanzaError): void {
    if (this.isClosed || this.isEnding) return;
    const request = Stanza.fromElement(el('iq', { xmlns: ns.CLIENT, type: 'set', id }), undefined, undefined);
    this.connection.write(request.error(error).toXml());
    this.#next();
  }

  #next(): void {
    const { state_timeout } = this.entrance.settings;
    this.connection.deadline(state_timeout === 'infinity' ? 0 : state_timeout);
    this.connection.proceed(proceed.STEP);
  }
}
