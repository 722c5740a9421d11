/** All sessions whose accounts are at home in this shard: opened, found, replaced and closed. */
import type { Clock } from '../../platform/clock.js';
import type { Logger } from '../../platform/log.js';
import { StanzaError, StreamError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import type { Host } from '../hosts/host.js';
import { Account } from './account.js';
import { sessionClosed, sessionOpened, sessionOpening } from './hooks.js';
import { Session, type SessionLink } from './session.js';

export interface SessionRequest {
  /** Full. */
  readonly jid: Jid;
  readonly host: Host;
  readonly link: SessionLink;
  /** Sessions that the account may have at once: the oldest gives way. */
  readonly maxSessions: number;
}

const replacedError = new StreamError('conflict', 'Replaced by new connection');

export class Sessions {
  readonly #accounts = new Map<string, Account>();
  readonly #clock: Clock;
  readonly #log: Logger;
  #count = 0;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Open sessions. */
  get count(): number {
    return this.#count;
  }

  /** The account of this JID, when it has sessions here. */
  account(jid: Jid): Account | undefined {
    return this.#accounts.get(jid.bare.toString());
  }

  /** The open session of exactly this full JID. */
  session(jid: Jid): Session | undefined {
    const session = this.account(jid)?.session(jid.resource);
    return session?.isOpen ? session : undefined;
  }

  *all(): IterableIterator<Session> {
    for (const account of this.#accounts.values()) yield* account.sessions();
  }

  /** Opens a session once its modules have loaded what it needs. A refusal is what binding is answered with. */
  async open(request: SessionRequest): Promise<Session | StanzaError> {
    const { jid, host, link } = request;
    const account = this.account(jid) ?? this.#addAccount(jid.bare, host);
    this.#makeRoom(account, jid, request.maxSessions);

    const session = new Session(jid, host, account, link, this.#clock.now());
    account.add(session);
    const verdict = await host.hooks.filterAsync(sessionOpening, { session });
    if (verdict || session.isClosed) {
      this.#forget(session);
      return verdict?.kind === 'refuse' ? verdict.error : StanzaError.notAllowed();
    }

    session.isOpen = true;
    this.#count++;
    host.hooks.notify(sessionOpened, { session });
    return session;
  }

  /** Ends our side of a session: for modules it is over. The link is left to the caller. */
  close(session: Session, reason: string): void {
    if (session.isClosed) return;
    session.isClosed = true;
    this.#forget(session);
    if (!session.isOpen) return;
    session.isOpen = false;
    this.#count--;
    session.host.hooks.notify(sessionClosed, { session, reason });
  }

  /** Ends those that have no connection any more: nobody can be told. */
  closeDetached(reason: string): void {
    for (const session of [...this.all()]) if (session.link.isClosed) this.close(session, reason);
  }

  /** Throws a session out: its stream gets the error. */
  evict(session: Session, error: StreamError, reason: string): void {
    session.link.end(error);
    this.close(session, reason);
  }

  /** Throws out all sessions of an account, those that are being opened included. */
  evictAll(jid: Jid, error: StreamError, reason: string): void {
    const account = this.account(jid);
    for (let session = account?.oldest; session; session = account?.oldest) this.evict(session, error, reason);
  }

  #addAccount(jid: Jid, host: Host): Account {
    const account = new Account(jid, host);
    this.#accounts.set(jid.toString(), account);
    return account;
  }

  #makeRoom(account: Account, jid: Jid, maxSessions: number): void {
    const old = account.session(jid.resource);
    if (old) this.#replace(old);
    while (account.size >= maxSessions && account.oldest) {
      this.evict(account.oldest, replacedError, 'too many sessions');
      this.#keep(account);
    }
    this.#keep(account);
  }

  /** RFC 6120 section 7.7.2.2: the newcomer wins, the old stream gets `conflict`. */
  #replace(old: Session): void {
    this.evict(old, replacedError, 'replaced');
    const ms = old.host.config.general.replaced_wait_timeout;
    this.#clock.after(ms, () => {
      if (!old.link.isClosed) this.#log.warn('session.replaced_wait_timeout', { jid: old.jid.toString(), ms });
    });
  }

  /** An account that lost its last session while another is being opened stays where it is. */
  #keep(account: Account): void {
    this.#accounts.set(account.jid.toString(), account);
  }

  #forget(session: Session): void {
    const { account } = session;
    account.remove(session);
    // One that was evicted while it was being opened comes here late: others may have come and gone since.
    if (account.size === 0 && this.account(account.jid) === account) this.#accounts.delete(account.jid.toString());
  }
}
