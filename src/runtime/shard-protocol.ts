/** What the supervisor and its shards say to each other over the port of a shard. */
import type { MessagePort } from 'node:worker_threads';
import type { EngineKind, TlsOptions } from '../engine/port.js';
import type { ConnectionCounts } from '../net/http/connection-count.js';
import type { AddressMemory } from '../net/limits/address-memory.js';
import type { PlainConfig } from '../platform/config/index.js';
import type { SharedLog } from '../platform/log.js';
import type { TicketSecret } from './ticket-keys.js';

/** Everything that a shard is born with; plain data and ports. */
export interface ShardBirth {
  readonly shards: number;
  readonly engine: EngineKind;
  /** Names this server among others in the same process. */
  readonly group: string;
  readonly version: string;
  readonly config: PlainConfig;
  readonly log: SharedLog;
  /** 32 bytes that only this installation knows. */
  readonly secret: Uint8Array;
  /** Counts by source address; shared by all shards. */
  readonly addresses: AddressMemory;
  /** Counts of what was lost, by shard; shared by all. */
  readonly troubles: SharedArrayBuffer;
  /** For each `[[listen.c2s]]`, and then each `[[listen.http]]`; `undefined` without TLS. */
  readonly tls: readonly (TlsOptions | undefined)[];
  /** Connections of each `[[listen.http]]`; shared by all shards. */
  readonly httpConnections: ConnectionCounts;
  readonly dataDir: string;
  /** For session tickets of TLS. */
  readonly tickets: TicketSecret;
  /** To the pool of short tasks. */
  readonly tasks: MessagePort;
  /** To the writers of the SQLite databases. */
  readonly writers: readonly WriterLine[];
}

/** The way to the one thread that writes a SQLite file. */
export interface WriterLine {
  /** The tag of the outgoing pool; `undefined` for the embedded database. */
  readonly pool: string | undefined;
  readonly file: string;
  readonly port: MessagePort;
}

export type ToShard =
  | { readonly kind: 'listen'; readonly ports: readonly number[] }
  | { readonly kind: 'link'; readonly shard: number; readonly port: MessagePort }
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly args: unknown }
  /** End all streams; what is left after so long is given up. */
  | { readonly kind: 'stop'; readonly graceMs: number }
  /** All shards are quiet: commit and leave. */
  | { readonly kind: 'finish' };

export type FromShard =
  /** Everything but the listeners is up. */
  | { readonly kind: 'ready' }
  /** The ports that are bound: those of `[[listen.c2s]]`, then those of `[[listen.http]]`. */
  | { readonly kind: 'listening'; readonly ports: readonly number[] }
  /** No stream is left here. The shard still serves the others. */
  | { readonly kind: 'quiet' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'refused'; readonly id: number; readonly reason: string };
