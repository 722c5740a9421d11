/** The start of a server, step by step, and the way back. */
import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import { chooseEngine, type EngineChoice } from '../engine/create-engine.js';
import { tlsOptions } from '../net/listeners/tls-options.js';
import { systemClock } from '../platform/clock.js';
import type { Config } from '../platform/config/index.js';
import type { Log } from '../platform/log.js';
import { systemRandom } from '../platform/random.js';
import { TaskBroker, TaskPool } from '../platform/workers.js';
import { startAdmin } from './admin.js';
import { openDataDirectory } from './data-directory.js';
import { openDatabases } from './databases.js';
import type { ShardBirth } from './shard-protocol.js';
import { Supervisor } from './supervisor.js';

export interface BootOptions {
  readonly config: Config;
  readonly log: Log;
  readonly dataDir: string;
  readonly version: string;
  /** Called when an administrator asks the server to stop. */
  readonly onStopRequested: () => void;
}

export interface RunningServer {
  readonly engine: EngineChoice;
  readonly shards: number;
  /** Bound ports, in the order of `[[listen.c2s]]`. */
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

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await step();
  }
}

/** Rejects with a sentence for the operator when a step fails; nothing is left running then. */
export async function boot(options: BootOptions): Promise<RunningServer> {
  const undo = new Undo();
  try {
    return await start(options, undo);
  } catch (error) {
    await undo.run();
    throw error;
  }
}

async function start(
  { config, log, dataDir: directory, version, onStopRequested }: BootOptions,
  undo: Undo,
): Promise<RunningServer> {
  const dataDir = openDataDirectory(directory);
  const engine = chooseEngine(config.meerkat.engine);
  if (engine.unavailable !== undefined)
    log.warn('engine.portable', { reason: engine.unavailable, lost: PORTABLE_COSTS, remedy: NATIVE_REMEDY });

  const surroundings = {
    dataDir: dataDir.path,
    clock: systemClock,
    random: systemRandom,
    warn: (problem: string) => log.warn('certificate.problem', { problem }),
  };
  const tls = await Promise.all(
    config.listen.c2s.map((listener) => listener.tls && tlsOptions(listener.tls, config, surroundings)),
  );
  const databases = await openDatabases(config, dataDir.path, log);
  undo.push(() => databases.close());
  const tasks = new TaskPool({ onError: (error) => log.error('tasks.thread_died', { error }) });
  undo.push(() => tasks.destroy());
  const broker = new TaskBroker(tasks);
  undo.push(() => broker.close());

  const shards = config.meerkat.shards === 'auto' ? availableParallelism() : config.meerkat.shards;
  const group = randomUUID();
  const birth = (): { birth: ShardBirth; transfer: MessagePort[] } => {
    const ports = { tasks: broker.connect(), writers: databases.connect() };
    const facts = {
      shards,
      engine: engine.kind,
      group,
      version,
      config: config.toPlain(),
      log: log.share(),
      dataDir: dataDir.path,
    };
    return {
      birth: { ...facts, secret: dataDir.secret, tls, ...ports },
      transfer: [ports.tasks, ...ports.writers.map(({ port }) => port)],
    };
  };
  const supervisor = new Supervisor({
    shards,
    log,
    clock: systemClock,
    birth,
    ports: config.listen.c2s.map((listener) => listener.port),
    needsLinks: engine.kind === 'portable',
  });
  await supervisor.start();
  undo.push(() => supervisor.kill());
  undo.push(await startAdmin({ supervisor, config, log, dataDir: dataDir.path, version, onStopRequested }));

  return {
    engine,
    shards,
    ports: supervisor.ports,
    dataDir: dataDir.path,
    stop: async (graceMs) => {
      await supervisor.stop(graceMs);
      await undo.run();
    },
  };
}

const PORTABLE_COSTS = 'speed (about three times the CPU per message), memory, and more than one accepting thread';
const NATIVE_REMEDY = 'install a C++ compiler (Debian: apt-get install g++ make python3) and start again by npm start';
