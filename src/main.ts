/** Start here: reads the arguments and the configuration, boots the server, and stops it on a signal. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from './platform/clock.js';
import { type Config, formatProblem, type LoadResult, loadConfig } from './platform/config/index.js';
import { type Log, openLog } from './platform/log.js';
import { banner } from './runtime/banner.js';
import { boot, type RunningServer } from './runtime/boot.js';
import { StopSignals } from './runtime/stop-signals.js';
import { version } from './runtime/version.js';

const USAGE = `Usage: npm start -- [options]

  --config FILE          a mongooseim.toml; without it the built-in default is served
  --data DIR             where data, keys and the control socket live (default: ./data)
  --ignore-unsupported   start although the file uses options that Meerkat does not serve yet
  --quiet                no banner
  --version, --help
`;

/** Streams get this long to take their last bytes. */
const GRACE_MS = 10_000;

await main();

async function main(): Promise<void> {
  const startedAt = performance.now();
  // What is kept in the data directory concerns nobody else.
  process.umask(0o077);
  const args = readArguments();
  const loaded = load(args.config, args['ignore-unsupported']);
  if ('problems' in loaded) return refuse(loaded.problems.map(formatProblem));

  const { config, notes } = loaded;
  const log = openLog({ level: config.general.loglevel });
  for (const note of notes) log.notice(`config.${note.kind}`, { option: note.path, note: note.text });

  const stop = new StopSignals(log, systemClock);
  const onFailure = (what: string) => {
    process.exitCode = 1;
    stop.request(`${what} failed`);
  };
  const service = { config, log, stop, onFailure, args, startedAt };
  const server = await start(service).catch((error) => refuse([messageOf(error)]));
  if (server) await serveUntilStopped(server, service).catch((error) => lament(log, error));
  // Nothing is left to do; a forgotten handle must not keep a stopped server alive.
  process.exit();
}

interface Service {
  readonly config: Config;
  readonly log: Log;
  readonly stop: StopSignals;
  readonly onFailure: (what: string) => void;
  readonly args: ReturnType<typeof parse>;
  readonly startedAt: number;
}

/** Up to the point where clients are served. */
async function start({ config, log, stop, onFailure, args, startedAt }: Service): Promise<RunningServer> {
  const dataDir = resolve(args.data ?? config.meerkat.data_dir);
  const server = await boot({
    config,
    log,
    dataDir,
    version,
    onStopRequested: () => stop.request('admin'),
    onFailure,
  });
  if (!args.quiet) {
    const { engine, shards, ports } = server;
    process.stdout.write(
      banner({ version, config, engine, shards, dataDir, ports, startMs: performance.now() - startedAt }),
    );
  }
  log.notice('server.started', { version, ports: server.ports, engine: server.engine.kind, shards: server.shards });
  return server;
}

/** To the last closed stream. */
async function serveUntilStopped(server: RunningServer, { log, stop }: Pick<Service, 'log' | 'stop'>): Promise<void> {
  const reason = await stop.requested;
  log.notice('server.stopping', { reason });
  await server.stop(GRACE_MS);
  log.notice('server.stopped');
  log.close();
}

function readArguments(): ReturnType<typeof parse> {
  try {
    const values = parse();
    if (values.help) exitWith(USAGE);
    if (values.version) exitWith(`${version}\n`);
    return values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

function parse() {
  return parseArgs({
    options: {
      config: { type: 'string' },
      data: { type: 'string' },
      'ignore-unsupported': { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      version: { type: 'boolean', default: false },
    },
  }).values;
}

function exitWith(text: string): never {
  process.stdout.write(text);
  process.exit(0);
}

function load(file: string | undefined, ignoreUnsupported: boolean): LoadResult {
  if (file === undefined) return loadConfig(undefined, { ignoreUnsupported });
  try {
    return loadConfig({ file, text: readFileSync(file, 'utf8') }, { ignoreUnsupported });
  } catch (error) {
    process.stderr.write(`${file}: cannot be read: ${(error as Error).message}\n`);
    process.exit(1);
  }
}

function refuse(lines: readonly string[]): void {
  process.stderr.write(`${lines.join('\n')}\nMeerkat was not started.\n`);
  process.exitCode = 1;
}

/** It did serve, but did not stop in order: what was acknowledged is committed, and the next start looks after the rest. */
function lament(log: Log, error: unknown): void {
  log.error('server.stop_failed', { error });
  process.stderr.write(`${messageOf(error)}\nMeerkat was stopped, but not in order.\n`);
  process.exitCode = 1;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
