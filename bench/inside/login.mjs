/** Accounts with many contacts log in and out again and again: what one login costs the shard. */
import { choice, count } from '../lib/arguments.mjs';
import { startClients } from '../lib/clients.mjs';
import { startServer } from '../lib/server.mjs';
import { effort } from '../measure/process-facts.mjs';
import { table } from '../measure/statistics.mjs';

export const loginOptions = {
  engine: choice('native', ['native', 'portable'], 'the engine'),
  contacts: count(200, 'contacts of each account, subscribed both ways and offline'),
  accounts: count(20, 'accounts'),
  abreast: count(5, 'logins at a time'),
  seconds: count(5, 'length of a measurement'),
};

export async function login({ engine, contacts, accounts, abreast, seconds }) {
  const server = await startServer({ engine, shards: 1, auth: 'dummy' });
  const clients = startClients('login-clients.mjs');
  try {
    const threads = await server.threadClock();
    await clients.ask('befriend', { port: server.port, contacts, accounts });
    await clients.ask('login', { seconds: 2, abreast });
    const [before, beforeAll] = [threads?.(), effort(server.pid)];
    const { logins, milliseconds } = await clients.ask('login', { seconds, abreast });
    const [after, afterAll] = [threads?.(), effort(server.pid)];
    const each = (one, other) => (((one - other) * 1e3) / logins).toFixed(2);
    process.stdout.write(
      table([
        {
          contacts,
          logins,
          ...(before && {
            'shard CPU ms/login': each(after.shard, before.shard),
            'writer CPU ms/login': each(after.writer, before.writer),
          }),
          'all CPU ms/login': each(afterAll.user + afterAll.system, beforeAll.user + beforeAll.system),
          'latency ms p50': milliseconds[0].toFixed(1),
          p99: milliseconds[1].toFixed(1),
        },
      ]),
    );
  } finally {
    await clients.stop();
    await server.stop();
  }
}
