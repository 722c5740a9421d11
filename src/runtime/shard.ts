/** One shard: the thread that owns the connections and accounts at home in it, from birth to the last closed stream. */
import type { MessagePort } from 'node:worker_threads';
import { mechanisms } from '../auth/registry.js';
import { Hosts } from '../core/hosts/host.js';
import type { ShardServices } from '../core/module/scope.js';
import { Router } from '../core/routing/router.js';
import { Sessions } from '../core/sessions/sessions.js';
import { ShardCalls } from '../core/shards/shard-calls.js';
import { createEngine } from '../engine/create-engine.js';
import { Dispatcher } from '../engine/dispatcher.js';
import type { EnginePort } from '../engine/port.js';
import { acceptClient, adoptClient } from '../net/c2s/c2s-entry.js';
import type { C2sEntrance, C2sServices } from '../net/c2s/c2s-services.js';
import { listenForClients } from '../net/listeners/c2s.js';
import { systemClock } from '../platform/clock.js';
import { Config } from '../platform/config/index.js';
import { joinLog, type Logger } from '../platform/log.js';
import { systemRandom } from '../platform/random.js';
import { type ShardStart, TaskClient } from '../platform/workers.js';
import type { Jid } from '../protocol/jid.js';
import { childPatterns } from '../protocol/stanza-children.js';
import { createHost, type RunningHost, startModules } from './hosts.js';
import { type AdminParts, serveAdmin } from './shard-admin.js';
import type { FromShard, ShardBirth, ToShard } from './shard-protocol.js';
import { ShardStorage } from './shard-storage.js';

/** Open password checks of one shard; more are told to try later. */
const MAX_TASKS = 1_024;

/** The task of a shard's thread. Returns when the shard has stopped in order. */
export default async function runShard({ shard, port, data }: ShardStart<ShardBirth>): Promise<void> {
  const log = joinLog(data.log).child({ shard });
  try {
    const running = await Shard.start(shard, data, log);
    await running.serve(port);
  } catch (error) {
    port.postMessage({
      kind: 'failed',
      reason: error instanceof Error ? error.message : String(error),
    } satisfies FromShard);
    throw error;
  }
}

class Shard {
  readonly #birth: ShardBirth;
  readonly #log: Logger;
  readonly #engine: EnginePort;
  readonly #dispatcher: Dispatcher;
  readonly #storage: ShardStorage;
  readonly #sessions: Sessions;
  readonly #hosts: readonly RunningHost[];
  readonly #entrances: readonly C2sEntrance[];
  readonly #calls: ShardCalls;
  readonly #listeners = new Map<number, C2sEntrance>();

  private constructor(parts: {
    birth: ShardBirth;
    log: Logger;
    engine: EnginePort;
    dispatcher: Dispatcher;
    storage: ShardStorage;
    sessions: Sessions;
    hosts: readonly RunningHost[];
    entrances: readonly C2sEntrance[];
    calls: ShardCalls;
    listeners: Map<number, C2sEntrance>;
  }) {
    this.#birth = parts.birth;
    this.#log = parts.log;
    this.#engine = parts.engine;
    this.#dispatcher = parts.dispatcher;
    this.#storage = parts.storage;
    this.#sessions = parts.sessions;
    this.#hosts = parts.hosts;
    this.#entrances = parts.entrances;
    this.#calls = parts.calls;
    this.#listeners = parts.listeners;
  }

  /** Everything but the listeners: an accepted connection finds all of it ready. */
  static async start(shard: number, birth: ShardBirth, log: Logger): Promise<Shard> {
    const config = Config.fromPlain(birth.config);
    const storage = await ShardStorage.open({ config, writers: birth.writers, log });
    const tasks = new TaskClient(birth.tasks, MAX_TASKS);
    const sessions = new Sessions(systemClock, log);
    const hosts = new Hosts();
    const listeners = new Map<number, C2sEntrance>();

    let router!: Router;
    let c2s!: C2sServices;
    let calls!: ShardCalls;
    const dispatcher = new Dispatcher({
      connected: (connection, listener) => acceptClient(connection, c2s, listeners.get(listener) as C2sEntrance),
      arrived: (connection, state) => adoptClient(connection, c2s, state),
      routed: (stanza) => router.received(stanza),
      called: (message, from) => calls.received(message, from),
      crashed: (error) => log.error('shard.handler_crashed', { error }),
    });
    const engine = await createEngine(birth.engine, {
      shard,
      shards: birth.shards,
      group: birth.group,
      children: childPatterns,
      onBatch: dispatcher.dispatch,
    });
    dispatcher.attach(engine);

    const byType = new Map<string, RunningHost>();
    calls = new ShardCalls(shard, engine, systemClock);
    router = new Router({
      shard,
      shards: birth.shards,
      engine,
      hosts,
      sessions,
      log,
      accountExists: async (host, account) => (byType.get(host.hostType) as RunningHost).accounts.exists(account),
    });
    const services: ShardServices = {
      clock: systemClock,
      random: systemRandom,
      hosts,
      sessions,
      router,
      calls,
      jid: (text) => dispatcher.jid(text),
      parse: (xml) => engine.parse(xml),
      isOnline: (account) => calls.ask(router.home(account), 'session.isOnline', account.bare.toString()),
      isFirstShard: shard === 0,
      registrationTimeout: config.general.registration_timeout,
      version: birth.version,
    };
    for (const hostType of config.host_types) {
      byType.set(hostType.name, createHost(hostType, hosts, { services, storage, tasks, secret: birth.secret, log }));
    }
    const entrances = config.listen.c2s.map((settings, index) => {
      const tls = birth.tls[index];
      return { index, settings, tlsContext: tls && engine.createTlsContext(tls) };
    });
    c2s = {
      config,
      hosts,
      sessions,
      router,
      random: systemRandom,
      log,
      entrances,
      mechanisms,
      accounts: (host) => (byType.get(host.hostType) as RunningHost).accounts,
      access: (host) => (byType.get(host.hostType) as RunningHost).access,
    };
    calls.serve('session.isOnline', (text: string) => sessions.account(dispatcher.jid(text) as Jid) !== undefined);
    for (const host of byType.values()) await startModules(host);
    return new Shard({
      birth,
      log,
      engine,
      dispatcher,
      storage,
      sessions,
      hosts: [...byType.values()],
      entrances,
      calls,
      listeners,
    });
  }

  /** Does what the supervisor says until it says stop. */
  async serve(port: MessagePort): Promise<void> {
    const admin = serveAdmin(this.#adminParts());
    const tell = (message: FromShard) => port.postMessage(message);
    const stopped = new Promise<number>((resolve) => {
      port.on('message', (message: ToShard) => {
        if (message.kind === 'stop') resolve(message.graceMs);
        else void this.#obey(message, admin, tell);
      });
      port.on('close', () => resolve(0));
    });
    tell({ kind: 'ready' });
    const graceMs = await stopped;
    await this.#stop(graceMs);
    port.close();
  }

  async #obey(
    message: Exclude<ToShard, { kind: 'stop' }>,
    admin: ReturnType<typeof serveAdmin>,
    tell: (message: FromShard) => void,
  ): Promise<void> {
    switch (message.kind) {
      case 'listen':
        return this.#listen(message.ports).then(
          (ports) => tell({ kind: 'listening', ports }),
          (error: Error) => tell({ kind: 'failed', reason: error.message }),
        );
      case 'link':
        return this.#engine.link(message.shard, message.port);
      case 'call':
        return admin(message.name, message.args).then(
          (result) => tell({ kind: 'result', id: message.id, result }),
          (error: Error) => tell({ kind: 'refused', id: message.id, reason: error.message }),
        );
    }
  }

  async #listen(ports: readonly number[]): Promise<number[]> {
    const bound: number[] = [];
    for (const entrance of this.#entrances) {
      const port = ports[entrance.index] ?? entrance.settings.port;
      const { listener, port: actual } = await listenForClients(this.#engine, entrance, port, this.#birth.shards > 1);
      this.#listeners.set(listener, entrance);
      bound.push(actual);
    }
    return bound;
  }

  /** Nobody new comes in, every stream ends with `system-shutdown`, what was accepted is committed. */
  async #stop(graceMs: number): Promise<void> {
    for (const listener of this.#listeners.keys()) this.#engine.unlisten(listener);
    for (const connection of this.#dispatcher.connections) connection.handler.shutDown();
    const deadline = systemClock.monotonic() + graceMs;
    while (this.#dispatcher.connections.length > 0 && systemClock.monotonic() < deadline) await systemClock.sleep(20);

    for (const { modules } of this.#hosts) modules.stop();
    await this.#storage.close();
    this.#engine.stop();
    this.#log.info('shard.stopped', { connections: this.#dispatcher.connections.length });
  }

  #adminParts(): AdminParts {
    return {
      engine: this.#engine,
      sessions: this.#sessions,
      hosts: this.#hosts,
      calls: this.#calls,
      jid: (text) => this.#dispatcher.jid(text),
    };
  }
}
