/** Joins the administrators' commands to the running server: each question goes to the shard that knows the answer. */
import { hostname } from 'node:os';
import type { AdminContext, AdminSession } from '../admin/context.js';
import { makeDispatcher } from '../admin/dispatch.js';
import { commands } from '../admin/registry.js';
import { openControlSocket } from '../admin/socket-server.js';
import { systemClock } from '../platform/clock.js';
import type { Config } from '../platform/config/index.js';
import type { Log } from '../platform/log.js';
import type { Metrics } from '../platform/metrics.js';
import { systemRandom } from '../platform/random.js';
import type { Jid } from '../protocol/jid.js';
import type { Certificates } from './certificates.js';
import type { SupervisedShard } from './supervised-shard.js';
import type { Supervisor } from './supervisor.js';

export interface AdminOptions {
  readonly supervisor: Supervisor;
  readonly certificates: Certificates;
  readonly metrics: Metrics;
  readonly config: Config;
  readonly log: Log;
  readonly dataDir: string;
  readonly version: string;
  readonly onStopRequested: () => void;
}

/** Opens the control socket. Returns what closes it. */
export async function startAdmin(options: AdminOptions): Promise<() => Promise<void>> {
  const { dataDir, log } = options;
  const dispatcher = makeDispatcher(commands, adminContext(options), log);
  const socket = await openControlSocket({ dataDir, dispatcher, log });
  return () => socket.close();
}

export function adminContext(options: AdminOptions): AdminContext {
  const { supervisor, config } = options;
  const home = (jid: Jid): SupervisedShard => running(supervisor.shard(jid.hash % supervisor.shardCount));
  const any = (): SupervisedShard => running(supervisor.running[0]);
  const ask = <Result>(name: string, jid: Jid, more: object = {}) =>
    home(jid).call<Result>(name, { jid: jid.toString(), ...more });
  const askAll = <Result>(name: string, args: object) =>
    Promise.all(supervisor.running.map((shard) => shard.call<Result>(name, args)));

  return {
    accounts: {
      isServed: (domain) => config.host_types.some(({ domains }) => domains.includes(domain)),
      exists: (account) => ask('account.exists', account),
      checkPassword: (account, password) => ask('account.checkPassword', account, { password }),
      plainPassword: (account) => ask('account.plainPassword', account),
      register: (account, password) => ask('account.register', account, { password }),
      remove: (account) => ask('account.remove', account),
      changePassword: (account, password) => ask('account.changePassword', account, { password }),
      ban: (account, reason) => ask('account.ban', account, { reason }),
      list: (domain, page) => any().call('account.list', { domain, ...page }),
      count: (domain) => any().call('account.count', { domain }),
    },
    sessions: {
      list: async (domain) => (await askAll<AdminSession[]>('session.list', { domain })).flat(),
      count: async (domain) => (await askAll<number>('session.count', { domain })).reduce((sum, one) => sum + one, 0),
      ofAccount: (account) => ask('session.listUser', account),
      kick: (jid, reason) => ask('session.kick', jid, { reason }),
    },
    server: adminServer(options),
  };
}

function adminServer({ certificates, metrics, log, version, onStopRequested }: AdminOptions): AdminContext['server'] {
  const startedAt = systemClock.monotonic();
  return {
    version,
    nodeName: `meerkat@${hostname()}`,
    uptimeSeconds: () => Math.floor((systemClock.monotonic() - startedAt) / 1_000),
    stop: onStopRequested,
    loglevel: () => log.level,
    setLoglevel: (level) => log.setLevel(level),
    certificates: () => certificates.rows(),
    reloadCertificates: () => certificates.reload(),
    metrics: () => {
      certificates.measure();
      return metrics.collect();
    },
    makeUsername: () => systemRandom.hex(8),
  };
}

function running(shard: SupervisedShard | undefined): SupervisedShard {
  if (!shard) throw new Error('the shard is being restarted: try again in a moment');
  return shard;
}
