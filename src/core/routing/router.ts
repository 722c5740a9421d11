/** Finds the way of every stanza: answered here, to an account at home here, to another shard, or back to its sender. */
import type { EnginePort } from '../../engine/port.js';
import type { Logger } from '../../platform/log.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import type { Stanza } from '../../protocol/stanza.js';
import { type MaybePromise, TAKEN } from '../hooks/hook.js';
import type { Host, Hosts } from '../hosts/host.js';
import type { Session } from '../sessions/session.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Durability } from '../shards/durability.js';
import { Delivery } from './delivery.js';
import { withoutForgedDelay } from './forged-delay.js';
import { presenceSent, type SentStanza, stanzaSent } from './hooks.js';

export interface RouterDependencies {
  readonly shard: number;
  readonly shards: number;
  readonly engine: EnginePort;
  readonly hosts: Hosts;
  readonly sessions: Sessions;
  readonly log: Logger;
  /** Whether an account of ours is registered; may be slow. */
  readonly accountExists: (host: Host, account: Jid) => Promise<boolean>;
  /** Hears of what nobody else waits for; for acknowledgements that come behind it. */
  readonly durability?: Pick<Durability, 'sending' | 'notSent' | 'track'>;
}

export class Router {
  readonly #deps: RouterDependencies;
  readonly #delivery: Delivery;

  constructor(deps: RouterDependencies) {
    this.#deps = deps;
    this.#delivery = new Delivery({
      route: (stanza) => this.route(stanza),
      bounce: (stanza, error) => this.bounce(stanza, error),
      account: (jid) => deps.sessions.account(jid),
      exists: ({ host, to }) => deps.accountExists(host, to.bare),
      crashed: this.#crashed,
    });
  }

  /** Our own number. */
  get shard(): number {
    return this.#deps.shard;
  }

  /** The shard where an account lives. */
  home(jid: Jid): number {
    return jid.hash % this.#deps.shards;
  }

  isHomeHere(jid: Jid): boolean {
    return this.home(jid) === this.#deps.shard;
  }

  /** The other shard where this account of ours lives; `undefined` for all who do not live on one. */
  homeElsewhere(to: Jid): number | undefined {
    return to.local === '' || this.isHomeHere(to) || !this.#deps.hosts.serving(to.domain) ? undefined : this.home(to);
  }

  /** Whether presence for this address would be seen by nobody: it is that of an account at home here, without sessions. */
  isDeserted(to: Jid): boolean {
    const { hosts, sessions } = this.#deps;
    return to.local !== '' && this.isHomeHere(to) && !sessions.account(to) && hosts.serving(to.domain) !== undefined;
  }

  /** A stanza of a bound session, `from` already its full JID. A promise when later stanzas of the session have to wait for this one. */
  fromSession(session: Session, stanza: Stanza): MaybePromise<void> {
    const { hooks } = session.host;
    if (stanza.malformed) return this.bounce(stanza, StanzaError.jidMalformed());
    if (!isSendable(stanza)) return this.bounce(stanza, StanzaError.badRequest());

    const clean = withoutForgedDelay(stanza, this.#deps.hosts);
    const sent: SentStanza = { session, stanza: clean, archiveId: undefined };
    const verdict = hooks.filter(stanzaSent, sent);
    if (verdict) return verdict.kind === 'refuse' ? this.bounce(stanza, verdict.error) : undefined;
    if (sent.stanza.name === 'presence' && hooks.claim(presenceSent, sent) === TAKEN) return;
    return this.#send(sent.stanza, session);
  }

  /**
   * Sends a stanza on, wherever its `to` lives. Modules use this for what they make themselves; `from` must be set. Never throws:
   * one recipient that fails is no reason to leave out the others.
   */
  route(stanza: Stanza): void {
    try {
      this.#settle(this.#send(stanza, undefined));
    } catch (error) {
      this.#failed(error);
    }
  }

  /** What a session of an account at home here was given and did not take: finds another way, as if it had just come. */
  again(stanza: Stanza): void {
    const { to } = stanza;
    const host = to && this.#deps.hosts.serving(to.domain);
    if (!host) return;
    const account = this.#deps.sessions.account(to);
    try {
      this.#settle(
        this.#delivery.deliver({ host, to, account, stanza, archiveId: undefined, isAgain: true }, undefined),
      );
    } catch (error) {
      this.#failed(error);
    }
  }

  /** A stanza that another shard sent here. */
  received(stanza: Stanza): void {
    this.route(stanza);
  }

  /** Answers with an error, unless that could start an endless exchange (RFC 6120 section 8.3.1). */
  bounce(stanza: Stanza, error: StanzaError): void {
    if (!stanza.from || stanza.type === 'error' || (stanza.name === 'iq' && stanza.type === 'result')) return;
    this.route(stanza.error(error));
  }

  /** PERF(login): a login sends hundreds of stanzas, each of which is dealt with when `#send` returns. */
  #settle(late: MaybePromise<void>): void {
    if (!(late instanceof Promise)) return;
    late.catch(this.#crashed);
    this.#deps.durability?.track(late);
  }

  #failed(error: unknown): void {
    this.#crashed(error);
    this.#deps.durability?.track(Promise.reject(error));
  }

  readonly #crashed = (error: unknown): void => this.#deps.log.error('router.crashed', { error });

  #send(stanza: Stanza, session: Session | undefined): MaybePromise<void> {
    const to = stanza.to ?? session?.jid.bare;
    if (!to) return;
    const host = this.#deps.hosts.serving(to.domain);
    if (!host) return this.#elsewhere(to, stanza);
    if (to.local === '') return this.#toDomain(host, to, stanza, session);
    if (!this.isHomeHere(to)) return this.#toShard(this.home(to), stanza);
    const account = this.#deps.sessions.account(to);
    return this.#delivery.deliver({ host, to, account, stanza, archiveId: undefined, isAgain: false }, session);
  }

  /** A domain that is no host of ours: a service beside one, or nobody we know. */
  #elsewhere(to: Jid, stanza: Stanza): MaybePromise<void> {
    const service = this.#deps.hosts.service(to.domain);
    if (!service) return this.bounce(stanza, StanzaError.remoteServerNotFound());
    const isForUs = stanza.name === 'iq' && to.local === '' && to.resource === '';
    if (!isForUs) return this.bounce(stanza, StanzaError.serviceUnavailable());
    return this.#delivery.answerIq({ host: service.host, to, stanza }, undefined, service.iqs);
  }

  /** RFC 6120 section 10.3: the server itself is addressed; it has no resources. */
  #toDomain(host: Host, to: Jid, stanza: Stanza, session: Session | undefined): MaybePromise<void> {
    if (to.resource !== '') {
      if (stanza.name !== 'presence') this.bounce(stanza, StanzaError.itemNotFound());
      return;
    }
    if (stanza.name === 'iq') return this.#delivery.answerIq({ host, to, stanza }, session);
    if (stanza.name === 'message' && stanza.type !== 'headline') this.bounce(stanza, StanzaError.serviceUnavailable());
  }

  #toShard(shard: number, stanza: Stanza): void {
    const { engine, durability } = this.#deps;
    const isFirst = durability?.sending(shard);
    const sent = (stanza.isInArena && engine.forward(shard, stanza.envelope)) || engine.route(shard, stanza.toXml());
    if (sent) return;
    if (isFirst) durability?.notSent(shard);
    this.#deps.log.warn('router.shard_unreachable', { shard, stanza: stanza.name });
    this.bounce(stanza, StanzaError.resourceConstraint());
  }
}

const PRESENCE_TYPES = new Set([
  '',
  'unavailable',
  'subscribe',
  'subscribed',
  'unsubscribe',
  'unsubscribed',
  'probe',
  'error',
]);
const IQ_TYPES = new Set(['get', 'set', 'result', 'error']);

/** Whether type and id are what RFC 6120 section 8 demands. An unknown message type counts as normal (RFC 6121 section 5.2.2). */
function isSendable(stanza: Stanza): boolean {
  if (stanza.name === 'presence') return PRESENCE_TYPES.has(stanza.type);
  if (stanza.name === 'iq') return IQ_TYPES.has(stanza.type) && stanza.id !== undefined;
  return true;
}
