/** Which sessions of an account get a stanza (RFC 6121 section 8.5). Runs at the account's home. */
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import type { Stanza } from '../../protocol/stanza.js';
import { type MaybePromise, TAKEN } from '../hooks/hook.js';
import { KeyedQueue } from '../keyed-queue.js';
import type { Account } from '../sessions/account.js';
import type { Session } from '../sessions/session.js';
import { isTooLong, TOO_LONG } from '../storage/index.js';
import { HandedMessage, type Sharing } from './handed.js';
import {
  messageDelivered,
  messageHanded,
  messageKept,
  messageUndelivered,
  presenceReceived,
  type ReceivedStanza,
  stanzaArriving,
  stanzaReceived,
} from './hooks.js';
import { type IqTable, iqPayload } from './iq-table.js';

/** What delivery needs from the router: the way back to a sender. */
export interface DeliveryOutlets {
  /** Sends a stanza of the server's own. */
  route(stanza: Stanza): void;
  /** Answers with an error unless the stanza is one itself, or a result. */
  bounce(stanza: Stanza, error: StanzaError): void;
  exists(received: ReceivedStanza): Promise<boolean>;
  /** The account, if it has sessions by now. */
  account(jid: Jid): Account | undefined;
  /** Something failed that should not; the sender has been told. */
  crashed(error: unknown): void;
}

/** Messages to one account that nobody reads, waiting at once to be kept. */
const MAX_UNDELIVERED = 1_000;
/** Stanzas for one account without sessions, waiting at once for what their filters need. */
const MAX_ARRIVALS = 1_000;

export class Delivery {
  readonly #outlets: DeliveryOutlets;
  readonly #arrivals = new KeyedQueue();
  readonly #undeliveredTurns = new KeyedQueue();

  constructor(outlets: DeliveryOutlets) {
    this.#outlets = outlets;
  }

  /** A promise only when something has to be asked or stored first. `sender` is the session that sent it, if it is at home here. */
  deliver(received: ReceivedStanza, sender?: Session): MaybePromise<void> {
    const { hooks } = received.host;
    if (!hooks.has(stanzaArriving)) return this.#decide(received, sender);
    const recipient = received.to.bare.toString();
    if (this.#arrivals.isBusy(recipient)) return this.#arrive(recipient, received, sender);
    if (received.account?.isOpen) return this.#decide(received, sender);
    const loading = hooks.notify(stanzaArriving, received);
    return loading ? this.#arrive(recipient, received, sender, loading) : this.#decide(received, sender);
  }

  /** Stanzas for one account keep their order while they wait (RFC 6120 section 10.1). */
  async #arrive(
    recipient: string,
    received: ReceivedStanza,
    sender: Session | undefined,
    loading?: MaybePromise<void>,
  ): Promise<void> {
    if (this.#arrivals.length(recipient) >= MAX_ARRIVALS)
      return this.#outlets.bounce(received.stanza, StanzaError.resourceConstraint());
    received.stanza.keep();
    const foundNobody = received.account?.isAvailable !== true;
    let late: MaybePromise<void> | undefined;
    await this.#arrivals.run(recipient, async () => {
      await (loading ?? received.host.hooks.notify(stanzaArriving, received));
      late = this.#decide({ ...received, account: this.#outlets.account(received.to), foundNobody }, sender);
    });
    return late;
  }

  #decide(received: ReceivedStanza, sender: Session | undefined): MaybePromise<void> {
    const verdict = received.host.hooks.filter(stanzaReceived, received);
    if (verdict) {
      if (verdict.kind === 'refuse') this.#outlets.bounce(received.stanza, verdict.error);
      return;
    }
    switch (received.stanza.name) {
      case 'message':
        return this.#message(received);
      case 'presence':
        return this.#presence(received);
      case 'iq':
        return this.#iq(received, sender);
    }
  }

  #message(received: ReceivedStanza): MaybePromise<void> {
    const way = wayOf(received);
    if (way === 'undelivered') return this.#undelivered(received);
    if (way === 'refused') return this.#outlets.bounce(received.stanza, StanzaError.serviceUnavailable());
    if (way !== 'dropped') this.#hand(received, way);
  }

  #hand(received: ReceivedStanza, sessions: readonly Session[]): void {
    const { hooks } = received.host;
    const { stanza } = received;
    const isClaimable = hooks.has(messageDelivered);
    for (const session of sessions) {
      if (isClaimable && hooks.claim(messageDelivered, { to: session, stanza }) === TAKEN) continue;
      session.deliver(stanza);
    }
    const isHeard = hooks.has(messageHanded);
    if (!isHeard && sessions.length < 2) return;
    const handed = new HandedMessage(received, sessions);
    if (isHeard) hooks.notify(messageHanded, handed);
    if (sessions.some(notesSharing)) handed.shared(noteSharing);
  }

  /** Messages that a session of another shard has sent wait for nobody but each other here (RFC 6120 section 10.1). */
  #undelivered(received: ReceivedStanza): MaybePromise<void> {
    const recipient = received.to.bare.toString();
    // What comes again was kept within limits of its own.
    if (!received.isAgain && this.#undeliveredTurns.length(recipient) >= MAX_UNDELIVERED)
      return this.#outlets.bounce(received.stanza, StanzaError.resourceConstraint());
    received.stanza.keep();
    return this.#undeliveredTurns.run(recipient, () => this.#keepOrBounce(received));
  }

  async #keepOrBounce(received: ReceivedStanza): Promise<void> {
    try {
      const taken =
        (await this.#outlets.exists(received)) && (await received.host.hooks.claimAsync(messageUndelivered, received));
      if (taken) void received.host.hooks.notify(messageKept, received);
      else this.#outlets.bounce(received.stanza, StanzaError.serviceUnavailable());
    } catch (error) {
      if (isTooLong(error)) return this.#outlets.bounce(received.stanza, StanzaError.notAcceptable(TOO_LONG));
      this.#outlets.bounce(received.stanza, StanzaError.internalServerError());
      this.#outlets.crashed(error);
    }
  }

  #presence(received: ReceivedStanza): void {
    const { to, account, stanza, host } = received;
    if (host.hooks.claim(presenceReceived, received) === TAKEN) return;
    if (stanza.type !== '' && stanza.type !== 'unavailable' && stanza.type !== 'error') return;
    if (to.resource !== '') {
      const session = account?.session(to.resource);
      if (session?.isOpen) session.deliver(stanza);
    } else if (account) {
      for (const session of account.available()) session.deliver(stanza);
    }
  }

  #iq(received: ReceivedStanza, sender: Session | undefined): MaybePromise<void> {
    const { to, account, stanza } = received;
    if (to.resource !== '') {
      const session = account?.session(to.resource);
      if (session?.isOpen) session.deliver(stanza);
      else this.#outlets.bounce(stanza, StanzaError.serviceUnavailable());
      return;
    }
    return this.answerIq(received, sender);
  }

  /** A request that the server answers itself, for an account or for the domain. */
  answerIq(
    { host, to, stanza }: Pick<ReceivedStanza, 'host' | 'to' | 'stanza'>,
    session: Session | undefined,
    iqs: IqTable = host.iqs,
  ): MaybePromise<void> {
    const { type, from } = stanza;
    if (!from || (type !== 'get' && type !== 'set')) return;
    const payload = iqPayload(stanza);
    if (!payload)
      return this.#outlets.bounce(stanza, StanzaError.badRequest('an IQ request has exactly one child element'));

    // Whoever asks somebody else's account must not look like its owner, on the same shard any more than from another.
    const own = to.local === '' || to.equals(from.bare) ? session : undefined;
    const answer = iqs.answer({ host, stanza, type, payload, from, to, session: own });
    if (!(answer instanceof Promise)) return this.#outlets.route(answer);
    return answer.then((late) => this.#outlets.route(late));
  }
}

function notesSharing({ link }: Session): boolean {
  return link.shared !== undefined;
}

function noteSharing({ link }: Session, stanza: Stanza, sharing: Sharing): void {
  link.shared?.(stanza, sharing);
}

/** Sessions that get a message, or what else becomes of it. */
export type MessageWay = readonly Session[] | 'undelivered' | 'refused' | 'dropped';

export function wayOf({ to, account, stanza }: Pick<ReceivedStanza, 'to' | 'account' | 'stanza'>): MessageWay {
  if (to.resource !== '') {
    const session = account?.session(to.resource);
    if (session?.isOpen) return [session];
    if (!fallsBackToAccount(stanza, account)) return 'refused';
  }
  switch (stanza.type) {
    case 'error':
      return 'dropped';
    case 'groupchat':
      // RFC 6121 section 8.5.2.1.1: never to sessions; but while there are none, a module may keep it.
      return account?.canReceive ? 'refused' : 'undelivered';
    case 'headline':
      return [...nonNegative(account)];
    default: {
      const sessions = mostAvailable(account);
      return sessions.length === 0 ? 'undelivered' : sessions;
    }
  }
}

/**
 * RFC 6121 section 8.5.3.2.1: with no such resource, a chat message is treated as sent to the account. So is a normal one when
 * nobody is there at all, so that it can be kept for later.
 */
function fallsBackToAccount(stanza: Stanza, account: Account | undefined): boolean {
  if (stanza.type === 'chat' || stanza.type === 'error') return true;
  return (stanza.type === '' || stanza.type === 'normal' || stanza.type === 'unknown') && !account?.isAvailable;
}

export function* nonNegative(account: Account | undefined): IterableIterator<Session> {
  if (!account) return;
  for (const session of account.available()) if (session.priority >= 0) yield session;
}

/** RFC 6121 section 8.5.2.1.1: the available sessions of the highest priority, if that is not negative. */
export function mostAvailable(account: Account | undefined): Session[] {
  let sessions: Session[] = [];
  let highest = 0;
  for (const session of nonNegative(account)) {
    if (session.priority > highest) {
      highest = session.priority;
      sessions = [];
    }
    if (session.priority === highest) sessions.push(session);
  }
  return sessions;
}
