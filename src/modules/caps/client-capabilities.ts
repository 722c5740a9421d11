/** What is known of the client of each session: from the cache where its hash has been proved before, else by asking. */
import type { Host } from '../../core/hosts/host.js';
import type { Session } from '../../core/sessions/session.js';
import { slot } from '../../core/sessions/slot.js';
import { capabilitiesLearned } from './api.js';
import type { CapabilityCache } from './cache.js';
import type { Capabilities } from './capabilities.js';
import type { Offer } from './offer.js';
import { Questions, type QuestionsOptions } from './questions.js';

/** Survives resumption: the client is the same. */
const known = slot<Capabilities | undefined>('mod_caps.known', () => undefined);

export class ClientCapabilities {
  readonly questions: Questions;
  readonly #host: Host;
  readonly #cache: CapabilityCache;

  constructor(host: Host, cache: CapabilityCache, options: Omit<QuestionsOptions, 'learned'>) {
    this.#host = host;
    this.#cache = cache;
    this.questions = new Questions({
      ...options,
      learned: (capabilities, sessions) => {
        cache.add(capabilities);
        for (const session of sessions) this.#learn(session, undefined, capabilities);
      },
    });
  }

  of(session: Session): Capabilities | undefined {
    return session.peek(known);
  }

  /** The client has shown what it can do. */
  offered(session: Session, offer: Offer): void {
    const before = session.peek(known);
    if (before && [...offer.needed].some((key) => before.proved.has(key))) return this.questions.forget(session);
    const found = this.#cache.find(offer);
    if (found) {
      this.questions.forget(session);
      return this.#learn(session, before, found);
    }
    // XEP-0390 section 6.2.1: what is not among the latest hashes does not count any more.
    if (before) session.set(known, undefined);
    this.questions.ask(session, offer);
  }

  forget(session: Session): void {
    this.questions.forget(session);
    if (session.peek(known)) session.set(known, undefined);
  }

  #learn(session: Session, before: Capabilities | undefined, after: Capabilities): void {
    session.set(known, after);
    this.#host.hooks.notify(capabilitiesLearned, { session, before, after });
  }
}
