/** An account that is online, as its home shard knows it: its sessions, and what modules keep for it meanwhile. */
import type { Jid } from '../../protocol/jid.js';
import type { Host } from '../hosts/host.js';
import type { Session } from './session.js';
import { SlotHolder } from './slot.js';

export class Account extends SlotHolder {
  /** Bare. */
  readonly jid: Jid;
  readonly host: Host;
  readonly #sessions = new Map<string, Session>();

  constructor(jid: Jid, host: Host) {
    super();
    this.jid = jid;
    this.host = host;
  }

  /** Open sessions, and those being opened. */
  get size(): number {
    return this.#sessions.size;
  }

  session(resource: string): Session | undefined {
    return this.#sessions.get(resource);
  }

  /** The open sessions. */
  *sessions(): IterableIterator<Session> {
    for (const session of this.#sessions.values()) if (session.isOpen) yield session;
  }

  /** The sessions that have sent available presence. */
  *available(): IterableIterator<Session> {
    for (const session of this.#sessions.values()) if (session.isOpen && session.isAvailable) yield session;
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
    for (const session of this.#sessions.values()) return session;
    return undefined;
  }

  add(session: Session): void {
    this.#sessions.set(session.jid.resource, session);
  }

  /** Removes exactly this session, not one that has taken its resource since. */
  remove(session: Session): void {
    if (this.#sessions.get(session.jid.resource) === session) this.#sessions.delete(session.jid.resource);
  }
}
