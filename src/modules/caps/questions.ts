/** Asks clients what they can do: one client for each hash that is not known, and the next one when that does not prove it. */
import type { Session } from '../../core/sessions/session.js';
import type { Cancel, Clock } from '../../platform/clock.js';
import type { Logger } from '../../platform/log.js';
import type { Random } from '../../platform/random.js';
import { el } from '../../protocol/element.js';
import { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { Stanza } from '../../protocol/stanza.js';
import { type Capabilities, checkedCapabilities } from './capabilities.js';
import type { Offer } from './offer.js';

export interface QuestionsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly timeoutMs: number;
  /** The answer of a client was good: for it, and for those that gave the same hash. */
  readonly learned: (capabilities: Capabilities, sessions: readonly Session[]) => void;
}

/** One hash, and who shows it. */
interface Question {
  readonly key: string;
  /** The first one is being asked, the others wait. */
  readonly sessions: Map<Session, Offer>;
  id: string;
  cancel: Cancel;
}

/** What one account may make us ask: a hash that changes all the time must not drive others out of the cache (XEP-0390 section 8.2). */
const MAX_ASKED = 20;
export const ASKED_PERIOD_MS = 60_000;

export class Questions {
  readonly #options: QuestionsOptions;
  readonly #byKey = new Map<string, Question>();
  readonly #bySession = new Map<Session, Question>();
  /** Within the running period, by account. */
  readonly #asked = new Map<string, number>();

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  /** Finds out what a session offers, unless its account has made us ask too much. What was asked of it before is given up. */
  ask(session: Session, offer: Offer): void {
    const [shared] = offer.needed;
    const key = shared ?? `session ${session.jid}`;
    const before = this.#bySession.get(session);
    if (before && this.#byKey.get(key) === before) return;
    this.forget(session);
    const question = this.#byKey.get(key);
    if (question) {
      question.sessions.set(session, offer);
      this.#bySession.set(session, question);
      return;
    }
    const started: Question = { key, sessions: new Map([[session, offer]]), id: '', cancel: () => {} };
    this.#byKey.set(key, started);
    this.#bySession.set(session, started);
    this.#askNext(started);
  }

  /** A stanza from the client to its domain. True when it was an answer to a question of ours. */
  answered(session: Session, stanza: Stanza): boolean {
    const question = this.#bySession.get(session);
    if (!question || question.id !== stanza.id || first(question) !== session) return false;
    question.cancel();
    const offer = question.sessions.get(session) as Offer;
    const query = stanza.type === 'result' ? stanza.tree().elements()[0] : undefined;
    const langs = ['', query?.attrs['xml:lang'] ?? stanza.lang, session.link.lang].filter((lang) => lang !== undefined);
    const checked = checkedCapabilities(query, offer, langs);
    if (typeof checked === 'string') {
      this.#options.log.debug('caps.rejected', { jid: session.jid.toString(), key: question.key, reason: checked });
      this.#drop(question, session);
      this.#askNext(question);
      return true;
    }
    for (const one of question.sessions.keys()) this.#bySession.delete(one);
    this.#close(question);
    this.#options.learned(checked, [...question.sessions.keys()]);
    return true;
  }

  /** The session is gone, or shows something else by now. */
  forget(session: Session): void {
    const question = this.#bySession.get(session);
    if (!question) return;
    const wasAsked = first(question) === session;
    this.#drop(question, session);
    if (!wasAsked) return;
    question.cancel();
    this.#askNext(question);
  }

  /** A new period begins for what accounts may make us ask. */
  startPeriod(): void {
    this.#asked.clear();
  }

  close(): void {
    for (const question of this.#byKey.values()) question.cancel();
    this.#byKey.clear();
    this.#bySession.clear();
  }

  #askNext(question: Question): void {
    for (const [session, offer] of question.sessions) {
      if (this.#mayAsk(session)) return this.#ask(question, session, offer);
      this.#options.log.info('caps.too_many', { jid: session.jid.toString() });
      this.#drop(question, session);
    }
    this.#close(question);
  }

  #ask(question: Question, session: Session, offer: Offer): void {
    const { clock, random, log, timeoutMs } = this.#options;
    question.id = `caps-${random.hex(8)}`;
    question.cancel = clock.after(timeoutMs, () => {
      log.debug('caps.timeout', { jid: session.jid.toString(), key: question.key });
      this.#drop(question, session);
      this.#leave(question, session, offer);
      this.#askNext(question);
    });
    const query = el('query', { xmlns: ns.DISCO_INFO, node: offer.node });
    const iq = el('iq', { xmlns: ns.CLIENT, type: 'get', id: question.id }, query);
    session.deliver(Stanza.fromElement(iq, session.jid, Jid.trusted('', session.jid.domain)));
  }

  /** Nobody waits for it any more, but a client that was away for a while may still answer for itself. */
  #leave({ key, id }: Question, session: Session, offer: Offer): void {
    this.#bySession.set(session, { key, id, sessions: new Map([[session, offer]]), cancel: () => {} });
  }

  #close(question: Question): void {
    if (this.#byKey.get(question.key) === question) this.#byKey.delete(question.key);
  }

  #mayAsk(session: Session): boolean {
    const account = session.account.jid.toString();
    const asked = this.#asked.get(account) ?? 0;
    this.#asked.set(account, asked + 1);
    return asked < MAX_ASKED;
  }

  #drop(question: Question, session: Session): void {
    question.sessions.delete(session);
    this.#bySession.delete(session);
  }
}

function first({ sessions }: Question): Session | undefined {
  for (const session of sessions.keys()) return session;
  return undefined;
}
