/**
 * Stands in front of the HTTP server where connections begin with a PROXY header or TLS: reads the one, ends the other, and hands the
 * bytes within to the server over a socket that only this process can speak on. What it knows of a client is found by a token.
 */
import { randomBytes } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProxyOptions, TlsOptions } from '../../engine/port.js';
import { ProxyGate } from '../../engine/portable/proxy-gate.js';
import type { ProxyHeader } from '../../engine/portable/proxy-header.js';
import { SocketTransport } from '../../engine/portable/socket-transport.js';
import type { TicketKeys } from '../../engine/portable/ticket-keys.js';
import { TlsContext } from '../../engine/portable/tls-context.js';
import type { ConnectionCount } from './connection-count.js';
import { GatePassage } from './gate-passage.js';

export interface GateOptions {
  readonly address: string;
  readonly port: number;
  readonly tls: TlsOptions | undefined;
  readonly proxy: ProxyOptions | undefined;
  readonly tickets: TicketKeys;
  readonly count: ConnectionCount;
  /** Where the server listens for us. */
  readonly path: string;
  /** A connection was closed for its PROXY header; `reason` is a `refusal`. */
  readonly refused: (reason: number, address: string) => void;
}

/** How long clients may take to read what was said before the end. */
const FLUSH_MS = 500;
const FLUSH_POLL_MS = 10;
/** As uWebSockets.js has it. */
const BACKLOG = 512;

export class Gate {
  readonly #options: GateOptions;
  readonly #proxies: ProxyGate | undefined;
  readonly #passages = new Map<string, GatePassage>();
  #tls: TlsContext | undefined;
  #server: Server | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#tls = options.tls && new TlsContext(options.tls, options.tickets);
    this.#proxies = options.proxy && new ProxyGate(options.proxy);
  }

  /** Returns the port. */
  listen(): Promise<number> {
    const { address: host, port } = this.#options;
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#enter(socket));
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, backlog: BACKLOG }, () => {
        server.off('error', reject);
        // One connection that cannot be accepted is the client's misfortune alone.
        server.on('error', () => {});
        resolve((server.address() as { port: number }).port);
      });
    });
  }

  /** For handshakes to come. Throws when OpenSSL does not take it. */
  makeContext(options: TlsOptions): TlsContext {
    return new TlsContext(options, this.#options.tickets);
  }

  useContext(context: TlsContext): void {
    this.#tls = context;
  }

  /** Whoever came in with this token; nobody for one that was made up. */
  passage(token: string): GatePassage | undefined {
    return this.#passages.get(token);
  }

  /** Nobody comes in any more. */
  unlisten(): void {
    this.#server?.close();
    this.#proxies?.stop();
  }

  /** To be called behind the end of the server: what it has said by then still goes to the clients. */
  async stop(): Promise<void> {
    this.unlisten();
    const deadline = performance.now() + FLUSH_MS;
    for (const passage of this.#passages.values()) passage.finish();
    while (this.#passages.size > 0 && performance.now() < deadline) await sleep(FLUSH_POLL_MS);
    for (const passage of this.#passages.values()) passage.destroy();
  }

  #enter(socket: Socket): void {
    const { count } = this.#options;
    if (!count.enter()) {
      socket.resetAndDestroy();
      return;
    }
    if (!this.#proxies) return this.#admit(socket, undefined);
    this.#proxies.enter(socket, {
      admitted: (header) => this.#admit(socket, header),
      refused: (reason, address) => this.#options.refused(reason, address),
      closed: () => count.leave(),
    });
  }

  #admit(socket: Socket, header: ProxyHeader | undefined): void {
    const token = randomBytes(16);
    const name = token.toString('hex');
    const transport = new SocketTransport(
      socket,
      () => {
        this.#passages.delete(name);
        this.#options.count.leave();
        passage.ended();
      },
      header,
    );
    const passage = new GatePassage(transport, this.#tls, (opening) => this.#connect(token, opening));
    this.#passages.set(name, passage);
    passage.begin();
  }

  /** The server reads the token as the address in a PROXY header. */
  #connect(token: Buffer, opening: Uint8Array): Socket {
    const inner = connect({ path: this.#options.path, allowHalfOpen: true });
    inner.write(Buffer.concat([INNER_HEADER, token, INNER_REST, opening]));
    return inner;
  }
}

/** PROXY protocol version 2: a stream over IPv6, with 36 bytes of addresses; the destination and the ports mean nothing. */
const INNER_HEADER = Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'), Buffer.from([0x21, 0x21, 0, 36])]);
const INNER_REST = Buffer.alloc(20);
