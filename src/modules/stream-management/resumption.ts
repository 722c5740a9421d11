/** XEP-0198 section 5: gives a client that has logged in again the session that it had before. */
import { TAKEN } from '../../core/hooks/hook.js';
import { type NotResumed, type Resumption, sessionResumed } from '../../core/sessions/hooks.js';
import type { Session, StreamLink } from '../../core/sessions/session.js';
import type { Sessions } from '../../core/sessions/sessions.js';
import type { EarlyAnswer } from '../../core/streams/hooks.js';
import type { Clock } from '../../platform/clock.js';
import type { Element } from '../../protocol/element.js';
import type { Jid } from '../../protocol/jid.js';
import type { Settling } from './acknowledgement.js';
import { ManagedLink } from './managed-link.js';
import { failed, readCount, resumed } from './nonzas.js';
import type { StaleCounters } from './stale-counters.js';

/** Section 3: enabling needs a session, and resuming a login. */
export function beforeBinding(element: Element, isLoggedIn: boolean): EarlyAnswer {
  if (element.name !== 'resume' || !isLoggedIn) return { answer: failed('unexpected-request') };
  const handled = readCount(element);
  const id = element.attrs['previd'];
  if (handled === undefined || id === undefined) return { answer: failed('bad-request') };
  return { resume: { id, handled }, otherwise: failed('resource-constraint') };
}

export interface ResumptionParts {
  readonly sessions: Sessions;
  readonly durability: Settling;
  readonly stale: StaleCounters | undefined;
  readonly clock: Clock;
}

export interface Wanted {
  /** Bare, and proven by the login. */
  readonly user: Jid;
  readonly resumption: Resumption;
  readonly link: StreamLink;
}

export class Resumptions {
  readonly #parts: ResumptionParts;

  constructor(parts: ResumptionParts) {
    this.#parts = parts;
  }

  async resume({ user, resumption, link: stream }: Wanted): Promise<NotResumed | typeof TAKEN> {
    const { id, handled: h } = resumption;
    const found = this.#find(user, id);
    if (!found) return { answer: await this.#tooLate(user, id) };
    const { session, link } = found;
    if (!link.accepts(h)) {
      stream.end(link.tooHigh(h));
      return TAKEN;
    }
    await link.hand(stream);
    const mark = link.acknowledgement.mark(link.handled);
    await link.acknowledgement.settled();

    if (session.isClosed) return { answer: await this.#tooLate(user, id) };
    // It may have gone again, or another one may want the session by now.
    if (!link.isNext(stream)) return TAKEN;
    const handled = link.acknowledgement.tell(mark);
    if (handled === undefined) {
      this.#parts.sessions.close(session, 'stanzas may be lost');
      return { answer: failed('internal-server-error') };
    }
    link.resume(stream, h, resumed(id, handled).toXml());
    session.host.hooks.notify(sessionResumed, { session });
    return TAKEN;
  }

  /** Only among the sessions of whoever asks: to know an id is no proof of anything. */
  #find(user: Jid, id: string): { session: Session; link: ManagedLink } | undefined {
    for (const session of this.#parts.sessions.account(user)?.sessions() ?? []) {
      const { link } = session;
      if (link instanceof ManagedLink && link.id === id) return { session, link };
    }
    return undefined;
  }

  /** With what the session had taken in, where that is still known (`stale_h`). */
  async #tooLate(user: Jid, id: string): Promise<Element> {
    const { stale, durability, clock } = this.#parts;
    await durability.settled();
    return failed('item-not-found', stale?.handled(id, user.toString(), clock.monotonic()));
  }
}
