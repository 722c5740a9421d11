/** RFC 6121 section 4.3.2: what those hear who ask whether an account is there. */
import type { Hosts } from '../../core/hosts/host.js';
import type { ReceivedStanza } from '../../core/routing/hooks.js';
import type { Account } from '../../core/sessions/account.js';
import type { Session } from '../../core/sessions/session.js';
import type { Sessions } from '../../core/sessions/sessions.js';
import type { Logger } from '../../platform/log.js';
import type { Jid } from '../../protocol/jid.js';
import type { Stanza } from '../../protocol/stanza.js';
import type { RosterApi } from '../roster/api.js';
import { directed, INITIAL, type Showing } from './showing.js';

export interface ProbeAnswersParts {
  readonly roster: RosterApi;
  readonly sessions: Sessions;
  readonly hosts: Hosts;
  readonly showing: Showing;
  readonly log: Logger;
}

interface Question {
  readonly owner: Jid;
  readonly prober: Jid;
  /** Of one of our own sessions that has just come. */
  readonly isInitial: boolean;
}

export class ProbeAnswers {
  readonly #parts: ProbeAnswersParts;

  constructor(parts: ProbeAnswersParts) {
    this.#parts = parts;
  }

  answer({ to, stanza, account, foundNobody }: ReceivedStanza): void {
    const { roster, sessions, hosts, log } = this.#parts;
    const [owner, prober] = [to.bare, stanza.from];
    if (!prober) return;
    const isInitial = stanza.id === INITIAL && hosts.serving(prober.domain) !== undefined;
    const question: Question = { owner, prober, isInitial };
    const maySee = roster.maySeePresence(owner, prober);
    if (!(maySee instanceof Promise)) return this.#tell(question, maySee, account, foundNobody === true);
    maySee
      .then((isSubscriber) => this.#tell(question, isSubscriber, sessions.account(owner), true))
      .catch((error) => log.error('presence.probe.failed', { error }));
  }

  #tell(question: Question, isSubscriber: boolean, account: Account | undefined, foundNobody: boolean): void {
    const { showing } = this.#parts;
    const { owner, prober, isInitial } = question;
    // Who has come since has been seen to come.
    if (foundNobody && isSubscriber && account?.isAvailable) return;
    let isShown = false;
    for (const session of account?.available() ?? []) {
      if (!isSubscriber && !knows(session, prober)) continue;
      if (showing.reveal(session, session.presence as Stanza, prober)) isShown = true;
    }
    // Whoever may not see that somebody is there gets the answer of an account that is not: of those nobody asks at first.
    if (!isShown && !isInitial) showing.tell(isSubscriber ? 'unavailable' : 'unsubscribed', owner, prober);
  }
}

/** Was sent presence directly (section 4.6). */
function knows(session: Session, prober: Jid): boolean {
  const known = session.peek(directed);
  return known !== undefined && (known.has(prober.toString()) || known.has(prober.bare.toString()));
}
