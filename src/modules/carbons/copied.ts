/** XEP-0280 section 6.1: which messages of an account were copied lately, so that errors that answer them are copied, too. */
import type { Jid } from '../../protocol/jid.js';
import type { Stanza } from '../../protocol/stanza.js';
import { attributeInText } from '../../protocol/stanza-text.js';

/** Errors come soon, or for few of many messages; older ones are told to the client that has sent the message alone. */
const MOST = 100;

export class Copied {
  readonly #keys = new Set<string>();

  /** `peer` is the other side of the conversation. */
  remember(message: Stanza, peer: Jid | undefined): void {
    const key = keyOf(message, peer);
    if (key === undefined) return;
    if (this.#keys.size >= MOST) this.#keys.delete(this.#keys.values().next().value as string);
    this.#keys.add(key);
  }

  /** Whether this error answers one of them. Whoever has answered may be any client of the peer, or its server. */
  has(error: Stanza, peer: Jid | undefined): boolean {
    const key = keyOf(error, peer);
    return key !== undefined && this.#keys.has(key);
  }
}

function keyOf(stanza: Stanza, peer: Jid | undefined): string | undefined {
  // PERF(chat): the content of a message that is copied need not be parsed.
  const id = attributeInText(stanza.toXml(), 'id');
  return id === undefined || !peer ? undefined : `${peer.bare} ${id}`;
}
