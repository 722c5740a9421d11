/** A client stream with a session: stanzas go to the router one after another, deliveries to the connection. */
import { TAKEN } from '../../core/hooks/hook.js';
import { iqPayload } from '../../core/routing/iq-table.js';
import { sessionDetaching } from '../../core/sessions/hooks.js';
import type { Session, StreamLink } from '../../core/sessions/session.js';
import { nonzaReceived } from '../../core/streams/hooks.js';
import { closeReason } from '../../engine/envelope.js';
import { proceed } from '../../engine/port.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError, StreamError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { C2sStream, plainAddress } from './c2s-stream.js';
import { isCompressRequest, refuseCompression } from './compression.js';
import { shaperRate } from './shaper-rate.js';

const CLOSE_REASONS = new Map<number, string>(
  Object.entries(closeReason).map(([name, code]) => [code, name.toLowerCase()]),
);

export class BoundStream extends C2sStream implements StreamLink {
  #session: Session | undefined;
  /** What arrived while an earlier stanza is still being worked on. */
  #waiting: (() => void)[] | undefined;
  #isBusy = false;
  /** The session goes on, or has gone on, with another stream. */
  #isReleased = false;
  /** Called when nothing is being worked on any more. */
  #onIdle: (() => void) | undefined;

  constructor(previous: C2sStream) {
    super(previous.connection, previous.services, previous.entrance);
    this.lang = previous.lang;
    this.addressKey = previous.addressKey;
    this.isHeaderSent = true;
  }

  /** Asked for now and then, so that the engine alone keeps it. */
  get address(): { readonly ip: string; readonly port: number } {
    const details = this.connection.details();
    return { ip: plainAddress(details?.remoteAddress), port: details?.remotePort ?? 0 };
  }

  /** The session is open: tells the client, and lets its stanzas in. */
  start(session: Session, id: string): void {
    const { services } = this;
    // The client may have gone while its session was being opened.
    if (this.isClosed || this.isEnding) return services.sessions.close(session, 'closed while binding');
    const bound = el('bind', { xmlns: ns.BIND }, el('jid', {}, session.jid.toString()));
    this.#begin(session, el('iq', { xmlns: ns.CLIENT, type: 'result', id }, bound).toXml(ns.CLIENT));
    services.log.info('c2s.session.opened', { jid: session.jid.toString(), ip: this.ip });
  }

  carry(session: Session, greeting: string): void {
    this.#begin(session, greeting);
    this.services.log.info('c2s.session.resumed', { jid: session.jid.toString(), ip: this.ip });
  }

  #begin(session: Session, greeting: string): void {
    const { connection, services, entrance } = this;
    this.#session = session;
    connection.identify(session.jid);
    connection.authenticated();
    connection.deadline(0);
    connection.shape(shaperRate(services, session, entrance.settings.shaper));
    connection.write(greeting);
    this.begun();
    connection.proceed(proceed.STREAM);
  }

  protected get session(): Session | undefined {
    return this.#session;
  }

  /** The client has been told that it has its session. */
  protected begun(): void {}

  /** The stream is not that of its session any more. May be called several times. */
  protected over(): void {}

  override streamOpened(): void {
    this.fail(new StreamError('policy-violation', 'A bound stream cannot be restarted'));
  }

  override stanza(stanza: Stanza): void {
    if (this.#isBusy) this.#postpone(stanza);
    else this.#stanza(stanza);
  }

  override nonza(element: Element): void {
    this.#inTurn(() => this.#nonza(element));
  }

  /** RFC 6120 section 4.4: what came before the end of the stream still counts. */
  override streamClosed(): void {
    this.#inTurn(() => super.streamClosed());
  }

  override streamFailed(failure: number): void {
    this.#inTurn(() => super.streamFailed(failure));
  }

  override forgedSender(): void {
    this.#inTurn(() => super.forgedSender());
  }

  override shutDown(): void {
    this.#inTurn(() => super.shutDown());
  }

  #postpone(stanza: Stanza): void {
    stanza.keep();
    this.#later(() => this.#stanza(stanza));
  }

  #later(work: () => void): void {
    this.#waiting ??= [];
    this.#waiting.push(work);
  }

  /** Behind the stanzas that have come before. */
  #inTurn(work: () => void): void {
    if (this.#isBusy) this.#later(work);
    else work();
  }

  #stanza(stanza: Stanza): void {
    if (this.isEnding || this.#isReleased) return;
    const session = this.#session as Session;
    const answer = stanza.name === 'iq' && stanza.type === 'set' ? this.#negotiated(stanza) : undefined;
    if (answer) session.link.deliver(answer);
    const work = answer ? undefined : (this.services.router.fromSession(session, stanza) ?? this.#relief(stanza));
    if (work instanceof Promise) this.#wait(work, session);
    else session.handled++;
  }

  /** What a message has to wait for while the server has more to write than it can. */
  #relief({ name }: Stanza): Promise<void> | undefined {
    return name === 'message' ? this.services.commitments.relief : undefined;
  }

  /** The answer to a request that belongs to the time before: a stream has one resource, and the session came with it. */
  #negotiated(stanza: Stanza): Stanza | undefined {
    const { jid } = this.#session as Session;
    const { to } = stanza;
    if (stanza.id === undefined || (to && !(to.equals(jid.bare) || to.toString() === jid.domain))) return undefined;
    const payload = iqPayload(stanza);
    if (payload?.is('bind', ns.BIND)) return stanza.error(StanzaError.notAllowed('A resource is bound already'));
    // RFC 3921 section 3, as draft-cridland-xmpp-session-01 keeps it.
    return payload?.is('session', ns.SESSION) ? stanza.result() : undefined;
  }

  /** RFC 6120 section 10.1: what one client sends is worked on in order, so that later stanzas wait for an earlier one. */
  #wait(work: Promise<void>, session: Session): void {
    this.#isBusy = true;
    this.connection.pause();
    const handled = () => void session.handled++;
    void work.then(handled, (error) => this.#fail(error)).then(() => this.#goOn());
  }

  #goOn(): void {
    this.#isBusy = false;
    while (!this.#isBusy && this.#waiting && this.#waiting.length > 0) {
      try {
        this.#waiting.shift()?.();
      } catch (error) {
        this.#fail(error);
      }
    }
    if (this.#isBusy) return;
    this.#waiting = undefined;
    this.#onIdle?.();
    if (!this.isEnding) this.connection.resume();
  }

  #fail(error: unknown): void {
    this.services.log.error('c2s.stanza.crashed', { error });
    this.crashed();
  }

  #nonza(element: Element): void {
    if (this.isEnding || this.#isReleased) return;
    const session = this.#session as Session;
    if (session.host.hooks.claim(nonzaReceived, { session, element, link: this }) === TAKEN) return;
    if (isCompressRequest(element, this)) refuseCompression(this, 'setup-failed');
    else this.refuseNonza(element);
  }

  deliver(stanza: Stanza): void {
    if (!this.isEnding) this.connection.deliver(stanza);
  }

  write(xml: string): void {
    if (!this.isEnding) this.connection.write(xml);
  }

  async release(error: StreamError): Promise<void> {
    this.#isReleased = true;
    this.end(error);
    if (!this.#isBusy) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  protected override ended(reason: string): void {
    if (this.#session && !this.#isReleased) this.services.sessions.close(this.#session, reason);
    this.over();
  }

  /** What the client has sent before it went still counts, as its session's: presence that has been waiting is withdrawn again. */
  override closed(reason: number): void {
    super.closed(reason);
    const leave = () => {
      this.#leave(CLOSE_REASONS.get(reason) ?? 'unknown');
      this.over();
    };
    if (this.#waiting === undefined || this.#waiting.length === 0) leave();
    else this.#later(leave);
  }

  #leave(reason: string): void {
    const session = this.#session;
    if (!session || this.#isReleased) return;
    const jid = session.jid.toString();
    if (!session.isClosed && session.host.hooks.claim(sessionDetaching, { session, link: this, reason }) === TAKEN)
      return this.services.log.info('c2s.session.detached', { jid, reason });
    this.services.sessions.close(session, reason);
    this.services.log.info('c2s.session.closed', { jid, reason });
  }
}
