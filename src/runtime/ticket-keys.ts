/** Keys for TLS session tickets: the same on all shards, changed as time goes by, and never on a disk. */
import { createHmac, hkdfSync } from 'node:crypto';
import { type EnginePort, TICKET_KEY_BYTES, TICKET_SECONDS } from '../engine/port.js';
import type { Clock } from '../platform/clock.js';
import type { Random } from '../platform/random.js';

const PERIOD_MS = TICKET_SECONDS * 1000;
const NONE = Buffer.alloc(0);

/** What a thread needs to have the same keys from now on; those of earlier periods do not follow from it. */
export interface TicketSecret {
  readonly period: number;
  readonly secret: Uint8Array;
  readonly previous: Uint8Array | undefined;
}

/**
 * Each period has a secret of its own, which is made from the one before and takes its place: who learns it later cannot open the
 * tickets of a day before. No message is needed for that, so all threads change keys at the same moment.
 */
export class TicketKeyring {
  #period: number;
  #secret: Buffer;
  #previous: Uint8Array | undefined;

  constructor({ period, secret, previous }: TicketSecret) {
    this.#period = period;
    this.#secret = Buffer.from(secret);
    this.#previous = previous;
  }

  static create(random: Random, now: number): TicketKeyring {
    const period = Math.floor(now / PERIOD_MS);
    return new TicketKeyring({ period, secret: random.bytes(32), previous: undefined });
  }

  /** What a thread that starts now is born with. */
  share(now: number): TicketSecret {
    this.#advance(now);
    return { period: this.#period, secret: Uint8Array.from(this.#secret), previous: this.#previous };
  }

  /** The key for new tickets, and the one whose tickets are still taken. */
  keys(now: number): { current: Uint8Array; previous: Uint8Array | undefined } {
    this.#advance(now);
    return { current: this.#key(), previous: this.#previous };
  }

  /** A clock that is set back changes nothing. */
  #advance(now: number): void {
    for (const wanted = Math.floor(now / PERIOD_MS); this.#period < wanted; this.#period++) {
      // Tickets of two periods ago are too old by then.
      this.#previous = this.#key();
      const next = createHmac('sha256', this.#secret).update('next period').digest();
      this.#secret.fill(0);
      this.#secret = next;
    }
  }

  #key(): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.#secret, NONE, 'session tickets', TICKET_KEY_BYTES));
  }
}

/** Changes the keys in the main thread as time goes by, so that it keeps no secret of the past for shards to come. */
export function followTime(keyring: TicketKeyring, clock: Clock): void {
  clock.every(PERIOD_MS, () => keyring.keys(clock.now()));
}

/** Gives an engine its keys, now and in each period to come. What it was given is wiped. */
export function keepTicketKeys(engine: Pick<EnginePort, 'setTicketKeys'>, secret: TicketSecret, clock: Clock): void {
  const keyring = new TicketKeyring(secret);
  secret.secret.fill(0);
  const turn = () => {
    const now = clock.now();
    const { current, previous } = keyring.keys(now);
    engine.setTicketKeys(current, previous);
    clock.after(PERIOD_MS - (now % PERIOD_MS), turn);
  };
  turn();
}
