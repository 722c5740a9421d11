/** An account that is online, as its home shard knows it: its sessions, and what modules keep for it meanwhile. */
import type { Jid } from '../../protocol/jid.js';
import type { Host } from '../hosts/host.js';
import type { Session } from './session.js';
import { SlotHolder } from './slot.js';

const NOBODY: readonly Session[] = [];

export class Account extends SlotHolder {
  /** Bare. */
  readonly jid: Jid;
  readonly host: Host;
  /** The sessions by resource, in the order in which they came. Nearly every account has one: that needs no map. */
  #sessions: Session | Map<string, Session> | undefined;

  constructor(jid: Jid, host: Host) {
    super();
    this.jid = jid;
    this.host = host;
  }

  /** Open sessions, and those being opened. */
  get size(): number {
    if (this.#sessions instanceof Map) return this.#sessions.size;
    return this.#sessions === undefined ? 0 : 1;
  }

  /** Whether a session is open: what the stanzas of the account need has been loaded. */
  get isOpen(): boolean {
    const sessions = this.#sessions;
    if (!(sessions instanceof Map)) return sessions?.isOpen === true;
    for (const session of sessions.values()) if (session.isOpen) return true;
    return false;
  }

  session(resource: string): Session | undefined {
    if (this.#sessions instanceof Map) return this.#sessions.get(resource);
    return this.#sessions?.jid.resource === resource ? this.#sessions : undefined;
  }

  /** The open sessions. */
  *sessions(): IterableIterator<Session> {
    for (const session of this.#all()) if (session.isOpen) yield session;
  }

  /** The sessions that have sent available presence. */
  *available(): IterableIterator<Session> {
    for (const session of this.#all()) if (session.isOpen && session.isAvailable) yield session;
  }

  get isAvailable(): boolean {
    for (const _ of this.available()) return true;
    return false;
  }

  /** RFC 6121 section 8.5.2.1: messages to the account reach sessions whose priority is not negative. */
  get canReceive(): boolean {
    for (const session of this.available()) if (session.priority >= 0) return true;
    return false;
  }

  /** The session that has been there longest. */
  get oldest(): Session | undefined {
    for (const session of this.#all()) return session;
    return undefined;
  }

  add(session: Session): void {
    const sessions = this.#sessions;
    if (sessions instanceof Map) sessions.set(session.jid.resource, session);
    else if (!sessions || sessions.jid.resource === session.jid.resource) this.#sessions = session;
    else this.#sessions = new Map([sessions, session].map((each) => [each.jid.resource, each]));
  }

  /** Removes exactly this session, not one that has taken its resource since. */
  remove(session: Session): void {
    if (this.session(session.jid.resource) !== session) return;
    if (this.#sessions instanceof Map && this.#sessions.delete(session.jid.resource)) {
      if (this.#sessions.size === 1) this.#sessions = this.oldest;
    } else {
      this.#sessions = undefined;
    }
  }

  #all(): Iterable<Session> {
    if (this.#sessions instanceof Map) return this.#sessions.values();
    return this.#sessions ? [this.#sessions] : NOBODY;
  }
}
