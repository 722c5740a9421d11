/** Hands what the engine brings to whom it concerns: streams, the router, calls between shards. */
import type { Router } from '../core/routing/router.js';
import type { ShardCalls } from '../core/shards/shard-calls.js';
import type { Connection, ConnectionHandler } from '../engine/connection.js';
import type { ShardInbox } from '../engine/dispatcher.js';
import { acceptClient, adoptClient } from '../net/c2s/c2s-entry.js';
import type { C2sEntrance, C2sServices } from '../net/c2s/c2s-services.js';
import { logRefusal } from '../net/listeners/proxy.js';
import type { Logger } from '../platform/log.js';
import type { Stanza } from '../protocol/stanza.js';

/** Those who are served; they need the engine themselves, so they come after it. */
export interface Recipients {
  readonly router: Router;
  readonly calls: ShardCalls;
  readonly c2s: C2sServices;
}

export class Inbox implements ShardInbox {
  /** By the engine's number of the listener. */
  readonly listeners = new Map<number, C2sEntrance>();
  readonly #log: Logger;
  #recipients: Recipients | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** To be called before any listener is opened. */
  serve(recipients: Recipients): void {
    this.#recipients = recipients;
  }

  connected(connection: Connection, listener: number): ConnectionHandler {
    return acceptClient(connection, this.#served.c2s, this.listeners.get(listener) as C2sEntrance);
  }

  arrived(connection: Connection, state: Uint8Array): ConnectionHandler {
    return adoptClient(connection, this.#served.c2s, state);
  }

  routed(stanza: Stanza): void {
    this.#served.router.received(stanza);
  }

  called(message: Uint8Array, shard: number): void {
    this.#served.calls.received(message, shard);
  }

  refused(listener: number, reason: number, count: number, address: string): void {
    logRefusal(this.#log, this.listeners.get(listener)?.listener?.port ?? 0, reason, count, address);
  }

  crashed(error: unknown): void {
    this.#log.error('shard.handler_crashed', { error });
  }

  get #served(): Recipients {
    if (!this.#recipients) throw new Error('something came before the shard was assembled');
    return this.#recipients;
  }
}
