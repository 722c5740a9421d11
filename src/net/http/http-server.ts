/** One `[[listen.http]]` at work in one shard: its port, its gate where it has one, and what is behind. */
import { SocketAddress } from 'node:net';
import type { ProxyOptions, TlsDetails, TlsOptions } from '../../engine/port.js';
import type { TicketKeys } from '../../engine/portable/ticket-keys.js';
import type { TlsContext } from '../../engine/portable/tls-context.js';
import type { HttpListener } from '../../platform/config/index.js';
import type { Logger } from '../../platform/log.js';
import type { ConnectionCount } from './connection-count.js';
import { TrustedProxies } from './forwarded.js';
import { Gate } from './gate.js';
import type { HttpClient, WebSocketEndpoint } from './handler.js';
import { HttpApp } from './http-app.js';
import type { RequestHead } from './request-head.js';
import { type RouteEntry, Routes } from './routes.js';
import type { RawResponse } from './uws.js';

export interface HttpServerOptions {
  readonly settings: HttpListener;
  readonly serverName: string;
  readonly routes: readonly RouteEntry[];
  readonly count: ConnectionCount;
  readonly log: Logger;
  /** Undefined without TLS. */
  readonly tls: TlsOptions | undefined;
  readonly proxy: ProxyOptions | undefined;
  readonly tickets: TicketKeys;
  /** For the socket between the gate and the server. */
  readonly socketPath: string;
  /** Whether this shard takes the connections of a port that goes through a gate. */
  readonly hasGate: boolean;
  readonly refused: (reason: number, address: string) => void;
}

/** Every connection to the gate was counted when it came in. */
const COUNTED = { enter: () => true, leave: () => {} };

export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #app: HttpApp;
  readonly #proxies: TrustedProxies;
  #gate: Gate | undefined;
  #prepared: TlsContext | undefined;
  #isListening = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const { settings, serverName, routes, count, log } = options;
    this.#proxies = new TrustedProxies(settings.forwarded_trusted, settings.forwarded_header);
    const endpoints = new Set(routes.flatMap(({ handler }) => handler.websocket ?? []));
    this.#app = new HttpApp({
      routes: new Routes(routes),
      endpoints: [...endpoints] as WebSocketEndpoint[],
      serverName,
      compress: settings.compress,
      client: (raw, head) => this.#client(raw, head),
      count: this.#needsGate ? COUNTED : count,
      log,
    });
  }

  get #needsGate(): boolean {
    return this.#options.tls !== undefined || this.#options.proxy !== undefined;
  }

  /** Returns the port that was bound. */
  async listen(port: number): Promise<number> {
    const { settings, socketPath, hasGate } = this.#options;
    if (!this.#needsGate) {
      const bound = this.#app.listen(settings.ip_address, port);
      this.#isListening = true;
      return bound;
    }
    if (!hasGate) return port;
    this.#app.listenOn(socketPath);
    this.#isListening = true;
    const { tls, proxy, tickets, count, refused } = this.#options;
    const { ip_address: address } = settings;
    this.#gate = new Gate({ address, port, tls, proxy, tickets, count, path: socketPath, refused });
    return this.#gate.listen();
  }

  /** Throws, with nothing changed, when OpenSSL does not take them. */
  prepareTls(options: TlsOptions): void {
    this.#prepared = this.#gate?.makeContext(options);
  }

  /** Handshakes to come use what was prepared. */
  commitTls(): void {
    if (this.#prepared) this.#gate?.useContext(this.#prepared);
    this.#prepared = undefined;
  }

  abandonTls(): void {
    this.#prepared = undefined;
  }

  /** Connections stay; requests on them are told that the server is stopping. */
  unlisten(): void {
    this.#gate?.unlisten();
    if (this.#isListening) this.#app.unlisten();
    this.#isListening = false;
  }

  /** Those that are open in this shard. */
  get webSockets(): number {
    return this.#app.webSockets;
  }

  /** What was sent already still gets through. */
  async close(): Promise<void> {
    this.unlisten();
    this.#app.close();
    await this.#gate?.stop();
  }

  /** The thread ends this very moment: the library's handles must not be open then. */
  abandon(): void {
    this.#app.close();
  }

  #client(raw: RawResponse, head: RequestHead): HttpClient | undefined {
    const passage = this.#needsGate
      ? this.#gate?.passage(Buffer.from(raw.getProxiedRemoteAddress()).toString('hex'))
      : undefined;
    if (this.#needsGate && !passage) return undefined;
    const peer = plain(passage ? passage.address : Buffer.from(raw.getRemoteAddressAsText()).toString());
    const forwarded = this.#proxies.client(peer, (name) => head.fields.get(name));
    return {
      address: forwarded.address,
      port: forwarded.address === peer ? (passage?.port ?? 0) : 0,
      tls: forwarded.isForwarded ? anonymous(passage?.tls) : passage?.tls,
      scheme: forwarded.scheme ?? (passage?.tls ? 'https' : 'http'),
      channelBinding: (type) => (forwarded.isForwarded ? undefined : passage?.channelBinding(type)),
    };
  }
}

/** The certificate of a proxy is not its client's. */
function anonymous(tls: TlsDetails | undefined): TlsDetails | undefined {
  return tls && { ...tls, peerCertificate: undefined, verified: false, selfSigned: false };
}

/** In its short form; an IPv4 client on a dual-stack socket has an IPv4 address (RFC 4291 section 2.5.5.2). */
function plain(address: string): string {
  if (!address.includes(':')) return address;
  const short = new SocketAddress({ address, family: 'ipv6' }).address;
  return short.replace(/^::ffff:(?=\d+\.)/i, '');
}
