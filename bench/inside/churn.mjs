/** Clients that come, stay for a moment and go, over and over: whether the server's memory comes back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { choices, count, flag } from '../lib/arguments.mjs';
import { startClients } from '../lib/clients.mjs';
import { startServer } from '../lib/server.mjs';
import { effort, pssBytes } from '../measure/process-facts.mjs';
import { table } from '../measure/statistics.mjs';

export const churnOptions = {
  engine: choices(['native'], ['native', 'portable'], 'engines, one after the other'),
  shards: count(1, 'shards of the server'),
  connections: count(1_000, 'connections of a round, all of which are open at its end'),
  rounds: count(10, 'rounds'),
  tls: flag('over TLS'),
  websocket: flag('over WebSocket'),
};

const SETTLE_MS = 1_000;

export async function churn(options) {
  const rows = [];
  for (const engine of options.engine) rows.push(...(await measure(engine, options)));
  process.stdout.write(table(rows));
}

/** A row for each round, of what is left behind it. */
async function measure(engine, { shards, connections, rounds, tls, websocket: webSocket }) {
  const server = await startServer({ engine, shards, tls: tls && 'tls', isWeb: webSocket });
  const clients = startClients('idle-clients.mjs');
  const rows = [];
  try {
    for (let round = 1; round <= rounds; round++) {
      const before = effort(server.pid);
      await clients.ask('open', { port: server.port, tls, webSocket, state: 'available', count: connections });
      const after = effort(server.pid);
      await clients.ask('close', { count: connections });
      await sleep(SETTLE_MS);
      const threads = await server.memory(true);
      const mebibytes = (name) => (threads.reduce((total, thread) => total + thread[name], 0) / 2 ** 20).toFixed(2);
      const cpu = after.user + after.system - before.user - before.system;
      rows.push({
        engine: `${engine}, round ${round}`,
        'CPU ms/login': ((cpu * 1_000) / connections).toFixed(2),
        'JS heap MiB': mebibytes('heapUsed'),
        'native MiB': mebibytes('native'),
        'PSS MiB': (pssBytes(server.pid) / 2 ** 20).toFixed(1),
      });
    }
    return rows;
  } finally {
    await clients.stop();
    await server.stop();
  }
}
