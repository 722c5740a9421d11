/** XEP-0280 section 6.1: which messages of an account were copied lately, so that errors that answer them are copied, too. */
import type { Jid } from '../../protocol/jid.js';
import type { Stanza } from '../../protocol/stanza.js';

/** Errors come soon, or for few of many messages; older ones are told to the client that has sent the message alone. */
const MOST = 100;

/** PERF(chat): every message is remembered, and hardly one is ever looked for. */
export class Copied {
  /** The message at a place was copied for the peer at the same place; the oldest makes room for the next. */
  readonly #ids: string[] = [];
  readonly #peers: Jid[] = [];
  #next = 0;

  /** `peer` is the other side of the conversation. */
  remember(message: Stanza, peer: Jid | undefined): void {
    const { id } = message;
    if (id === undefined || !peer) return;
    this.#ids[this.#next] = id;
    this.#peers[this.#next] = peer.bare;
    this.#next = (this.#next + 1) % MOST;
  }

  /** Whether this error answers one of them. Whoever has answered may be any client of the peer, or its server. */
  has(error: Stanza, peer: Jid | undefined): boolean {
    const { id } = error;
    if (id === undefined || !peer) return false;
    const { bare } = peer;
    return this.#ids.some((each, at) => each === id && this.#peers[at]?.equals(bare));
  }
}
