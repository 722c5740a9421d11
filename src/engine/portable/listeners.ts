/** The listening sockets of a shard. */
import { createServer, type Server, type Socket } from 'node:net';
import { EngineError, type ListenOptions } from '../port.js';

/** Takes an accepted socket; `closed` is to be called once it is closed. */
export type Accept = (socket: Socket, listener: number, closed: () => void) => void;

export class Listeners {
  /** Whether ports that several shards share are bound here. */
  readonly #bindsShared: boolean;
  /** By number; undefined once closed. */
  readonly #servers: (Server | undefined)[] = [];

  constructor(bindsShared: boolean) {
    this.#bindsShared = bindsShared;
  }

  async listen(options: ListenOptions, accept: Accept): Promise<{ listener: number; port: number }> {
    // A listener that accepts nothing: the first shard does, and `move` spreads the connections.
    if (options.reusePort && !this.#bindsShared) {
      return { listener: this.#servers.push(undefined) - 1, port: options.port };
    }
    const server = createServer({ allowHalfOpen: true });
    const listener = this.#servers.push(server) - 1;
    let connections = 0;
    server.on('connection', (socket) => {
      if (options.maxConnections > 0 && connections >= options.maxConnections) {
        socket.resetAndDestroy();
        return;
      }
      connections += 1;
      accept(socket, listener, () => {
        connections -= 1;
      });
    });
    try {
      await bound(server, options);
    } catch (error) {
      this.#servers[listener] = undefined;
      const { code = 'listen-failed', message } = error as NodeJS.ErrnoException;
      throw new EngineError(code, `Cannot listen on ${options.address} port ${options.port}: ${message}.`);
    }
    const address = server.address();
    if (!this.#servers[listener] || address === null || typeof address === 'string') {
      throw new EngineError('stopped', `No longer listening on ${options.address} port ${options.port}.`);
    }
    return { listener, port: address.port };
  }

  /** A number for a listener without a socket of its own. */
  reserve(): number {
    return this.#servers.push(undefined) - 1;
  }

  has(listener: number): boolean {
    return this.#servers[listener] !== undefined;
  }

  unlisten(listener: number): void {
    this.#servers[listener]?.close();
    this.#servers[listener] = undefined;
  }

  stop(): void {
    this.#servers.forEach((_, listener) => {
      this.unlisten(listener);
    });
  }
}

function bound(server: Server, { address, port, ipv6Only, backlog }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, ipv6Only, backlog }, () => {
      server.off('error', reject);
      // One connection that cannot be accepted, for want of descriptors, is the client's misfortune alone.
      server.on('error', () => {});
      resolve();
    });
  });
}
