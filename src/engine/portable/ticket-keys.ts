/** The keys that session tickets of this shard are sealed with. */
import { EngineError, TICKET_KEY_BYTES } from '../port.js';

/** node:tls takes keys of this size: a name, a key for HMAC and one for AES, of 16 bytes each. */
const NODE_KEY_BYTES = 48;

export class TicketKeys {
  /** Goes up with each change. */
  generation = 0;
  #key: Buffer | undefined;

  /**
   * node:tls knows one key at a time: with a new one, tickets of `previous` are passed over, and their clients go through a whole
   * handshake.
   */
  set(current: Uint8Array, previous: Uint8Array | undefined): void {
    for (const key of [current, previous]) {
      if (key !== undefined && key.length !== TICKET_KEY_BYTES) {
        throw new EngineError('bad-ticket-key', `A ticket key has ${TICKET_KEY_BYTES} bytes.`);
      }
    }
    this.#key = Buffer.from(current.subarray(0, NODE_KEY_BYTES));
    this.generation++;
  }

  get key(): Buffer | undefined {
    return this.#key;
  }
}
