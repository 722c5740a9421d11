/** One connection: its input framed into events, its output gathered, its limits and deadlines kept. */
import { closeReason, eventKind, streamFailure } from '../envelope.js';
import { type ConnectionDetails, NO_LISTENER, type Proceed, proceed } from '../port.js';
import type { Notice, Origin } from './batch.js';
import { CompressedInput } from './compressed-input.js';
import { Deadline } from './deadline.js';
import type { Departure } from './departure.js';
import { Framer } from './framer.js';
import type { Host, Policy } from './host.js';
import { Input } from './input.js';
import { Output } from './output.js';
import { Pacing } from './pacing.js';
import { RelayedTransport } from './relay.js';
import type { AnyContext } from './tls-contexts.js';
import { type Transport, type TransportEvents, UNHEARD } from './transport.js';

/** Reading stops while this much waits. */
const MOST_WAITING_INPUT = 64 * 1024;
/** How long the peer may take over our last bytes. */
const LAST_BYTES_MS = 10_000;

export class Connection implements TransportEvents {
  readonly slot: number;
  readonly generation: number;

  readonly #host: Host;
  readonly #policy: Policy;
  readonly transport: Transport;
  readonly #framer: Framer;
  readonly #input = new Input();
  readonly #output: Output;
  /** Events that wait for the next batch, in front of those of the input. */
  #notices: Notice[] = [];
  #origin: Origin | undefined;
  /** Of elements that came in here. */
  stampText: string | undefined;
  readonly #pacing: Pacing;
  readonly #compressed: CompressedInput;
  readonly #deadline = new Deadline(() => this.#notify(eventKind.TIMED_OUT, 0));
  #closingTimer: NodeJS.Timeout | undefined;

  #isLockstep = true;
  #isResting = false;
  #isPaused = false;
  /** The stream is over: input is dropped. */
  #isDeaf = false;
  #isClosing = false;
  #hasPeerEnded = false;
  /** Set once the transport is gone; CLOSED follows. */
  #closeReason = -1;
  #isOver = false;
  #bytesIn = 0;

  constructor(host: Host, slot: number, generation: number, policy: Policy, transport: Transport) {
    this.#host = host;
    this.slot = slot;
    this.generation = generation;
    this.#policy = policy;
    this.transport = transport;
    this.#framer = new Framer(policy.limits, host.patterns, undefined, transport.framing);
    this.#output = new Output(policy);
    this.#compressed = new CompressedInput(policy);
    this.#pacing = new Pacing(host, () => host.ready(this));
  }

  /** A connection that a listener accepted. */
  begin(listener: number, headerBytes: number): void {
    this.#bytesIn = headerBytes;
    this.#deadline.set(this.#policy.authenticationDeadlineMs);
    this.#notify(eventKind.CONNECTED, listener);
  }

  connected(): void {
    this.#notify(eventKind.CONNECTED, NO_LISTENER);
  }

  /** A connection that another shard gave away; it waits in lockstep. */
  arrive(departure: Departure, shard: number): void {
    this.#framer.limit(this.#compressed.resume(departure.compressed));
    this.#framer.resume(departure.stream);
    for (const { bytes, isEnd } of departure.unread) this.#input.push(bytes, isEnd);
    this.stampText = departure.stamp;
    this.#bytesIn = departure.bytesIn;
    this.#output.bytesOut = departure.bytesOut;
    this.#isDeaf = departure.isDeaf;
    this.#hasPeerEnded = departure.hasPeerEnded;
    this.#isResting = true;
    this.#deadline.set(departure.deadlineMs);
    this.#pacing.set(departure.shapedRate);
    this.#notices.push({ kind: eventKind.ARRIVED, detail: shard, bytes: departure.state });
    this.#host.ready(this);
  }

  get memoryBytes(): number {
    return this.#framer.heldBytes + this.#input.size + this.#output.queuedBytes(this.transport);
  }

  get traffic(): { bytesIn: number; bytesOut: number } {
    return { bytesIn: this.#bytesIn, bytesOut: this.#output.bytesOut };
  }

  details(): ConnectionDetails {
    const { addresses, tls, framing } = this.transport;
    return { ...addresses, tls, framing, ...this.traffic, queuedBytes: this.#output.queuedBytes(this.transport) };
  }

  /** False once the queue is over half of its limit. */
  send(bytes: Uint8Array): boolean {
    if (this.#isClosing || this.#closeReason >= 0) return false;
    this.#host.ready(this);
    const level = this.#output.send(bytes, this.transport, this.#left);
    if (level === 'over limit') this.#leave(closeReason.QUEUE_FULL);
    return level === 'low';
  }

  /** CLOSED is on its way. */
  get isGone(): boolean {
    return this.#closeReason >= 0;
  }

  get mayMove(): boolean {
    // What is on its way to a connection that moved once more would not find it.
    const isSettled = this.transport.framing !== undefined && this.transport instanceof RelayedTransport;
    return this.isOpen && !this.transport.isHandshaking && !isSettled;
  }

  get isOpen(): boolean {
    return !this.#isClosing && this.#closeReason < 0;
  }

  proceed(how: Proceed): void {
    if (how === proceed.RESTART) this.#restart();
    this.#isLockstep = how !== proceed.STREAM;
    this.#isResting = false;
    this.#host.ready(this);
  }

  hold(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#host.ready(this);
  }

  shape(bytesPerSecond: number): void {
    this.#pacing.set(bytesPerSecond);
    this.#host.ready(this);
  }

  authenticated(): void {
    this.#framer.isAuthenticated = true;
    this.#deadline.set(0);
  }

  deadline(ms: number): void {
    this.#deadline.set(ms);
  }

  startTls(context: AnyContext, serverName: string): boolean {
    if (this.#compressed.isOn || this.transport.tls !== undefined || !this.#mayUpgrade) return false;
    this.#output.flush(this.transport, this.#left);
    if (!this.transport.startTls(context, serverName)) return false;
    return this.#upgraded();
  }

  startCompression(confirmation: Uint8Array): boolean {
    if (!this.transport.mayCompress || !this.#mayUpgrade) return false;
    this.#output.add(confirmation);
    this.#output.flush(this.transport, this.#left);
    this.transport.startCompression();
    this.#framer.limit(this.#compressed.resume({ isOn: true, brokenBehind: streamFailure.NONE }));
    this.#restart();
    return this.#upgraded();
  }

  get #mayUpgrade(): boolean {
    return this.#isResting && this.isOpen && this.#input.isWhiteSpace;
  }

  #upgraded(): boolean {
    this.#input.clear();
    this.#isResting = false;
    this.#host.ready(this);
    return true;
  }

  close(): void {
    if (this.#isClosing || this.#closeReason >= 0) return;
    this.#isClosing = true;
    this.#deafen();
    this.#output.flush(this.transport, this.#left);
    this.transport.finish();
    this.#deadline.set(0);
    this.#closingTimer = setTimeout(() => this.#leave(closeReason.LINGER_TIMEOUT), LAST_BYTES_MS);
  }

  abort(): void {
    this.#leave(closeReason.LOCAL);
  }

  /** Ends without a word: the shard stops. */
  drop(): void {
    this.#clearTimers();
    this.transport.destroy();
    this.#isOver = true;
  }

  /** Gives everything away; whoever takes the transport is told from now on. CLOSED follows here. */
  depart(state: Uint8Array): Departure {
    this.#output.flush(this.transport, this.#left);
    const departure: Departure = {
      state,
      policy: this.#policy,
      stream: this.#framer.suspend(),
      unread: [{ bytes: Uint8Array.from(this.#framer.unfinished), isEnd: false }, ...this.#input.pieces()],
      stamp: this.stampText,
      ...this.traffic,
      isDeaf: this.#isDeaf,
      compressed: this.#compressed.suspend(),
      hasPeerEnded: this.#hasPeerEnded,
      shapedRate: this.#pacing.rate,
      deadlineMs: this.#deadline.leftMs,
    };
    this.#end(closeReason.MOVED);
    return departure;
  }

  received(bytes: Uint8Array, isBloated = false, isEnd = false): void {
    this.#compressed.isBloated = isBloated;
    this.#bytesIn += bytes.length;
    if (this.#isDeaf) return;
    this.#input.push(bytes, isEnd);
    if (this.#input.size >= MOST_WAITING_INPUT) this.transport.read(false, this.#input.size);
    this.#host.ready(this);
  }

  failed(failure: number): void {
    if (!this.transport.framing) this.#compressed.brokenBehind = failure;
    else if (!this.#isDeaf) {
      this.#deafen();
      this.#notify(eventKind.STREAM_FAILED, failure);
    }
    this.#host.ready(this);
  }

  secured(): void {
    this.#restart();
    this.#notify(eventKind.SECURED, 0);
  }

  ended(): void {
    this.#hasPeerEnded = true;
    this.#host.ready(this);
  }

  finished(): void {
    this.#end(closeReason.LOCAL);
  }

  gone(reason: number): void {
    this.#end(reason);
  }

  /** Writes events into the batch: what happened, then what the input says. */
  pump(): void {
    if (this.#isOver) return;
    const notices = this.#notices;
    this.#notices = [];
    for (const { kind, detail, bytes } of notices) this.#add(kind, detail, bytes);
    const hasRead = this.#read();

    if (this.#closeReason >= 0) {
      this.#isOver = true;
      this.#add(eventKind.CLOSED, this.#closeReason);
      this.#host.over(this);
      return;
    }
    if (this.#isClosing) return;
    if (this.#hasPeerEnded && (this.#input.isEmpty || this.#isDeaf)) {
      // What was just read may call for an answer, which a peer that only ended its own half still takes.
      if (hasRead) this.#host.ready(this);
      else {
        this.#output.flush(this.transport, this.#left);
        this.transport.finish();
        this.transport.events = UNHEARD;
        return this.#end(closeReason.PEER);
      }
    }
    const hasRoom = this.#input.size < MOST_WAITING_INPUT;
    this.transport.read(!this.#isPaused && !this.#isResting && hasRoom, this.#input.size);
  }

  /** Hands the output of this loop turn over. */
  flush(): void {
    if (this.#closeReason < 0) this.#output.flush(this.transport, this.#left);
  }

  get #isReading(): boolean {
    return !this.#isResting && !this.#isPaused && !this.#isDeaf && this.#closeReason < 0;
  }

  #read(): boolean {
    let hasRead = false;
    while (this.#isReading && !this.#input.isEmpty) {
      const { size } = this.#input;
      const most = size === 0 ? 0 : this.#pacing.allowance(size);
      if (most === 0 && size > 0) break;
      const piece = this.#input.peek(most);
      const taken = this.#framer.feed(piece, 0);
      const isEnd = this.#input.take(taken);
      this.#pacing.take(taken);
      if (this.#framer.event !== 0) this.#emit();
      if (isEnd && !this.#isDeaf && this.#framer.endFrame() !== streamFailure.NONE) this.#fail(this.#framer.failure);
      hasRead = true;
    }
    if (this.#isReading && this.#input.isEmpty && this.#compressed.isBroken) this.#fail(this.#compressed.brokenBehind);
    return hasRead;
  }

  #emit(): void {
    const { event } = this.#framer;
    if (event === eventKind.STREAM_OPENED || event === eventKind.ELEMENT) {
      if (event === eventKind.STREAM_OPENED) this.#origin = undefined;
      this.#origin ??= { scope: this.#framer.headerScope, isFramed: !!this.transport.framing, sender: this };
      const { bytes, outline } = this.#framer;
      // This may run the handler, which may close the connection or give it away.
      this.#host.batch.makeRoom(bytes.length);
      if (this.#isClosing || this.#closeReason >= 0) return;
      this.#isResting = this.#isLockstep;
      this.#host.batch.add({ ...this.#name(event), bytes, outline, origin: this.#origin });
      this.#framer.take();
      return;
    }
    if (event === eventKind.STREAM_FAILED) return this.#fail(this.#framer.failure);
    this.#conclude(event, 0, Uint8Array.from(this.#framer.bytes));
  }

  #fail(failure: number): void {
    const told = this.#compressed.judge(failure);
    if (told === streamFailure.TOO_MUCH_DECOMPRESSED) this.#host.decompressionRefused();
    this.#conclude(eventKind.STREAM_FAILED, told);
  }

  /** No more input is wanted. */
  #conclude(kind: number, detail: number, bytes?: Uint8Array): void {
    this.#deafen();
    this.#add(kind, detail, bytes);
  }

  #deafen(): void {
    this.#isDeaf = true;
    this.#input.clear();
  }

  /** A failure is final; the end of a stream is not. */
  #restart(): void {
    if (this.#framer.failure !== streamFailure.NONE) return;
    this.#framer.restart();
    this.#origin = undefined;
    this.#isDeaf = false;
  }

  #name(kind: number): { kind: number; slot: number; generation: number } {
    return { kind, slot: this.slot, generation: this.generation };
  }

  #add(kind: number, detail: number, bytes?: Uint8Array): void {
    this.#host.batch.add({ ...this.#name(kind), detail, bytes });
  }

  #notify(kind: number, detail: number): void {
    this.#notices.push({ kind, detail });
    this.#host.ready(this);
  }

  #left = (): void => {
    if (this.#closeReason < 0 && !this.#isClosing && this.#output.takeDrained(this.transport))
      this.#notify(eventKind.DRAINED, 0);
  };

  #leave(reason: number): void {
    if (this.#closeReason >= 0) return;
    this.transport.destroy();
    this.#end(reason);
  }

  #end(reason: number): void {
    if (this.#closeReason >= 0) return;
    this.#closeReason = reason;
    this.#clearTimers();
    this.#output.drop();
    this.#host.ready(this);
  }

  #clearTimers(): void {
    this.#pacing.stop();
    clearTimeout(this.#closingTimer);
    this.#deadline.set(0);
  }
}
