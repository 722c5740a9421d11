/** Gives the listeners of a shard new TLS contexts, in two steps: all shards can, or none does. */

import type { EnginePort, TlsOptions } from '../engine/port.js';
import type { C2sEntrance, C2sServices } from '../net/c2s/c2s-services.js';
import type { HttpServer } from '../net/http/http-server.js';
import type { ShardHttp } from './shard-http.js';

export interface TlsChange {
  /** Position among all listeners, as `tlsPlaces` has them. */
  readonly index: number;
  readonly options: TlsOptions;
}

export interface TlsParts {
  readonly engine: EnginePort;
  readonly entrances: C2sServices['entrances'];
  /** By the engine's number; those that are open. */
  readonly listeners: ReadonlyMap<number, C2sEntrance>;
  readonly http: Pick<ShardHttp, 'server'>;
}

export class ShardTls {
  readonly #parts: TlsParts;
  /** By position of the listener: made, and not used yet. */
  #prepared = new Map<number, number>();
  #preparedHttp = new Set<HttpServer>();

  constructor(parts: TlsParts) {
    this.#parts = parts;
  }

  /** Throws, with nothing left behind, when the engine does not take one of them. */
  prepare(changes: readonly TlsChange[]): void {
    this.abandon();
    try {
      for (const { index, options } of changes) {
        const server = this.#http(index);
        if (server) {
          this.#preparedHttp.add(server);
          server.prepareTls(options);
        } else this.#prepared.set(index, this.#parts.engine.createTlsContext(options));
      }
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** From now on handshakes use what was prepared; connections keep the context that they began with. */
  commit(): void {
    for (const [index, context] of this.#prepared) {
      const entrance = this.#parts.entrances.find((one) => one.index === index) as C2sEntrance;
      const old = entrance.tlsContext;
      entrance.tlsContext = context;
      this.#useForDirectTls(entrance, context);
      if (old !== undefined) this.#parts.engine.dropTlsContext(old);
    }
    this.#prepared = new Map();
    for (const server of this.#preparedHttp) server.commitTls();
    this.#preparedHttp = new Set();
  }

  abandon(): void {
    for (const context of this.#prepared.values()) this.#parts.engine.dropTlsContext(context);
    this.#prepared = new Map();
    for (const server of this.#preparedHttp) server.abandonTls();
    this.#preparedHttp = new Set();
  }

  /** For a listener that was opened while its context was being replaced. */
  opened(listener: number, entrance: C2sEntrance): void {
    const { tlsContext, settings } = entrance;
    if (tlsContext !== undefined && settings.tls?.mode === 'tls') {
      this.#parts.engine.setDirectTls(listener, tlsContext);
    }
  }

  #http(index: number): HttpServer | undefined {
    const { entrances, http } = this.#parts;
    return http.server(index - entrances.filter(({ listener }) => listener).length);
  }

  #useForDirectTls(entrance: C2sEntrance, context: number): void {
    if (entrance.settings.tls?.mode !== 'tls') return;
    for (const [listener, one] of this.#parts.listeners) {
      if (one === entrance) this.#parts.engine.setDirectTls(listener, context);
    }
  }
}
