/** The start of a server, step by step, and the way back. */
import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { addTrouble, createTroubles } from '../core/shards/durability.js';
import { chooseEngine, type EngineChoice } from '../engine/create-engine.js';
import { createConnectionCounts } from '../net/http/connection-count.js';
import { createAddressMemory } from '../net/limits/address-memory.js';
import { systemClock } from '../platform/clock.js';
import type { Config } from '../platform/config/index.js';
import type { Log } from '../platform/log.js';
import { Metrics } from '../platform/metrics.js';
import { systemRandom } from '../platform/random.js';
import { TaskBroker, TaskPool } from '../platform/workers.js';
import { startAdmin } from './admin.js';
import { Certificates } from './certificates.js';
import { openDataDirectory } from './data-directory.js';
import { type Databases, openDatabases } from './databases.js';
import type { ShardBirth } from './shard-protocol.js';
import { type ShardDelivery, Supervisor } from './supervisor.js';
import { requireFreePorts } from './taken-ports.js';
import { followTime, TicketKeyring } from './ticket-keys.js';

export interface BootOptions {
  readonly config: Config;
  readonly log: Log;
  readonly dataDir: string;
  readonly version: string;
  /** Called when an administrator asks the server to stop. */
  readonly onStopRequested: () => void;
  /** Called when the server cannot do its work any more and has to be stopped. */
  readonly onFailure: (what: string) => void;
}

export interface RunningServer {
  readonly engine: EngineChoice;
  readonly shards: number;
  /** Bound ports: those of `[[listen.c2s]]`, then those of `[[listen.http]]`. */
  readonly ports: readonly number[];
  readonly dataDir: string;
  /** Ends all streams, commits everything, frees everything. */
  stop(graceMs: number): Promise<void>;
}

/** Undone in reverse: whatever has been started when a later step fails, or the server stops. */
class Undo {
  readonly #steps: (() => unknown)[] = [];

  push(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Goes to the end whatever happens on the way; rejects with the first failure. */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** Rejects with a sentence for the operator when a step fails; nothing is left running then. */
export async function boot(options: BootOptions): Promise<RunningServer> {
  const undo = new Undo();
  try {
    return await start(options, undo);
  } catch (error) {
    await undo.run().catch((failure) => options.log.error('server.undo_failed', { error: failure }));
    throw error;
  }
}

async function start(options: BootOptions, undo: Undo): Promise<RunningServer> {
  const { config, log, version, onStopRequested } = options;
  const { path: dataDir, secret } = openDataDirectory(options.dataDir);
  const engine = announcedEngine(config, log);
  const metrics = new Metrics();
  const certificates = await readCertificates(config, dataDir, log, metrics);
  const onFailure = () => options.onFailure('storage');
  const databases = await openDatabases({ config, directory: dataDir, log, onFailure });
  undo.push(() => databases.close());
  const listeners = [...config.listen.c2s, ...config.listen.http];
  await requireFreePorts(listeners.map(({ ip_address: address, port }) => ({ address, port })));
  const broker = startTasks(log, undo);

  const shards = config.meerkat.shards === 'auto' ? availableParallelism() : config.meerkat.shards;
  const heritage = heritageOf(options, engine, shards, secret);
  const tickets = startTickets();
  const supervisor = new Supervisor({
    shards,
    log,
    clock: systemClock,
    birth: () => giveBirth({ ...heritage, tls: certificates.tls }, broker, databases, tickets),
    ports: listeners.map((listener) => listener.port),
    needsLinks: engine.kind === 'portable',
    died: (shard) => addTrouble(heritage.troubles, shard),
  });
  await supervisor.start();
  undo.push(() => supervisor.kill());
  await watchCertificates(certificates, supervisor, undo);
  undo.push(await startAdmin({ supervisor, certificates, metrics, config, log, dataDir, version, onStopRequested }));

  const stop = (graceMs: number) => supervisor.stop(graceMs).finally(() => undo.run());
  return { engine, shards, ports: supervisor.ports, dataDir, stop };
}

type Heritage = Omit<ShardBirth, 'tls' | 'tasks' | 'writers' | 'tickets'>;

/** What all lives of all shards have in common. */
function heritageOf(options: BootOptions, engine: EngineChoice, shards: number, secret: Uint8Array): Heritage {
  return {
    shards,
    engine: engine.kind,
    group: randomUUID(),
    version: options.version,
    config: options.config.toPlain(),
    log: options.log.share(),
    secret,
    addresses: createAddressMemory(shards),
    troubles: createTroubles(shards),
    httpConnections: createConnectionCounts(shards, options.config.listen.http.length),
    dataDir: options.dataDir,
  };
}

/** Says what is lost where the native engine was wanted and is not there. */
function announcedEngine(config: Config, log: Log): EngineChoice {
  const engine = chooseEngine(config.meerkat.engine);
  if (engine.unavailable !== undefined) {
    log.warn('engine.portable', { reason: engine.unavailable, lost: PORTABLE_COSTS, remedy: NATIVE_REMEDY });
  }
  return engine;
}

async function readCertificates(config: Config, dataDir: string, log: Log, metrics: Metrics): Promise<Certificates> {
  const certificates = new Certificates({ config, dataDir, clock: systemClock, random: systemRandom, log, metrics });
  await certificates.read();
  return certificates;
}

/** Looks after the files until the server stops. */
async function watchCertificates(certificates: Certificates, supervisor: Supervisor, undo: Undo): Promise<void> {
  undo.push(() => certificates.close());
  await certificates.watch(supervisor);
}

function startTickets(): TicketKeyring {
  const tickets = TicketKeyring.create(systemRandom, systemClock.now());
  followTime(tickets, systemClock);
  return tickets;
}

function startTasks(log: Log, undo: Undo): TaskBroker {
  const tasks = new TaskPool({ onError: (error) => log.error('tasks.thread_died', { error }) });
  undo.push(() => tasks.destroy());
  const broker = new TaskBroker(tasks);
  undo.push(() => broker.close());
  return broker;
}

/** What one life of a shard gets: what all shards share, and ports of its own. */
function giveBirth(
  heritage: Heritage & Pick<ShardBirth, 'tls'>,
  broker: TaskBroker,
  databases: Databases,
  tickets: TicketKeyring,
): ShardDelivery {
  const own = { tasks: broker.connect(), writers: databases.connect(), tickets: tickets.share(systemClock.now()) };
  const birth: ShardBirth = { ...heritage, ...own };
  return { birth, transfer: [birth.tasks, ...birth.writers.map(({ port }) => port)] };
}

const PORTABLE_COSTS = 'speed (about three times the CPU per message), memory, and more than one accepting thread';
const NATIVE_REMEDY = 'install a C++ compiler (Debian: apt-get install g++ make python3) and start again by npm start';
