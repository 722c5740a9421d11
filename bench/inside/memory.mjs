/** Connections that say nothing: what each of them costs the server in memory. */
import { setTimeout as sleep } from 'node:timers/promises';
import { choices, count, flag, UsageError } from '../lib/arguments.mjs';
import { BOSH_WAIT } from '../lib/bosh-socket.mjs';
import { startClients } from '../lib/clients.mjs';
import { startServer } from '../lib/server.mjs';
import { openFilesLimit, pssBytes } from '../measure/process-facts.mjs';
import { summary, table } from '../measure/statistics.mjs';

export const memoryOptions = {
  engine: choices(['native'], ['native', 'portable'], 'engines, run in turns'),
  shards: count(1, 'shards of the server'),
  connections: count(10_000, 'connections'),
  repeat: count(1, 'measurements for each engine'),
  tls: flag('over TLS'),
  websocket: flag('over WebSocket'),
  bosh: flag('over BOSH, each with a request that waits'),
  unauthenticated: flag('the clients stop before they log in'),
  available: flag('the clients send presence'),
};

/** What a process needs besides its connections. */
const SPARE_FILES = 200;
const MOST_WARMUP = 3_000;
/** Until buffers that were used while logging in are given back. */
const SETTLE_MS = 1_000;
/** Over BOSH also until the answers of the login are no longer among the last ones, which are remembered. */
const BOSH_SETTLE_MS = SETTLE_MS + 4 * BOSH_WAIT * 1_000;

export async function memory(options) {
  checkLimits(options.connections);
  const runs = [];
  for (let turn = 0; turn < options.repeat; turn++) {
    for (const engine of options.engine) runs.push({ engine, ...(await measureOnce(engine, options)) });
  }
  process.stdout.write(
    table(
      options.engine.map((engine) =>
        row(
          engine,
          runs.filter((run) => run.engine === engine),
        ),
      ),
    ),
  );
}

function warmup(connections) {
  return Math.min(MOST_WARMUP, connections);
}

function checkLimits(connections) {
  const limit = openFilesLimit();
  const needed = connections + warmup(connections) + SPARE_FILES;
  if (needed <= limit) return;
  throw new UsageError(
    `Each side needs ${needed} open files, and a process may have ${limit} here.\n` +
      `Raise the limit (ulimit -Hn ${needed}, or LimitNOFILE= of the service), or ask for fewer --connections.`,
  );
}

async function measureOnce(engine, options) {
  const { shards, connections, tls, websocket: webSocket, bosh, unauthenticated, available } = options;
  const state = unauthenticated ? 'unauthenticated' : available ? 'available' : 'bound';
  const server = await startServer({ engine, shards, tls: tls && 'tls', isWeb: webSocket || bosh });
  const clients = startClients('idle-clients.mjs');
  const open = (count) => clients.ask('open', { port: server.port, tls, webSocket, bosh, state, count });
  try {
    // What the first logins compile, and the young generation that grows under them, is not theirs. These clients stay: the
    // memory that they gave back would be taken by those that are measured, and not be seen.
    await open(warmup(connections));
    const settle = bosh ? BOSH_SETTLE_MS : SETTLE_MS;
    const before = await take(server, settle);
    await open(connections);
    const asFound = pssBytes(server.pid);
    const after = await take(server, settle);
    await clients.ask('close', { count: connections });
    const left = await take(server, SETTLE_MS);
    const each = (bytes) => bytes / connections;
    return {
      pss: each(after.pss - before.pss),
      asFound: each(asFound - before.pss),
      heap: each(after.heap - before.heap),
      external: each(after.external - before.external),
      native: each(after.native - before.native),
      left: each(left.heap + left.native - before.heap - before.native),
    };
  } finally {
    await clients.stop();
    await server.stop();
  }
}

/** Memory after everything that can be freed has been. */
async function take(server, settleMs) {
  await sleep(settleMs);
  const threads = await server.memory(true);
  const sum = (name) => threads.reduce((total, thread) => total + thread[name], 0);
  return { pss: pssBytes(server.pid), heap: sum('heapUsed'), external: sum('external'), native: sum('native') };
}

function row(engine, runs) {
  const of = (pick) => summary(runs.map(pick), 0);
  return {
    engine,
    'bytes/connection': of(({ pss }) => pss),
    'before collection': of(({ asFound }) => asFound),
    'JS heap': of(({ heap }) => heap),
    external: of(({ external }) => external),
    'native counters': of(({ native }) => native),
    'left after closing': of(({ left }) => left),
  };
}
