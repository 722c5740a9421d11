/** A message in the hands of sessions: who was given it, as it is or as a copy, and whether a client has it. */
import type { Stanza } from '../../protocol/stanza.js';
import type { Session } from '../sessions/session.js';
import type { ReceivedStanza } from './hooks.js';

/** What several sessions of an account have of one message. The account has it as soon as one of their clients does. */
export class Sharing {
  /** A client has acknowledged it. */
  isTaken = false;
  readonly original: Stanza;
  readonly #sessions: readonly Session[];

  constructor(original: Stanza, sessions: readonly Session[]) {
    this.original = original.keep();
    this.#sessions = sessions;
  }

  /** Whether nothing is lost with this session, which has ended: a client has the message, or another session is there for it. */
  isElsewhere(session: Session): boolean {
    return this.isTaken || this.#sessions.some((other) => other !== session && !other.isClosed);
  }
}

export interface HandedCopy {
  readonly session: Session;
  readonly copy: Stanza;
}

export class HandedMessage {
  readonly received: ReceivedStanza;
  /** Those that were given the message itself. */
  readonly sessions: readonly Session[];
  /** For others of the account; set in the copy band. */
  copies: readonly HandedCopy[] | undefined;
  #sharing: Sharing | undefined;

  constructor(received: ReceivedStanza, sessions: readonly Session[]) {
    this.received = received;
    this.sessions = sessions;
    this.copies = undefined;
  }

  /** Hears of each stanza that stands for the message where several sessions have it; the same `sharing` for all. */
  shared(tell: (session: Session, stanza: Stanza, sharing: Sharing) => void): void {
    const { sessions, received } = this;
    const copies = this.#copiesThatCount();
    if (sessions.length + copies.length < 2) return;
    this.#sharing ??= new Sharing(received.stanza, [...sessions, ...copies.map(({ session }) => session)]);
    for (const session of sessions) tell(session, received.stanza, this.#sharing);
    for (const { session, copy } of copies) tell(session, copy, this.#sharing);
  }

  /** A session that keeps nothing has had the message for all that is known: what becomes of copies then matters to nobody. */
  #copiesThatCount(): readonly HandedCopy[] {
    if (!this.copies || this.sessions.length === 0) return NO_COPIES;
    return this.sessions.every(({ link }) => link.isKeeping === true) ? this.copies : NO_COPIES;
  }
}

const NO_COPIES: readonly HandedCopy[] = [];
