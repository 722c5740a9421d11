/** A client of bytes: sends anything, shows what comes back as stanzas and as text. Over WebSocket and BOSH what it sends is cut into frames. */
import { connect as connectTcp, type Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { constants, createDeflate, createInflate, type Deflate } from 'node:zlib';
import Parser from '@xmpp/xml/lib/Parser.js';
import type { Element } from 'ltx';
import { RawBosh } from './raw-bosh.js';
import { RawWebSocket } from './raw-websocket.js';
import { fromFrame, toFrames, transportOf } from './transports.js';

const PATIENCE_MS = 20_000;

const STREAMS = 'http://etherx.jabber.org/streams';
const STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams';

/** The start of a client's stream. */
export function header(attributes = "to='localhost' version='1.0'"): string {
  return `<?xml version='1.0'?><stream:stream ${attributes} xmlns='jabber:client' xmlns:stream='${STREAMS}'>`;
}

export interface RawClientOptions {
  /** TLS from the first byte. */
  readonly tls?: ConnectionOptions;
  /** What goes before everything else, TLS included. */
  readonly first?: string | Uint8Array;
  /** The address to come from: every one of 127.0.0.0/8 is ours. */
  readonly from?: string;
  /** Over WebSocket, more lines of its handshake. */
  readonly fields?: string;
}

interface Waiter {
  readonly fits: (element: Element) => boolean;
  readonly resolve: (element: Element) => void;
}

export class RawClient {
  socket: Socket | TLSSocket;
  /** Everything that has come, as text. */
  text = '';
  /** The header of the server's present stream. */
  header: Element | undefined;
  isClosed = false;
  /** The server has ended its stream. */
  isEnded = false;
  /** What carries the frames; undefined over another transport. */
  readonly webSocket: RawWebSocket | undefined;
  readonly bosh: RawBosh | undefined;
  #deflate: Deflate | undefined;
  readonly #received: Element[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #decoder = new StringDecoder('utf8');
  #parser!: Parser;
  #onData = (data: Buffer) => this.#data(data);

  private constructor(socket: Socket, frames?: RawWebSocket | RawBosh) {
    this.socket = socket;
    this.webSocket = frames instanceof RawWebSocket ? frames : undefined;
    this.bosh = frames instanceof RawBosh ? frames : undefined;
    if (!frames) this.#listen();
    else {
      frames.onText = (text) => this.#frame(text);
      frames.onClosed = () => this.#closed();
    }
  }

  static async connect(port: number, options: RawClientOptions = {}): Promise<RawClient> {
    if (transportOf(port) === 'WebSocket') {
      const frames = await RawWebSocket.connect(port, { http: options, fields: options.fields ?? '' });
      return new RawClient(frames.socket, frames);
    }
    if (transportOf(port) === 'BOSH') {
      const bosh = new RawBosh(port, { from: options.from });
      return new RawClient(bosh.socket, bosh);
    }
    const { from } = options;
    const plain = connectTcp({ port, host: '127.0.0.1', ...(from !== undefined && { localAddress: from }) });
    if (options.first !== undefined) plain.write(options.first);
    const socket = options.tls ? connectTls({ socket: plain, rejectUnauthorized: false, ...options.tls }) : plain;
    if (options.tls) plain.on('error', (error) => socket.destroy(error));
    await new Promise<void>((resolve, reject) => {
      socket.once(options.tls ? 'secureConnect' : 'connect', () => resolve());
      socket.once('error', reject);
    });
    return new RawClient(socket);
  }

  send(data: string | Uint8Array): void {
    const frames = this.webSocket ?? this.bosh;
    if (frames) for (const frame of toFrames(data.toString())) frames.text(frame);
    else (this.#deflate ?? this.socket).write(data);
  }

  /** Opens a stream and returns its features. */
  async open(domain = 'localhost', attributes = "version='1.0'"): Promise<Element> {
    this.restart();
    this.send(header(`to='${domain}' ${attributes}`));
    return this.next((element) => element.is('features'));
  }

  /** The condition of the stream error with which the server ends this stream in order (RFC 6120 section 4.9.1.1). */
  async fails(): Promise<string> {
    const error = await this.next((element) => element.is('error', STREAMS));
    await this.until(() => this.isEnded, 'the end of the stream');
    await this.closed();
    const [condition] = error.getChildElements();
    if (condition?.getNS() !== STREAM_ERRORS) throw new Error(`not a stream error of RFC 6120: ${error}`);
    return condition.getName();
  }

  /** A new stream begins on this connection: what comes next is a header again. */
  restart(): void {
    this.header = undefined;
    const parser = new Parser();
    parser.on('start', (element: Element) => {
      this.header = element;
    });
    parser.on('element', (element: Element) => this.#element(element));
    parser.on('error', () => {});
    this.#parser = parser;
  }

  /** Upgrades the connection after `<proceed/>`. */
  async startTls(options: ConnectionOptions = {}): Promise<void> {
    this.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    await this.next((element) => element.is('proceed'));
    this.socket.removeAllListeners();
    const secure = connectTls({ socket: this.socket, rejectUnauthorized: false, ...options });
    await new Promise<void>((resolve, reject) => {
      secure.once('secureConnect', () => resolve());
      secure.once('error', reject);
    });
    this.socket = secure;
    this.#listen();
  }

  /** Compresses both directions (XEP-0138) once the server has agreed. */
  async startCompression(): Promise<void> {
    this.send("<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>");
    await this.next((element) => element.is('compressed', 'http://jabber.org/protocol/compress'));
    const { socket } = this;
    const inflate = createInflate({ finishFlush: constants.Z_SYNC_FLUSH });
    this.#deflate = createDeflate({ flush: constants.Z_SYNC_FLUSH });
    this.#deflate.on('data', (data: Buffer) => socket.write(data));
    inflate.on('data', this.#onData);
    socket.off('data', this.#onData);
    socket.on('data', (data: Buffer) => inflate.write(data));
    this.restart();
  }

  /** What compresses; writing to it tells when more may be written. */
  get deflate(): Deflate {
    if (!this.#deflate) throw new Error('this stream is not compressed');
    return this.#deflate;
  }

  /** Past the compression, if there is one. */
  sendRaw(data: Uint8Array): void {
    this.socket.write(data);
  }

  /** The first element, already come or still to come, that fits; those before it stay for later calls. */
  next(fits: (element: Element) => boolean = () => true): Promise<Element> {
    const index = this.#received.findIndex(fits);
    if (index >= 0) return Promise.resolve(this.#received.splice(index, 1)[0] as Element);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        fits,
        resolve: (element) => {
          clearTimeout(timer);
          resolve(element);
        },
      };
      this.#waiters.push(waiter);
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        const others = this.#received.map(String).join('\n  ');
        reject(new Error(`what was expected did not come. Waiting unread:\n  ${others}\nClosed: ${this.isClosed}`));
      }, PATIENCE_MS);
    });
  }

  /** Takes everything that has come and was not asked for. */
  takeAll(): Element[] {
    return this.#received.splice(0);
  }

  /** Resolves when the server has closed the connection. */
  async closed(): Promise<void> {
    await this.until(() => this.isClosed, 'the connection to be closed');
  }

  /** Waits for a condition that holds after some more input, or after the end. */
  until(holds: () => boolean, what: string): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(check);
        reject(new Error(`waited in vain for ${what}; received so far: ${this.text.slice(-2_000)}`));
      }, PATIENCE_MS);
      const check = () => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#watchers.delete(check);
        resolve();
      };
      this.#watchers.add(check);
    });
  }

  destroy(): void {
    this.socket.destroy();
  }

  #listen(): void {
    this.restart();
    this.socket.on('data', this.#onData);
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.#closed();
    });
    this.socket.on('end', () => this.socket.end());
  }

  #data(data: Buffer): void {
    const text = this.#decoder.write(data);
    this.text += text;
    this.isEnded = this.text.endsWith('</stream:stream>');
    this.#parser.write(text);
    this.#changed();
  }

  #frame(text: string): void {
    this.text += text;
    const { kind, element } = fromFrame(text);
    if (kind === 'open') this.header = element;
    else if (kind === 'close') this.isEnded = true;
    else this.#element(element);
    this.#changed();
  }

  #closed(): void {
    this.isClosed = true;
    this.#changed();
  }

  #element(element: Element): void {
    const index = this.#waiters.findIndex(({ fits }) => fits(element));
    if (index < 0) this.#received.push(element);
    else this.#waiters.splice(index, 1)[0]?.resolve(element);
  }

  #changed(): void {
    for (const check of [...this.#watchers]) check();
  }
}
