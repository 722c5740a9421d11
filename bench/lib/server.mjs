/** Starts the server that is measured: a process of its own, with a configuration of its own, on a core of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boundTo } from '../measure/process-facts.mjs';
import { distMain } from './places.mjs';

const START_MS = 30_000;
const PROBE = new URL('../inside/probe.mjs', import.meta.url).href;

/**
 * Every module that an ordinary server has. `auth` is how clients log in: `anonymous`; `dummy`, under a name and with any password, as
 * passwords are not what is measured; or `internal`, with accounts of their own. `archive` keeps every message, and flushes it to the
 * disk before its sender is told that it is safe. Clients of browsers come to `webPort`. `tls` is a mode of `listen.c2s`.
 */
export function configText({
  engine,
  shards,
  tls,
  proxy = false,
  port,
  webPort,
  auth = 'anonymous',
  archive = false,
  privacy = false,
}) {
  return `
[general]
  loglevel = "warning"
  hosts = ["localhost"]
  default_server_domain = "localhost"
  registration_timeout = "infinity"

[meerkat]
  engine = "${engine}"
  shards = ${shards}

[[listen.c2s]]
  port = ${port}
  ip_address = "127.0.0.1"
  backlog = 4096
  state_timeout = "infinity"
  proxy_protocol = ${proxy && webPort === undefined}
${tls ? `  tls = {mode = "${tls}", certificate = "automatic", verify_mode = "none"}` : ''}

${webPort === undefined ? '' : webListener(webPort, tls, proxy)}
[auth]
  methods = ["${auth}"]
${auth === 'dummy' ? '  dummy = {base_time = 0, variance = 1}' : ''}

${webPort === undefined ? '' : '[services.service_bosh]\n  # Also for clients that get no processor for a while.\n  inactivity = 120'}
[modules.mod_roster]
  versioning = true
[modules.mod_ping]
  send_pings = true
  ping_interval = 3600
[modules.mod_presence]
[modules.mod_carboncopy]
[modules.mod_disco]
[modules.mod_last]
[modules.mod_offline]
[modules.mod_private]
[modules.mod_stream_management]
  # A few pages of an archive are more than the usual 100, and a client that is away for a moment acknowledges none of them.
  buffer_max = 10000
[modules.mod_time]
[modules.mod_vcard]
  search = false
[modules.mod_version]
${auth === 'internal' ? '[modules.mod_register]' : ''}
${privacy ? '[modules.mod_privacy]\n[modules.mod_blocking]' : ''}
${archive ? '[modules.mod_mam]\n  [modules.mod_mam.pm]' : ''}
`;
}

function webListener(port, tls, proxy) {
  return `
[[listen.http]]
  port = ${port}
  ip_address = "127.0.0.1"
  transport.max_connections = "infinity"
  proxy_protocol = ${proxy}
${tls ? '  tls = {certificate = "automatic"}' : ''}
  [[listen.http.handlers.mongoose_websocket_handler]]
    host = "_"
    path = "/ws-xmpp"
    state_timeout = "infinity"
  [[listen.http.handlers.mongoose_bosh_handler]]
    host = "_"
    path = "/http-bind"
    state_timeout = "infinity"
`;
}

/** `fill` gets the directory of the server's data before it starts. Its `port` is that for clients of browsers where `isWeb`. */
export async function startServer({ isWeb = false, core = 0, nodeArguments = [], fill, ...options }) {
  const directory = mkdtempSync(join(tmpdir(), 'meerkat-bench-'));
  await fill?.(directory);
  const port = await freePort();
  const webPort = isWeb ? await freePort() : undefined;
  const file = join(directory, 'mongooseim.toml');
  writeFileSync(file, configText({ ...options, port, webPort }));
  // With one shard all of its work fits on one core, which makes runs alike; more shards take what there is, and so does the writer.
  const [command, ...args] = [
    ...(options.shards === 1 && !options.archive ? boundTo(core) : []),
    process.execPath,
    ...['--expose-gc', '--import', PROBE, ...nodeArguments],
    ...[distMain, '--config', file, '--data', directory],
  ];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const server = new Server(child, directory, webPort ?? port);
  await server.isUp();
  return server;
}

class Server {
  #child;
  #directory;
  #output = '';
  #exited;

  constructor(child, directory, port) {
    this.#child = child;
    this.#directory = directory;
    this.port = port;
    this.#exited = once(child, 'exit');
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (this.#output += data));
  }

  get pid() {
    return this.#child.pid;
  }

  async isUp() {
    const deadline = Date.now() + START_MS;
    while (!this.#output.includes('is up after')) {
      if (this.#child.exitCode !== null || Date.now() > deadline) {
        this.#child.kill('SIGKILL');
        throw new Error(`the server did not come up:\n${this.#output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Memory as its threads see it; with `collect`, after everything that is no longer needed has been freed. */
  async memory(collect) {
    this.#child.send({ ask: 'memory', collect });
    const [answer] = await once(this.#child, 'message');
    return answer;
  }

  /** Stops in order; whatever it complained of makes the run worthless. */
  async stop() {
    this.#child.kill('SIGTERM');
    const [code] = await this.#exited;
    rmSync(this.#directory, { recursive: true, force: true });
    if (code !== 0) throw new Error(`the server ended with ${code}:\n${this.#output}`);
    const complaints = this.#output
      .split('\n')
      .filter((line) => /"level":"(?:error|critical|alert|emergency)"/.test(line));
    if (complaints.length > 0) throw new Error(`the server complained:\n${complaints.slice(0, 10).join('\n')}`);
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
