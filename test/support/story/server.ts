/** A server for tests: a process of its own on free ports, with a data directory that goes when it goes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ADDON = fileURLToPath(new URL('../../../build/Release/meerkat.node', import.meta.url));
/** The compiled server. */
export const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
/** The same, in the hands of a test. */
const MORTAL = fileURLToPath(new URL('./mortal-server.mjs', import.meta.url));
const START_MS = 50_000;

/** The engines that can run here; `STORY_ENGINE=portable` leaves the other one out. */
export const ENGINES = (['native', 'portable'] as const)
  .filter((engine) => engine === 'portable' || existsSync(ADDON))
  .filter((engine) => engine === (process.env['STORY_ENGINE'] ?? engine));

export interface ServerOptions {
  readonly engine?: 'native' | 'portable';
  readonly shards?: number;
  /** TOML of the whole file; `PORT` stands for a free port, `DATA` for the data directory. Default: `storyConfig`. */
  readonly config?: string;
  /** A directory to be used and kept; else a new one that is removed at the end. */
  readonly dataDir?: string;
  /** More arguments of the program. */
  readonly args?: readonly string[];
  /** Its shards can be made to crash. */
  readonly mortal?: boolean;
}

export interface TestServer {
  /** Has a shard crash; for servers that are `mortal`. */
  kill(shard: number): void;
  readonly port: number;
  /** All ports, in the order in which `PORT` stands in the configuration. */
  readonly ports: readonly number[];
  readonly dataDir: string;
  readonly process: ChildProcess;
  /** What it has written so far. */
  output(): string;
  /** Asks it to stop in order; returns its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** What stories run on: everything that a domain of ours needs, nothing that keeps a test waiting. */
export function storyConfig({ engine = 'native', shards = 1 }: Pick<ServerOptions, 'engine' | 'shards'>): string {
  return `
[general]
  loglevel = "warning"
  hosts = ["localhost", "other.example"]
  default_server_domain = "localhost"
  registration_timeout = "infinity"

[meerkat]
  engine = "${engine}"
  shards = ${shards}

[[listen.c2s]]
  port = PORT
  ip_address = "127.0.0.1"
  max_stanza_size = 65536

[[listen.c2s]]
  port = PORT
  ip_address = "127.0.0.1"
  tls = {mode = "starttls", certificate = "automatic", verify_mode = "none"}

[[listen.c2s]]
  port = PORT
  ip_address = "127.0.0.1"
  tls = {mode = "starttls_required", certificate = "automatic", verify_mode = "none"}

[[listen.c2s]]
  port = PORT
  ip_address = "127.0.0.1"
  tls = {mode = "tls", certificate = "automatic", verify_mode = "none"}

[[listen.http]]
  port = PORT
  ip_address = "127.0.0.1"
  [[listen.http.handlers.mongoose_websocket_handler]]
    host = "_"
    path = "/ws-xmpp"
    max_stanza_size = 65536

[[listen.http]]
  port = PORT
  ip_address = "127.0.0.1"
  [[listen.http.handlers.mongoose_bosh_handler]]
    host = "_"
    path = "/http-bind"
    max_stanza_size = 65536

[services.service_bosh]
  inactivity = 10

[auth]
  methods = ["internal"]
  password.scram_iterations = 1000

[modules.mod_roster]
  versioning = true
[modules.mod_presence]
[modules.mod_disco]
[modules.mod_caps]
[modules.mod_adhoc]
[modules.mod_sic]
[modules.mod_ping]
[modules.mod_version]
[modules.mod_time]
[modules.mod_last]
[modules.mod_private]
[modules.mod_vcard]
[modules.mod_offline]
[modules.mod_stream_management]
[modules.mod_carboncopy]
[modules.mod_csi]
[modules.mod_amp]
[modules.mod_mam]
  user_prefs_store = "mnesia"
  archive_chat_markers = true
  [modules.mod_mam.pm]
[modules.mod_register]
[modules.mod_privacy]
[modules.mod_blocking]
`;
}

/** Rejects with everything that the server has written when it does not come up. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'meerkat-story-'));
  const template = (options.config ?? storyConfig(options)).replaceAll('DATA', dataDir);
  const ports = await freePorts(template.split('PORT').length - 1);
  let next = 0;
  const file = join(dataDir, 'mongooseim.toml');
  writeFileSync(
    file,
    template.replace(/PORT/g, () => String(ports[next++])),
  );

  const child = spawn(
    process.execPath,
    [...[options.mortal ? MORTAL : MAIN, '--config', file, '--data', dataDir], ...(options.args ?? [])],
    {
      stdio: ['ignore', 'pipe', 'pipe', ...(options.mortal ? (['ipc'] as const) : [])],
    },
  );
  let output = '';
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const up = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the server did not come up in time:\n${output}`)), START_MS);
    const read = (data: Buffer) => {
      output += data.toString();
      if (!output.includes('is up after')) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    void exited.then((code) => {
      clearTimeout(timer);
      reject(new Error(`the server ended with ${code}:\n${output}`));
    });
  });
  await up;
  return {
    port: ports[0] as number,
    ports,
    dataDir,
    process: child,
    output: () => output,
    kill: (shard) => void child.send(shard),
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      const code = await exited;
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
      return code;
    },
  };
}

/** Below those that the system gives to connections (from 32768 on Linux): such a one may be taken by a client any moment. */
const LOWEST_PORT = 10_000;
const PORTS = 22_000;

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = LOWEST_PORT + Math.floor(Math.random() * PORTS);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
