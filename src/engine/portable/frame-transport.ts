/** The transport of a connection whose socket somebody else owns: frames are fed, and told of to be sent. */
import { closeReason, eventKind, release, streamFailure } from '../envelope.js';
import type { CarrierFacts, ChannelBindingType, Framing, TlsDetails } from '../port.js';
import type { Batch } from './batch.js';
import type { Policy } from './host.js';
import { type Addresses, type Transport, type TransportEvents, UNHEARD } from './transport.js';

interface Write {
  readonly bytes: Uint8Array;
  readonly written: () => void;
}

/** What a piece of input counts beside its bytes. */
const PIECE_BYTES = 8;

export class FrameTransport implements Transport {
  events: TransportEvents = UNHEARD;
  readonly slot: number;
  readonly generation: number;
  readonly framing: Framing;
  readonly isHandshaking = false;
  readonly mayCompress = false;
  unsentBytes = 0;

  readonly #facts: CarrierFacts;
  readonly #limits: Policy;
  /** Has `pump` called before the next batch. */
  readonly #wake: (transport: FrameTransport) => void;
  #queue: Write[] = [];
  /** Told of, and not yet said to have left. */
  #underWay: Write[] = [];
  #underWayBytes = 0;
  /** Of the first of these. */
  #sentBytes = 0;
  #waiting = 0;
  #owesReadOn = false;
  #hasFailed = false;
  #isFinishing = false;
  #isDetached = false;
  /** A `release` that is to be told, or -1. */
  #release = -1;
  #isReleased = false;

  constructor(
    name: { slot: number; generation: number },
    framing: Framing,
    facts: CarrierFacts,
    limits: Policy,
    wake: (transport: FrameTransport) => void,
  ) {
    this.slot = name.slot;
    this.generation = name.generation;
    this.framing = framing;
    this.#facts = facts;
    this.#limits = limits;
    this.#wake = wake;
  }

  get addresses(): Addresses {
    const { remoteAddress, remotePort, localAddress, localPort, proxied } = this.#facts;
    return { remoteAddress, remotePort, localAddress, localPort, proxied };
  }

  get tls(): TlsDetails | undefined {
    return this.#facts.tls;
  }

  channelBinding(type: ChannelBindingType): Uint8Array | undefined {
    return this.#facts.bindings[type];
  }

  /** False once the owner should feed no more before READ_ON. */
  feed(bytes: Uint8Array, isLast: boolean): boolean {
    if (this.#isOver || this.#hasFailed) return true;
    // Ends of frames take memory, too.
    this.#waiting += bytes.length + PIECE_BYTES;
    if (this.#waiting > this.#mostWaiting) {
      this.#hasFailed = true;
      this.events.failed(streamFailure.TOO_MUCH_UNREAD);
      return true;
    }
    this.events.received(bytes, false, isLast);
    if (this.#mayFeed) return true;
    this.#owesReadOn = true;
    return false;
  }

  /** `waiting`: bytes that the connection holds unread. */
  read(_isWanted: boolean, waiting = 0): void {
    this.#waiting = waiting;
    if (this.#owesReadOn && this.#mayFeed) this.#wake(this);
  }

  sent(bytes: number): void {
    this.#sentBytes += bytes;
    this.#underWayBytes = Math.max(this.#underWayBytes - bytes, 0);
    for (let first = this.#underWay[0]; first && this.#sentBytes >= first.bytes.length; first = this.#underWay[0]) {
      this.#sentBytes -= first.bytes.length;
      this.unsentBytes -= first.bytes.length;
      // An array that was pushed to keeps its room.
      if (this.#underWay.length === 1) this.#underWay = [];
      else this.#underWay.shift();
      first.written();
    }
  }

  /** The owner's last word. */
  detach(isOrderly: boolean): void {
    this.#isDetached = true;
    if (this.#isReleased || this.#release >= 0) return;
    if (this.#isFinishing) this.#wake(this);
    else if (isOrderly) this.events.ended();
    else this.events.gone(closeReason.RESET);
  }

  write(bytes: Uint8Array, written: () => void): void {
    if (this.#isOver) return;
    this.#queue.push({ bytes, written });
    this.unsentBytes += bytes.length;
    this.#wake(this);
  }

  /** The peer's TLS ends at the owner of the socket. */
  startTls(): boolean {
    return false;
  }

  startCompression(): void {}

  finish(): void {
    this.#isFinishing = true;
    this.#wake(this);
  }

  destroy(): void {
    this.#queue = [];
    if (this.#isDetached || this.#isReleased) return;
    this.#release = release.CUT;
    this.#wake(this);
  }

  /** Writes into the batch what the owner has to hear. */
  pump(batch: Batch): void {
    if (this.#release < 0) this.#handOver(batch);
    if (this.#owesReadOn && this.#mayFeed && !this.#isOver) {
      this.#owesReadOn = false;
      batch.add(this.#event(eventKind.READ_ON));
    }
    const isDone = this.#isFinishing && this.#release < 0 && !this.#isReleased;
    if (isDone) this.#release = release.DONE;
    if (this.#release < 0 || this.#isReleased) return;
    this.#isReleased = true;
    if (!this.#isDetached) batch.add({ ...this.#event(eventKind.RELEASED), detail: this.#release });
    if (isDone) this.events.finished();
  }

  #handOver(batch: Batch): void {
    const queue = this.#queue;
    this.#queue = [];
    if (this.#isStuck) {
      this.#release = release.CUT;
      this.events.gone(closeReason.QUEUE_FULL);
      return;
    }
    for (const write of queue) {
      if (this.#isDetached) return;
      this.#underWay.push(write);
      this.#underWayBytes += write.bytes.length;
      batch.add({ ...this.#event(eventKind.FRAME), bytes: write.bytes });
    }
  }

  /** The socket has left more than the limits allow. */
  get #isStuck(): boolean {
    const { maxOutputBytes, maxOutputWrites } = this.#limits;
    return this.#underWayBytes > maxOutputBytes || (maxOutputWrites > 0 && this.#underWay.length > maxOutputWrites);
  }

  get #mayFeed(): boolean {
    return this.#waiting <= this.#mostWaiting / 2;
  }

  get #mostWaiting(): number {
    return this.#limits.maxInputBytes ?? 0;
  }

  get #isOver(): boolean {
    return this.#isDetached || this.#isReleased || this.#release >= 0;
  }

  #event(kind: number): { kind: number; slot: number; generation: number } {
    return { kind, slot: this.slot, generation: this.generation };
  }
}
