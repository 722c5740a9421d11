/** One shard: the thread that owns the connections and accounts at home in it, from birth to the last closed stream. */
import type { MessagePort } from 'node:worker_threads';
import type { Connection } from '../engine/connection.js';
import { listenForClients } from '../net/listeners/c2s.js';
import { systemClock } from '../platform/clock.js';
import { joinLog, type Logger } from '../platform/log.js';
import type { ShardStart } from '../platform/workers.js';
import { assembleShard, type ShardParts } from './assemble-shard.js';
import { OutageLog } from './outage-log.js';
import { type AdminWork, serveAdmin } from './shard-admin.js';
import type { FromShard, ShardBirth, ToShard } from './shard-protocol.js';
import { ShardTls } from './shard-tls.js';

/** How often a stopping shard looks whether its streams are closed. */
const CLOSING_POLL_MS = 20;

/** The task of a shard's thread. Returns when the shard has stopped in order. */
export default async function runShard({ shard, port, data }: ShardStart<ShardBirth>): Promise<void> {
  const log = new OutageLog(joinLog(data.log).child({ shard }));
  try {
    const parts = await assembleShard(shard, data, log);
    process.once('exit', () => parts.http.abandon());
    await new Shard(parts, data, log).serve(port);
  } catch (error) {
    port.postMessage({ kind: 'failed', reason: reasonOf(error) } satisfies FromShard);
    throw error;
  }
}

class Shard {
  readonly #parts: ShardParts;
  readonly #birth: ShardBirth;
  readonly #log: Logger;
  readonly #admin: AdminWork;
  readonly #tls: ShardTls;

  constructor(parts: ShardParts, birth: ShardBirth, log: Logger) {
    this.#parts = parts;
    this.#birth = birth;
    this.#log = log;
    const { engine, sessions, hosts, dispatcher, c2s, inbox, http } = parts;
    this.#tls = new ShardTls({ engine, entrances: c2s.entrances, listeners: inbox.listeners, http });
    this.#admin = serveAdmin({ engine, sessions, hosts, c2s, jid: (text) => dispatcher.jid(text), tls: this.#tls });
  }

  /** Does what the supervisor says until it says stop. */
  async serve(port: MessagePort): Promise<void> {
    const tell = (message: FromShard) => port.postMessage(message);
    let stop!: (graceMs: number) => void;
    let finish!: () => void;
    const stopped = new Promise<number>((resolve) => {
      stop = resolve;
    });
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    port.on('message', (message: ToShard) => {
      if (message.kind === 'stop') stop(message.graceMs);
      else if (message.kind === 'finish') finish();
      else this.#obey(message, tell);
    });
    port.on('close', () => {
      stop(0);
      finish();
    });
    tell({ kind: 'ready' });
    await this.#endStreams(await stopped);
    // Until the last shard is quiet the others have something to send here, and portable connections pass through.
    tell({ kind: 'quiet' });
    await finished;
    await this.#finish();
    port.close();
  }

  #obey(message: Exclude<ToShard, { kind: 'stop' | 'finish' }>, tell: (message: FromShard) => void): void {
    switch (message.kind) {
      case 'listen':
        this.#listen(message.ports).then(
          (ports) => tell({ kind: 'listening', ports }),
          (error) => tell({ kind: 'failed', reason: reasonOf(error) }),
        );
        break;
      case 'link':
        this.#parts.engine.link(message.shard, message.port);
        break;
      case 'call':
        this.#admin(message.name, message.args).then(
          (result) => tell({ kind: 'result', id: message.id, result }),
          (error) => tell({ kind: 'refused', id: message.id, reason: reasonOf(error) }),
        );
        break;
    }
  }

  async #listen(ports: readonly number[]): Promise<number[]> {
    const { engine, c2s, inbox, http } = this.#parts;
    const bound: number[] = [];
    for (const entrance of c2s.entrances) {
      const settings = entrance.listener;
      if (!settings) continue;
      const wanted = ports[entrance.index] ?? settings.port;
      const { listener, port } = await listenForClients(engine, entrance, settings, wanted, this.#birth.shards > 1);
      inbox.listeners.set(listener, entrance);
      if (settings.zlib !== undefined && !engine.canCompress) {
        this.#log.warn('c2s.compression.unavailable', { listener: entrance.index, engine: engine.kind });
      }
      this.#tls.opened(listener, entrance);
      bound.push(port);
    }
    return [...bound, ...(await http.listen(ports.slice(bound.length)))];
  }

  /** Nobody new comes in, every stream ends with `system-shutdown`. */
  async #endStreams(graceMs: number): Promise<void> {
    const { engine, dispatcher, inbox, sessions, commitments, http } = this.#parts;
    http.unlisten();
    for (const listener of inbox.listeners.keys()) engine.unlisten(listener);
    const told = new Set<Connection>();
    const deadline = systemClock.monotonic() + graceMs;
    for (;;) {
      // More may come: accepted a moment ago, or moved here by a shard where they were binding.
      for (const connection of dispatcher.connections) {
        if (!told.has(connection)) connection.handler.shutDown();
        told.add(connection);
      }
      // Of those that have moved, the sockets are still here.
      const isQuiet = dispatcher.connections.length === 0 && http.clients === 0;
      if (isQuiet || systemClock.monotonic() >= deadline) break;
      await systemClock.sleep(CLOSING_POLL_MS);
    }
    this.#log.info('shard.quiet', { streams: told.size, cut: dispatcher.connections.length });
    // What their clients have not acknowledged is kept for them.
    sessions.closeDetached('system-shutdown');
    await new Promise<void>((resolve) => {
      systemClock.after(Math.max(deadline - systemClock.monotonic(), 0), resolve);
      void commitments.settled().then(resolve);
    });
  }

  /** What was accepted is committed. */
  async #finish(): Promise<void> {
    const { engine, hosts, storage, directories, c2s, http } = this.#parts;
    await http.close();
    c2s.admission.stop();
    for (const { modules } of hosts) modules.stop();
    directories.close();
    await storage.close();
    engine.stop();
    this.#log.info('shard.stopped');
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
