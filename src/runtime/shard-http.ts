/** The HTTP listeners of one shard: opened, given new certificates, and closed before the thread ends. */

import { createHmac } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsOptions } from '../engine/port.js';
import type { TicketKeys } from '../engine/portable/ticket-keys.js';
import type { BoshSessions } from '../net/bosh/sessions.js';
import { ConnectionCount } from '../net/http/connection-count.js';
import type { HandlerSurroundings } from '../net/http/define-handler.js';
import { HttpServer } from '../net/http/http-server.js';
import { logRefusal, proxyOptions } from '../net/listeners/proxy.js';
import { systemClock } from '../platform/clock.js';
import type { Config, HttpListener } from '../platform/config/index.js';
import type { Logger } from '../platform/log.js';
import { httpRoutes } from './http-handlers.js';
import type { ShardBirth } from './shard-protocol.js';

export interface ShardHttpParts {
  readonly number: number;
  readonly birth: ShardBirth;
  readonly config: Config;
  readonly log: Logger;
  /** The same as the engine's. */
  readonly tickets: TicketKeys;
  readonly clients: HandlerSurroundings['clients'];
  readonly bosh: BoshSessions;
}

/** What the kernel takes for the path of a socket. */
const MAX_SOCKET_PATH_BYTES = 100;

export class ShardHttp {
  readonly #parts: ShardHttpParts;
  readonly #servers: readonly HttpServer[];
  #isStopping = false;

  constructor(parts: ShardHttpParts) {
    this.#parts = parts;
    this.#servers = parts.config.listen.http.map((settings, index) => this.#server(settings, index));
  }

  /** Opens all listeners, on these ports where they are known already. Returns the ports that were bound. */
  async listen(ports: readonly (number | undefined)[]): Promise<number[]> {
    const bound: number[] = [];
    for (const [index, server] of this.#servers.entries()) {
      bound.push(await server.listen(ports[index] ?? (this.#parts.config.listen.http[index] as HttpListener).port));
    }
    return bound;
  }

  /** By position in `[[listen.http]]`. */
  server(index: number): HttpServer | undefined {
    return this.#servers[index];
  }

  /** Nobody new comes in. */
  unlisten(): void {
    this.#isStopping = true;
    for (const server of this.#servers) server.unlisten();
  }

  /** Clients who have not been told of their end yet: those of WebSockets and of BOSH. */
  get clients(): number {
    return this.#servers.reduce((sum, server) => sum + server.webSockets, this.#parts.bosh.open);
  }

  /** Cuts what is left. The thread must not end before: the library ends the process for it. */
  async close(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#servers.map((server) => server.close()));
  }

  /** The thread ends in disorder: others, and with them the process, are to go on. */
  abandon(): void {
    for (const server of this.#servers) server.abandon();
  }

  #server(settings: HttpListener, index: number): HttpServer {
    const { number, birth, config, log, tickets, clients, bosh } = this.#parts;
    const most = settings.max_connections === 'infinity' ? Number.POSITIVE_INFINITY : settings.max_connections;
    const running = { version: birth.version, engine: birth.engine, shards: birth.shards };
    const unready = () => (this.#isStopping ? 'stopping' : undefined);
    return new HttpServer({
      settings,
      serverName: config.general.http_server_name,
      routes: httpRoutes({
        ...{ config, listener: settings, running, unready, clients, bosh, clock: systemClock, log },
        pseudonym: pseudonym(birth.secret),
      }),
      count: new ConnectionCount(birth.httpConnections, number, birth.shards, index, most),
      log,
      tls: birth.tls[config.listen.c2s.length + index] as TlsOptions | undefined,
      proxy: proxyOptions(settings),
      tickets,
      socketPath: socketPath(birth.dataDir, `http-${number}-${index}.sock`),
      hasGate: number === 0,
      refused: (reason, address) => logRefusal(log, settings.port, reason, 1, address),
    });
  }
}

function pseudonym(secret: Uint8Array): string {
  return `meerkat-${createHmac('sha256', secret).update('via').digest('hex').slice(0, 16)}`;
}

function socketPath(dataDir: string, name: string): string {
  const path = join(dataDir, name);
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES ? path : join(tmpdir(), `meerkat-${process.pid}-${name}`);
}
