/** One connection through the gate: the client's socket on one side, the HTTP server on the other. */
import type { Socket } from 'node:net';
import type { ChannelBindingType, TlsDetails } from '../../engine/port.js';
import type { SocketTransport } from '../../engine/portable/socket-transport.js';
import type { TlsContext } from '../../engine/portable/tls-context.js';

/** For the handshake and the first line of the first request; the server sees to the rest. */
const OPENING_MS = 10_000;
/** More than this is no line that the server would read. */
const MAX_OPENING_BYTES = 16 * 1024;
const LINE_END = 0x0a;
/** What a client that reads slowly may have waiting here; the rest waits in the server, which counts it. */
const MAX_UNSENT_BYTES = 64 * 1024;

export class GatePassage {
  readonly #transport: SocketTransport;
  readonly #tls: TlsContext | undefined;
  /** Opens the way to the server, with these bytes first. */
  readonly #connect: (opening: Uint8Array) => Socket;
  #inner: Socket | undefined;
  #opening: Uint8Array = Buffer.alloc(0);
  #openingTimer: NodeJS.Timeout | undefined;

  constructor(transport: SocketTransport, tls: TlsContext | undefined, connect: (opening: Uint8Array) => Socket) {
    this.#transport = transport;
    this.#tls = tls;
    this.#connect = connect;
  }

  get address(): string {
    return this.#transport.addresses.remoteAddress;
  }

  get port(): number {
    return this.#transport.addresses.remotePort;
  }

  get tls(): TlsDetails | undefined {
    return this.#transport.tls;
  }

  channelBinding(type: ChannelBindingType): Uint8Array | undefined {
    return this.#transport.channelBinding(type);
  }

  begin(): void {
    const transport = this.#transport;
    transport.events = {
      connected: () => {},
      received: (bytes) => this.#received(bytes),
      secured: () => {},
      ended: () => (this.#inner ? this.#inner.end() : this.destroy()),
      failed: () => this.destroy(),
      // It lingers for the client's own end, lest what is under way be lost.
      finished: () => {},
      gone: () => {},
    };
    this.#openingTimer = setTimeout(() => this.destroy(), OPENING_MS);
    if (this.#tls) transport.startTls(this.#tls, '');
  }

  /** The server has ended: what it has said still goes out. */
  finish(): void {
    if (!this.#inner) this.destroy();
  }

  destroy(): void {
    this.#transport.destroy();
  }

  /** The client's side is gone. */
  ended(): void {
    clearTimeout(this.#openingTimer);
    this.#inner?.destroy();
  }

  #open(): void {
    clearTimeout(this.#openingTimer);
    const inner = this.#connect(this.#opening);
    this.#opening = Buffer.alloc(0);
    this.#inner = inner;
    inner.on('data', (bytes) => this.#answered(inner, bytes));
    inner.on('drain', () => this.#transport.read(true));
    inner.on('end', () => this.#transport.finish());
    inner.on('error', () => this.destroy());
    inner.on('close', () => {
      if (!inner.readableEnded) this.destroy();
    });
  }

  #received(bytes: Uint8Array): void {
    if (this.#inner) {
      if (!this.#inner.write(bytes)) this.#transport.read(false);
      return;
    }
    // The server does not understand a request whose first line comes in pieces behind our header.
    this.#opening = Buffer.concat([this.#opening, bytes]);
    if (bytes.includes(LINE_END) || this.#opening.length > MAX_OPENING_BYTES) this.#open();
  }

  #answered(inner: Socket, bytes: Buffer): void {
    this.#transport.write(bytes, () => {
      if (inner.isPaused() && this.#transport.unsentBytes <= MAX_UNSENT_BYTES) inner.resume();
    });
    if (this.#transport.unsentBytes > MAX_UNSENT_BYTES) inner.pause();
  }
}
