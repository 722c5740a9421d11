/** The halves of a connection that moved: the socket here, its record on another shard, bytes between them. */
import { closeReason } from '../envelope.js';
import type { ChannelBindingType, Framing, TlsDetails } from '../port.js';
import type { TransportFacts } from './departure.js';
import type { Message } from './shard-links.js';
import { type Addresses, type Transport, type TransportEvents, UNHEARD } from './transport.js';

/** Codes of messages between shards. */
export const say = {
  ROUTED: 1,
  CALLED: 2,
  /** relay, departure, facts */
  MOVED: 3,
  // From the shard that holds the socket; the relay's number comes first.
  DATA: 4,
  ENDED: 5,
  FINISHED: 6,
  GONE: 7,
  WRITTEN: 8,
  FAILED: 9,
  // From the shard that holds the record.
  WRITE: 10,
  READ_ON: 11,
  FINISH: 12,
  DESTROY: 13,
  TAKEN: 14,
} as const;

/** Bytes that may be under way to the shard that holds the record. */
const WINDOW_BYTES = 256 * 1024;

/** Sends a message about one relay to the shard at its other end. */
export type Tell = (message: Message, bytes: number) => void;

/** The half that holds the socket. */
export class Relay implements TransportEvents {
  readonly #number: number;
  readonly #transport: Transport;
  readonly #tell: Tell;
  readonly #over: () => void;
  #underWay = 0;
  #isWanted = true;

  constructor(number: number, transport: Transport, tell: Tell, over: () => void) {
    this.#number = number;
    this.#transport = transport;
    this.#tell = tell;
    this.#over = over;
    transport.events = this;
    transport.read(true);
  }

  /** Only what stands can move. */
  connected(): void {}

  received(bytes: Uint8Array, isBloated = false, isEnd = false): void {
    this.#underWay += bytes.length;
    this.#tell([say.DATA, this.#number, bytes, isBloated, isEnd], bytes.length);
    this.#adjust();
  }

  failed(failure: number): void {
    this.#tell([say.FAILED, this.#number, failure], 0);
  }

  /** A TLS handshake ends before a connection can move. */
  secured(): void {}

  ended(): void {
    this.#tell([say.ENDED, this.#number], 0);
  }

  finished(): void {
    this.#tell([say.FINISHED, this.#number], 0);
    this.#over();
  }

  gone(reason: number): void {
    this.#tell([say.GONE, this.#number, reason], 0);
    this.#over();
  }

  told([code, , value]: Message): void {
    switch (code) {
      case say.WRITE: {
        const { length } = value as Uint8Array;
        this.#transport.write(value as Uint8Array, () => this.#tell([say.WRITTEN, this.#number, length], 0));
        return;
      }
      case say.TAKEN:
        this.#underWay -= value as number;
        return this.#adjust();
      case say.READ_ON:
        this.#isWanted = value as boolean;
        return this.#adjust();
      case say.FINISH:
        return this.#transport.finish();
      case say.DESTROY:
        return this.end();
    }
  }

  /** Closes at once. */
  end(): void {
    this.#transport.destroy();
    this.#over();
  }

  #adjust(): void {
    this.#transport.read(this.#isWanted && this.#underWay < WINDOW_BYTES, this.#underWay);
  }
}

/** The half that the record uses: a transport whose socket another shard holds. */
export class RelayedTransport implements Transport {
  events: TransportEvents = UNHEARD;
  readonly addresses: Addresses;
  readonly tls: TlsDetails | undefined;
  readonly framing: Framing | undefined;
  readonly #number: number;
  readonly #facts: TransportFacts;
  readonly #tell: Tell;
  readonly #over: () => void;
  /** Calls that wait for their bytes to be written, with the bytes. */
  readonly #writes: { bytes: number; written: () => void }[] = [];
  unsentBytes = 0;
  readonly isHandshaking = false;
  /** What is to be compressed is, before a resource is bound. */
  readonly mayCompress = false;
  #isWanted = true;
  /** Received, and not said to be taken. */
  #held = 0;

  constructor(number: number, facts: TransportFacts, tell: Tell, over: () => void) {
    this.#number = number;
    this.#facts = facts;
    this.#tell = tell;
    this.#over = over;
    this.addresses = facts.addresses;
    this.tls = facts.tls;
    this.framing = facts.framing;
  }

  channelBinding(type: ChannelBindingType): Uint8Array | undefined {
    return this.#facts.bindings[type];
  }

  read(isWanted: boolean, waiting = 0): void {
    if (this.framing) this.#take(this.#held - waiting);
    if (isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    this.#tell([say.READ_ON, this.#number, isWanted], 0);
  }

  write(bytes: Uint8Array, written: () => void): void {
    this.#writes.push({ bytes: bytes.length, written });
    this.unsentBytes += bytes.length;
    this.#tell([say.WRITE, this.#number, bytes], bytes.length);
  }

  /** A connection secures itself before its account, and so its home, is known. */
  startTls(): boolean {
    return false;
  }

  startCompression(): void {}

  finish(): void {
    this.#tell([say.FINISH, this.#number], 0);
  }

  destroy(): void {
    this.#tell([say.DESTROY, this.#number], 0);
    this.#over();
  }

  told([code, , value, isBloated, isEnd]: Message): void {
    switch (code) {
      case say.DATA: {
        const bytes = value as Uint8Array;
        this.#held += bytes.length;
        // Of a socket it is enough that we have them: it stops when told to. Others may not be able to.
        if (!this.framing) this.#take(bytes.length);
        return this.events.received(bytes, isBloated as boolean, isEnd as boolean);
      }
      case say.WRITTEN:
        return this.#written();
      case say.FAILED:
        return this.events.failed(value as number);
      case say.ENDED:
        return this.events.ended();
      case say.FINISHED:
        this.#over();
        return this.events.finished();
      case say.GONE:
        this.#over();
        return this.events.gone(value as number);
    }
  }

  #take(bytes: number): void {
    if (bytes <= 0) return;
    this.#held -= bytes;
    this.#tell([say.TAKEN, this.#number, bytes], 0);
  }

  #written(): void {
    const write = this.#writes.shift();
    if (!write) return;
    this.unsentBytes -= write.bytes;
    write.written();
  }

  /** The shard that holds the socket is gone, and the socket with it. */
  lose(): void {
    this.#over();
    this.events.gone(closeReason.RESET);
  }
}
