/** The engine as a port: what both engines, native and portable, offer to the shard that owns them. */
import type { MessagePort } from 'node:worker_threads';
import type { Element } from '../protocol/element.js';
import type { ChildPattern } from '../protocol/stanza-children.js';
import type { ChannelBindingType, TlsClientOptions, TlsDetails, TlsOptions } from './tls.js';

export * from './tls.js';

export type EngineKind = 'native' | 'portable';

/**
 * Called once per loop turn, and again within a turn when an array fills up. The words and the arena are valid until it
 * returns. `words` holds `count` envelopes as laid out in envelope.ts.
 */
export type BatchHandler = (count: number) => void;

export interface EngineOptions {
  /** Number of this shard, from 0. */
  readonly shard: number;
  readonly shards: number;
  /** Names the server that the shards belong to: shards of one group in one process reach one another. */
  readonly group: string;
  /** Direct children of stanzas to be reported as bits. */
  readonly children: readonly ChildPattern[];
  readonly onBatch: BatchHandler;
  /** Other shards do not reach this one before `show`. */
  readonly isHidden?: boolean;
}

/** What the engines can read in one piece; a stanza may never be larger. */
export const MOST_STANZA_BYTES = 2 ** 27 - 1;

export interface Limits {
  /** One top-level element or stream header, from `<` to `>`; more than `MOST_STANZA_BYTES` counts as that. */
  readonly maxStanzaBytes: number;
  /** Elements inside one another, the stanza itself counted as 1. */
  readonly maxDepth: number;
  readonly maxAttributes: number;
  /** One tag with all its attributes; at most 65535. */
  readonly maxTagBytes: number;
  /** Child elements of one stanza, at any depth. */
  readonly maxChildren: number;
  /** Bytes read until `authenticated` is called; 0 for no limit. */
  readonly maxBytesBeforeAuthentication: number;
}

/** A listener behind a load balancer: every connection begins with a PROXY header, version 1 or 2, before TLS and before XML. */
export interface ProxyOptions {
  /** Addresses and networks (`10.0.0.0/8`) that may connect; all when empty. */
  readonly trusted: readonly string[];
  /** How long a connection may take over its header; coarse, as `deadline`. */
  readonly headerDeadlineMs: number;
  /** Between 256 and 4096. */
  readonly maxHeaderBytes: number;
}

export interface ListenOptions {
  /** Numeric address. `::` takes IPv4 too unless `ipv6Only`. */
  readonly address: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly ipv6Only: boolean;
  readonly backlog: number;
  /** Other shards listen on the same port. */
  readonly reusePort: boolean;
  /** TLS from the first byte, with this context; `undefined` for plain TCP. */
  readonly directTls: number | undefined;
  readonly limits: Limits;
  /** A connection with more queued output bytes is closed with `QUEUE_FULL`. */
  readonly maxOutputBytes: number;
  /** A connection with more queued writes is closed with `QUEUE_FULL`; 0 for no limit (`max_fsm_queue`). */
  readonly maxOutputWrites: number;
  /** `maxStanzaBytes` of compressed streams where it is lower. */
  readonly maxDecompressedBytes: number;
  /** The first deadline of each connection, as `deadline` would set it. 0 for none. */
  readonly authenticationDeadlineMs: number;
  /** Answers with RST instead of an accepted connection above this many connections; 0 for no limit. */
  readonly maxConnections: number;
  /**
   * With these, CONNECTED comes once the header was read, and every limit counts from there. Without a good header the connection is
   * closed in silence and told of by REFUSED; one that ends before its first byte is not worth a word. `undefined` for no header.
   */
  readonly proxy: ProxyOptions | undefined;
}

/** How elements come in frames: one each (RFC 7395), or any number (the body of a request, XEP-0124). */
export type Framing = 'websocket' | 'bosh';

/** For connections whose sockets somebody else on this thread owns, such as the HTTP server. */
export interface FrameListenOptions
  extends Pick<
    ListenOptions,
    'limits' | 'maxOutputBytes' | 'maxOutputWrites' | 'authenticationDeadlineMs' | 'maxConnections'
  > {
  readonly framing: Framing;
  /** Input that may wait unread, because the connection is paused, shaped or in lockstep; more fails with TOO_MUCH_UNREAD. */
  readonly maxInputBytes: number;
}

/** What the owner of the socket knows of it, for `details` and `channelBinding`. */
export interface CarrierFacts
  extends Pick<ConnectionDetails, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort' | 'tls' | 'proxied'> {
  readonly bindings: Readonly<Partial<Record<ChannelBindingType, Uint8Array>>>;
}

/** The end of a connection that the owner of its socket holds; it stays where it is when the connection moves. */
export interface CarrierName {
  readonly slot: number;
  readonly generation: number;
}

/** A connection that this side begins (RFC 6120 section 3). */
export interface ConnectOptions {
  /** Numeric. */
  readonly address: string;
  readonly port: number;
  /** Numeric address of ours to connect from; `undefined` leaves that to the system. */
  readonly localAddress: string | undefined;
  /** TLS from the first byte, with a context of `createTlsClientContext`; `undefined` for plain TCP. */
  readonly directTls: { readonly context: number; readonly serverName: string } | undefined;
  /** Sent in clear in front of everything else, such as a PROXY header. */
  readonly preamble: Uint8Array | undefined;
  /** What the other side may send; `maxBytesBeforeAuthentication` until `authenticated` is called. */
  readonly limits: Limits;
  readonly maxOutputBytes: number;
  readonly maxOutputWrites: number;
  readonly maxDecompressedBytes: number;
  /** As `deadline`, from now on: it also ends waiting for an answer. */
  readonly deadlineMs: number;
}

/** DETAIL of the CONNECTED that no listener has brought: this side began the connection. */
export const NO_LISTENER = 0xffff_ffff;

/** How calls name a connection. */
export interface ConnectionName {
  readonly slot: number;
  readonly generation: number;
}

/** TLS between the client and the load balancer, as the balancer tells it. */
export interface ProxiedTls {
  readonly version: string | undefined;
  readonly cipher: string | undefined;
  /** From the subject of the client's certificate. */
  readonly clientCommonName: string | undefined;
  /** The balancer was shown a certificate and found it good. */
  readonly verified: boolean;
}

/** What a PROXY header told beside the addresses. */
export interface ProxiedDetails {
  /** The load balancer itself. */
  readonly peerAddress: string;
  readonly peerPort: number;
  /** The name that the client asked for (SNI). */
  readonly authority: string | undefined;
  readonly alpn: string | undefined;
  readonly tls: ProxiedTls | undefined;
  readonly uniqueId: Uint8Array | undefined;
}

export interface ConnectionDetails {
  /** The client's: from the PROXY header, where there is one that gives it. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly tls: TlsDetails | undefined;
  /** Undefined without a PROXY header, and for one by which the balancer speaks for itself or of somebody unknown. */
  readonly proxied: ProxiedDetails | undefined;
  /** Undefined for a socket of the engine's own, whose bytes are one stream. */
  readonly framing: Framing | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly queuedBytes: number;
}

export interface EngineCounters {
  readonly connections: number;
  readonly accepted: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Connections that were closed for their PROXY header, ever. */
  readonly refused: number;
  /** Memory held by connection records, queues and pools, without the kernel's. */
  readonly memoryBytes: number;
  /** Compressed streams that failed with TOO_MUCH_DECOMPRESSED. */
  readonly decompressionsRefused: number;
}

/** How input goes on after an element that arrived in lockstep. */
export const proceed = {
  /** Next element, still one at a time. */
  STEP: 0,
  /** A new stream header follows on the same connection (RFC 6120 section 4.3.3); its limits and prefixes start anew. */
  RESTART: 1,
  /** Elements arrive as they come, many in a batch. */
  STREAM: 2,
} as const;
export type Proceed = (typeof proceed)[keyof typeof proceed];

/**
 * All calls are synchronous, and do nothing for a connection whose generation has passed. A new connection is in lockstep:
 * after each STREAM_OPENED or ELEMENT its input rests until `proceed` is called, so that nothing behind a step that changes the
 * stream (STARTTLS, SASL, compression) is read with the wrong eyes. Output is written at the end of the loop turn.
 */
export interface EnginePort {
  readonly kind: EngineKind;
  /** Whether `startCompression` can do anything here. */
  readonly canCompress: boolean;
  /** The envelopes of the running batch. */
  readonly words: Uint32Array;
  /** The bytes they point into. */
  readonly arena: Buffer;

  /** Returns a listener id and the port that was bound. Throws `EngineError` naming address and reason. */
  listen(options: ListenOptions): { listener: number; port: number } | Promise<{ listener: number; port: number }>;
  /** Stops accepting; connections stay. */
  unlisten(listener: number): void;
  /**
   * From now on connections of this listener, which began with direct TLS, get this context; those that are accepted keep theirs.
   * Does nothing for a listener that is closed. Throws `EngineError` when there is no such context, or the listener has no TLS.
   */
  setDirectTls(listener: number, context: number): void;

  /** Returns a listener id, which `unlisten` takes. Nothing is bound: connections come by `attach`. */
  listenFrames(options: FrameListenOptions): number;
  /**
   * Makes a connection of a socket that somebody else owns; CONNECTED follows. `undefined` when that listener is closed, or has all its
   * connections. The owner feeds what comes, sends each FRAME, says how much has left, and has the last word with `detach`.
   */
  attach(listener: number, facts: CarrierFacts): CarrierName | undefined;
  /**
   * Bytes of one frame, which `isLast` ends; copied. A stream begins with a frame `<open/>` and ends with `<close/>`, both of
   * `urn:ietf:params:xml:ns:xmpp-framing`: STREAM_OPENED and STREAM_CLOSED. False when no more should be fed before READ_ON.
   */
  feed(slot: number, generation: number, bytes: Uint8Array | ArrayBuffer, isLast: boolean): boolean;
  /**
   * So many bytes of frames have left the process; what has not counts as queued. Not for frames whose LEFT was set while their batch
   * ran, which says the same.
   */
  sent(slot: number, generation: number, bytes: number): void;
  /** The socket is gone, in an orderly way or broken, or RELEASED was heard. Nothing more is told of this carrier. */
  detach(slot: number, generation: number, isOrderly: boolean): void;

  /**
   * Begins a connection of our own. CONNECTED follows, with a DETAIL that is no listener's, or CLOSED with UNREACHABLE; what is sent
   * meanwhile waits. The stream header is the caller's to send. Throws `EngineError` when it cannot even be tried.
   */
  connect(options: ConnectOptions): ConnectionName;

  /** Throws `EngineError` when a certificate, key or cipher list is not usable. */
  createTlsContext(options: TlsOptions): number;
  /** The same for `connect`, and for `startTls` on what it began. */
  createTlsClientContext(options: TlsClientOptions): number;
  /** Frees the context once the last listener and the last connection that use it are gone. */
  dropTlsContext(context: number): void;
  /**
   * Lets clients resume TLS sessions: tickets are sealed with `current`, and those of `previous` are taken too. Each key has
   * `TICKET_KEY_BYTES`. Until the first call nothing is resumed, and never on a context that asks for client certificates.
   */
  setTicketKeys(current: Uint8Array, previous: Uint8Array | undefined): void;

  /**
   * Queues bytes. Returns false once the queue is over half of its limit: wait for DRAINED. On a connection with frames each call is one
   * frame, which holds one element: what its tag leaves to a stream header, `xmlns` or `xmlns:stream`, is put in (RFC 7395 section 3.3.3).
   */
  send(slot: number, generation: number, data: string | Uint8Array): boolean;
  /**
   * Queues the element of the running batch at `envelope`, stamped with its sender's `from`. False when nothing was queued: the
   * sender has no stamp, or the element leans on its stream header and has to be written anew.
   */
  deliver(slot: number, generation: number, envelope: number): boolean;
  /** What `deliver` and `forward` write as the `from` of elements that arrive on this connection; XML-escaped by the engine. */
  stamp(slot: number, generation: number, from: string): void;

  proceed(slot: number, generation: number, how: Proceed): void;
  /** Stops reading, whatever the mode; nested calls do not add up. */
  pause(slot: number, generation: number): void;
  resume(slot: number, generation: number): void;
  /** At most so many bytes a second are read, in bursts of one second; 0 lifts the limit. Nothing is lost. */
  shape(slot: number, generation: number, bytesPerSecond: number): void;
  /** Clears the deadline, and lifts the byte limit of the time before authentication. */
  authenticated(slot: number, generation: number): void;
  /** TIMED_OUT after so many milliseconds unless set again; 0 clears it. A connection has one. Coarse: up to a second late. */
  deadline(slot: number, generation: number, ms: number): void;

  /**
   * Begins a handshake, as the server or on a connection that `connect` began as the client, behind the output queued so far. Call in lockstep, in place of `proceed`. Returns false,
   * and changes nothing, when cleartext is already waiting behind the element: it must never be read as if it came under TLS.
   * `serverName` picks the certificate when the client sends no SNI; as the client, it is who has to answer. After SECURED a new stream header is expected.
   */
  startTls(slot: number, generation: number, context: number, serverName: string): boolean;
  /**
   * Compresses both directions with zlib (XEP-0138) behind the output queued so far and `confirmation`, which leaves in clear. Call in
   * lockstep, in place of `proceed`; a new stream header is expected. Returns false, and changes nothing, when the stream is compressed
   * already, or when bytes that are no white space wait behind the element: they were sent in clear.
   */
  startCompression(slot: number, generation: number, confirmation: string): boolean;
  /** Undefined without TLS, or when this TLS version does not have that kind. */
  channelBinding(slot: number, generation: number, type: ChannelBindingType): Uint8Array | undefined;

  /** Writes what is queued, then closes; CLOSED follows. Input is no longer read. */
  close(slot: number, generation: number): void;
  /** Closes at once, dropping what is queued; CLOSED follows. */
  abort(slot: number, generation: number): void;
  details(slot: number, generation: number): ConnectionDetails | undefined;

  /**
   * Gives the connection to another shard with everything it holds, unread input included, plus `state` for its new owner, which
   * gets ARRIVED with the connection in lockstep. Here CLOSED follows with `MOVED`. Returns false when that shard does not run.
   * One with frames leaves its socket and its carrier behind, and moves but once; when either shard ends, the other end is closed.
   */
  move(slot: number, generation: number, shard: number, state: Uint8Array): boolean;
  /** Sends the element of the running batch at `envelope`, stamped, to another shard: ROUTED there. False when it does not run. */
  forward(shard: number, envelope: number): boolean;
  /** Sends a canonical stanza to another shard: ROUTED there. False when it does not run. */
  route(shard: number, stanza: string | Uint8Array): boolean;
  /** Ends `isHidden`. A shard of the portable engine is reached once it is linked, and not before. */
  show(): void;
  /** Sends opaque bytes to another shard: CALLED there. False when it does not run. */
  call(shard: number, message: Uint8Array): boolean;
  /** Portable engine only: the port that leads to another shard, which replaces an older one. */
  link(shard: number, port: MessagePort): void;

  /**
   * Parses the element of the running batch at `envelope`; prefixes from its stream header are resolved. For STREAM_OPENED it gives
   * the header without children, whose attribute `xmlns` is the default namespace that it declares, absent when it declares none.
   */
  tree(envelope: number): Element;
  /** Parses one whole element; `jabber:client` is the namespace around it. Undefined unless well-formed and unrestricted. */
  parse(xml: string | Uint8Array): Element | undefined;

  counters(): EngineCounters;
  /** Closes listeners and aborts connections; no event follows. Idempotent. */
  stop(): void;
}

/** A failure of the engine's own, such as a port in use or a key that does not fit. */
export class EngineError extends Error {
  /** A short code such as `EADDRINUSE` or `bad-key`. */
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'EngineError';
    this.code = code;
  }
}
