/** Puts the parts of a shard together: storage, engine, hosts with their modules, and the entrances for clients. */
import { mechanisms } from '../auth/registry.js';
import { RegistrationPace } from '../core/accounts/registration-pace.js';
import { Commitments } from '../core/commitments.js';
import { type Host, Hosts } from '../core/hosts/host.js';
import type { ShardServices } from '../core/module/scope.js';
import { Router } from '../core/routing/router.js';
import { Sessions } from '../core/sessions/sessions.js';
import { addTrouble, Durability } from '../core/shards/durability.js';
import { ShardCalls } from '../core/shards/shard-calls.js';
import { createEngine } from '../engine/create-engine.js';
import { Dispatcher } from '../engine/dispatcher.js';
import type { EnginePort, Framing } from '../engine/port.js';
import { TicketKeys } from '../engine/portable/ticket-keys.js';
import { BoshSessions } from '../net/bosh/sessions.js';
import type { C2sServices, EntranceSettings } from '../net/c2s/c2s-services.js';
import { AddressLimits } from '../net/limits/address-limits.js';
import { Admission } from '../net/limits/admission.js';
import { admitFrames } from '../net/listeners/frames.js';
import { systemClock } from '../platform/clock.js';
import { Config } from '../platform/config/index.js';
import type { Logger } from '../platform/log.js';
import { systemRandom } from '../platform/random.js';
import { TaskClient } from '../platform/workers.js';
import { Jid } from '../protocol/jid.js';
import { childPatterns } from '../protocol/stanza-children.js';
import { createHost, type RunningHost, startModules } from './hosts.js';
import { Inbox } from './inbox.js';
import { ShardDirectories } from './shard-directories.js';
import { ShardHttp, type ShardHttpParts } from './shard-http.js';
import type { ShardBirth } from './shard-protocol.js';
import { ShardStorage } from './shard-storage.js';
import { keepTicketKeys } from './ticket-keys.js';

/** Open password checks of one shard; more are told to try later. */
const MAX_TASKS = 1_024;

export interface ShardParts {
  readonly number: number;
  readonly engine: EnginePort;
  readonly dispatcher: Dispatcher;
  readonly inbox: Inbox;
  readonly storage: ShardStorage;
  readonly directories: ShardDirectories;
  readonly sessions: Sessions;
  readonly hosts: readonly RunningHost[];
  readonly c2s: C2sServices;
  readonly commitments: Commitments;
  readonly http: ShardHttp;
}

/** What is there before the hosts are. */
interface Foundation {
  readonly number: number;
  readonly birth: ShardBirth;
  readonly config: Config;
  readonly log: Logger;
  readonly engine: EnginePort;
  readonly dispatcher: Dispatcher;
  readonly hosts: Hosts;
  readonly sessions: Sessions;
  readonly storage: ShardStorage;
  readonly directories: ShardDirectories;
}

/** Everything but the listeners: an accepted connection finds all of it ready. */
export async function assembleShard(number: number, birth: ShardBirth, log: Logger): Promise<ShardParts> {
  const config = Config.fromPlain(birth.config);
  const storage = await ShardStorage.open({ config, writers: birth.writers, shards: birth.shards, log });
  const directories = await ShardDirectories.open(config, birth.shards, log);
  const inbox = new Inbox(log);
  const { engine, dispatcher, tickets } = await startEngine(number, birth, inbox);
  const hosts = new Hosts();
  const sessions = new Sessions(systemClock, log);
  const kept = { sessions, storage, directories };
  const foundation: Foundation = { number, birth, config, log, engine, dispatcher, hosts, ...kept };

  const running = new Map<string, RunningHost>();
  const of = (host: Host) => running.get(host.hostType) as RunningHost;
  const calls = new ShardCalls(number, engine, systemClock);
  const accountExists = (host: Host, account: Jid) => of(host).accounts.exists(account);
  const { commitments, durability } = witnesses(foundation, calls);
  const router = new Router({ ...foundation, shard: number, shards: birth.shards, accountExists, durability });

  const services = shardServices({ ...foundation, commitments, durability }, router, calls);
  const tasks = new TaskClient(birth.tasks, MAX_TASKS);
  for (const hostType of config.host_types) {
    running.set(hostType.name, createHost(hostType, hosts, { services, storage, tasks, secret: birth.secret, log }));
  }
  const c2s = clientServices({ ...foundation, commitments }, router, of);
  inbox.serve({ router, calls, c2s });
  const http = shardHttp({ ...foundation, tickets, clients: framedClients(foundation, inbox, c2s) }, calls);
  for (const host of running.values()) await startModules(host);
  // What comes earlier would pass by the modules: nothing would be archived, and nobody blocked.
  engine.show();
  return { ...kept, number, engine, dispatcher, inbox, hosts: [...running.values()], c2s, commitments, http };
}

function shardHttp(parts: Foundation & Omit<ShardHttpParts, 'bosh'>, calls: ShardCalls): ShardHttp {
  const { number: shard, birth, engine } = parts;
  const parse = (xml: Uint8Array) => engine.parse(xml);
  const bosh = { shard, shards: birth.shards, calls, clock: systemClock, random: systemRandom, parse };
  return new ShardHttp({ ...parts, bosh: new BoshSessions(bosh) });
}

function framedClients({ engine, dispatcher }: Foundation, { listeners }: Inbox, services: C2sServices) {
  const { carriers } = dispatcher;
  return (settings: EntranceSettings, framing: Framing) =>
    admitFrames({ engine, carriers, listeners, services }, settings, framing);
}

async function startEngine(
  number: number,
  birth: ShardBirth,
  inbox: Inbox,
): Promise<{ engine: EnginePort; dispatcher: Dispatcher; tickets: TicketKeys }> {
  const tickets = new TicketKeys();
  const dispatcher = new Dispatcher(inbox);
  const engine = await createEngine(birth.engine, {
    shard: number,
    shards: birth.shards,
    group: birth.group,
    children: childPatterns,
    onBatch: dispatcher.dispatch,
    isHidden: true,
  });
  dispatcher.attach(engine);
  const setTicketKeys = (current: Uint8Array, previous: Uint8Array | undefined) => {
    engine.setTicketKeys(current, previous);
    tickets.set(current, previous);
  };
  keepTicketKeys({ setTicketKeys }, birth.tickets, systemClock);
  return { engine, dispatcher, tickets };
}

interface Witnesses {
  readonly commitments: Commitments;
  readonly durability: Durability;
}

function witnesses({ number, birth, log }: Foundation, calls: ShardCalls): Witnesses {
  const { troubles } = birth;
  const commitments = new Commitments((error) => {
    log.error('durability.write_failed', { error });
    addTrouble(troubles, number);
  });
  return {
    commitments,
    durability: new Durability({ shard: number, commitments, calls, clock: systemClock, troubles }),
  };
}

function shardServices(foundation: Foundation & Witnesses, router: Router, calls: ShardCalls): ShardServices {
  const { number, birth, config, engine, dispatcher, hosts, sessions, directories, commitments, durability } =
    foundation;
  calls.serve('session.isOnline', (text: string) => {
    // Not by way of the cache: the name of a client that logs in without an account will not be asked for again.
    const jid = Jid.parse(text);
    return jid !== undefined && sessions.account(jid) !== undefined;
  });
  return {
    clock: systemClock,
    random: systemRandom,
    hosts,
    sessions,
    directories,
    router,
    calls,
    jid: (text) => dispatcher.jid(text),
    parse: (xml) => engine.parse(xml),
    isOnline: (account) => calls.ask(router.home(account), 'session.isOnline', account.bare.toString()),
    commitments,
    durability,
    shards: birth.shards,
    isFirstShard: number === 0,
    shapers: config.shaper,
    registrations: new RegistrationPace(calls, systemClock, config.general.registration_timeout, number === 0),
    version: birth.version,
  };
}

type Running = (host: Host) => RunningHost;

function clientServices(
  foundation: Foundation & Pick<Witnesses, 'commitments'>,
  router: Router,
  of: Running,
): C2sServices {
  const { number, birth, config, log, engine, hosts, sessions, commitments } = foundation;
  const { limits, overload } = config.meerkat;
  const { addresses: memory, secret } = birth;
  return {
    config,
    hosts,
    sessions,
    router,
    commitments,
    random: systemRandom,
    clock: systemClock,
    log,
    entrances: config.listen.c2s.map((settings, index) => {
      const tls = birth.tls[index];
      return { index, settings, listener: settings, tlsContext: tls && engine.createTlsContext(tls) };
    }),
    mechanisms,
    addresses: new AddressLimits({ memory, shard: number, secret, options: limits, clock: systemClock, log }),
    admission: new Admission({ clock: systemClock, options: overload, log }),
    accounts: (host) => of(host).accounts,
    access: (host) => of(host).access,
  };
}
