/** One transport-level link as TypeScript holds it: a name for the engine's record, and whoever listens to it. */
import type { Element } from '../protocol/element.js';
import type { Jid } from '../protocol/jid.js';
import type { Stanza } from '../protocol/stanza.js';
import type { ChannelBindingType, ConnectionDetails, EnginePort, Framing, Proceed } from './port.js';

/** What a stream header said, prefixes resolved. */
export interface StreamHeader {
  /** The content namespace: the default namespace that the header declares. */
  readonly contentNs: string;
  readonly to: string | undefined;
  readonly from: string | undefined;
  readonly version: string | undefined;
  readonly lang: string | undefined;
}

/** Receives what happens on one connection. Calls come synchronously, in order, from within a batch. */
export interface ConnectionHandler {
  /** The connection that we began stands. */
  connected?(): void;
  streamOpened(header: StreamHeader): void;
  /** Valid until it returns unless `stanza.keep()` was called. */
  stanza(stanza: Stanza): void;
  nonza(element: Element): void;
  /** A stanza came whose `from` is not the identity of the connection. It is not passed on. */
  forgedSender(): void;
  streamClosed(): void;
  /** The input broke a rule; `failure` is a `streamFailure`. Nothing more will be read. */
  streamFailed(failure: number): void;
  secured(): void;
  drained(): void;
  timedOut(): void;
  /** The server is going down: say so and close. */
  shutDown(): void;
  /** One of these calls threw: a bug of ours. Tell the peer and close. */
  crashed(): void;
  /** The last call: the connection is gone. `reason` is a `closeReason`. */
  closed(reason: number): void;
}

export class Connection {
  readonly slot: number;
  readonly generation: number;
  readonly #engine: EnginePort;
  handler: ConnectionHandler;
  /** Who every stanza of this connection is from, once it is known. */
  identity: Jid | undefined;
  #framing: Framing | 'none' | undefined;

  constructor(engine: EnginePort, slot: number, generation: number, handler: ConnectionHandler) {
    this.#engine = engine;
    this.slot = slot;
    this.generation = generation;
    this.handler = handler;
  }

  /** How its bytes come; undefined for one stream. With frames, each write is a frame of one element. */
  get framing(): Framing | undefined {
    this.#framing ??= this.details()?.framing ?? 'none';
    return this.#framing === 'none' ? undefined : this.#framing;
  }

  /** Queues XML text. False once the queue is over half of its limit. */
  write(xml: string): boolean {
    return this.#engine.send(this.slot, this.generation, xml);
  }

  /** Queues a stanza: the very bytes that came in while they are still at hand, else its XML. */
  deliver(stanza: Stanza): boolean {
    if (stanza.isInArena && this.#engine.deliver(this.slot, this.generation, stanza.envelope)) return true;
    return this.#engine.send(this.slot, this.generation, stanza.toXml());
  }

  /** Fixes the `from` of everything that comes from this connection. */
  identify(identity: Jid): void {
    this.identity = identity;
    this.#engine.stamp(this.slot, this.generation, identity.toString());
  }

  proceed(how: Proceed): void {
    this.#engine.proceed(this.slot, this.generation, how);
  }

  pause(): void {
    this.#engine.pause(this.slot, this.generation);
  }

  resume(): void {
    this.#engine.resume(this.slot, this.generation);
  }

  shape(bytesPerSecond: number): void {
    this.#engine.shape(this.slot, this.generation, bytesPerSecond);
  }

  authenticated(): void {
    this.#engine.authenticated(this.slot, this.generation);
  }

  deadline(ms: number): void {
    this.#engine.deadline(this.slot, this.generation, ms);
  }

  startTls(context: number, serverName: string): boolean {
    return this.#engine.startTls(this.slot, this.generation, context, serverName);
  }

  /** Whether the engine can. */
  get canCompress(): boolean {
    return this.#engine.canCompress;
  }

  startCompression(confirmation: string): boolean {
    return this.#engine.startCompression(this.slot, this.generation, confirmation);
  }

  channelBinding(type: ChannelBindingType): Uint8Array | undefined {
    return this.#engine.channelBinding(this.slot, this.generation, type);
  }

  move(shard: number, state: Uint8Array): boolean {
    return this.#engine.move(this.slot, this.generation, shard, state);
  }

  close(): void {
    this.#engine.close(this.slot, this.generation);
  }

  abort(): void {
    this.#engine.abort(this.slot, this.generation);
  }

  details(): ConnectionDetails | undefined {
    return this.#engine.details(this.slot, this.generation);
  }
}
