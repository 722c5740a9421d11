/** Pairs of clients that chat through the server: what one routed message costs it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { floors, startFloor } from '../floor/floor.mjs';
import { choices, count, flag, UsageError } from '../lib/arguments.mjs';
import { startClients } from '../lib/clients.mjs';
import { startServer } from '../lib/server.mjs';
import { effort } from '../measure/process-facts.mjs';
import { median, summary, table } from '../measure/statistics.mjs';

/** Stand in the place of an engine: no server at all, but what the kernel costs one. */
const [FLOOR] = floors;

/** Of the time that is measured. */
const MOST_EXTENSIONS = 10;

export const chatOptions = {
  engine: choices(
    ['native'],
    ['native', 'portable', ...floors],
    'engines, run in turns; a floor forwards bytes and knows no XMPP',
  ),
  shards: count(1, 'shards of the server; one shard is bound to a core of its own'),
  pairs: count(50, 'pairs of clients'),
  seconds: count(10, 'length of a measurement'),
  warmup: count(3, 'seconds of chat before it'),
  repeat: count(1, 'measurements for each engine'),
  pipeline: count(1, 'messages that a client sends at once, and that its peer answers with as many'),
  rate: count(undefined, 'messages a second of all together, whether or not earlier ones have arrived'),
  tls: flag('over TLS'),
  websocket: flag('over WebSocket'),
  managed: flag('with stream management: acknowledgements both ways'),
  devices: count(1, 'clients of each account; all but the first get copies'),
  archive: flag('with an archive of every message; the server may use both cores'),
};

export async function chat(options) {
  if (options.tls && options.engine.some((engine) => floors.includes(engine)))
    throw new UsageError('The floor has no TLS.');
  if (options.websocket && options.engine.some((engine) => floors.includes(engine)))
    throw new UsageError('The floor has no WebSocket.');
  if ((options.managed || options.archive || options.devices > 1) && options.engine.some((one) => floors.includes(one)))
    throw new UsageError('The floor neither manages streams nor copies or archives messages.');
  const runs = [];
  for (let turn = 0; turn < options.repeat; turn++) {
    for (const engine of options.engine) runs.push({ engine, ...(await measureOnce(engine, options)) });
  }
  const runsOf = (engine) => runs.filter((run) => run.engine === engine);
  const floor = options.engine.includes(FLOOR) ? median(runsOf(FLOOR).map(cpu)) : undefined;
  process.stdout.write(table(options.engine.map((engine) => row(engine, runsOf(engine), floor))));
}

async function measureOnce(engine, options) {
  const {
    shards,
    pairs,
    seconds,
    warmup,
    pipeline,
    rate,
    tls,
    managed,
    devices,
    archive,
    websocket: webSocket,
  } = options;
  const isFloor = floors.includes(engine);
  const named = devices > 1 || archive;
  const server = isFloor
    ? await startFloor(engine)
    : await startServer({
        ...{ engine, shards, archive, tls: tls && 'tls', isWeb: webSocket },
        auth: named ? 'dummy' : 'anonymous',
      });
  const clients = startClients('chat-clients.mjs');
  try {
    await clients.ask('login', { port: server.port, pairs, tls, webSocket, isFloor, managed, named, devices });
    await clients.ask('chat', { pipeline, rate });
    await sleep(warmup * 1_000);
    const threads = archive ? await server.threadClock() : undefined;
    const measured = await measure(server, clients, { seconds, threads });
    await clients.ask('finish');
    return measured;
  } finally {
    await clients.stop();
    await server.stop();
  }
}

/** On a machine that is busy with much else a second may be too short for anything. */
async function untilSomethingArrives(clients, received, seconds) {
  for (let more = 0; more < MOST_EXTENSIONS; more++) {
    if ((await clients.ask('result')).received > received) return;
    await sleep(seconds * 1_000);
  }
}

/** `threads` tells who of the server's threads has done how much. */
async function measure(server, clients, { seconds, threads }) {
  const before = await clients.ask('count');
  const threadsBefore = threads?.();
  const [serverBefore, clientsBefore, startedAt] = [effort(server.pid), effort(clients.pid), performance.now()];
  await sleep(seconds * 1_000);
  await untilSomethingArrives(clients, before.received, seconds);
  const after = await clients.ask('result');
  const threadsAfter = threads?.();
  const [serverAfter, clientsAfter] = [effort(server.pid), effort(clients.pid)];
  const wall = (performance.now() - startedAt) / 1_000;

  const messages = after.received - before.received;
  if (messages === 0) throw new Error('no message arrived');
  const perMessage = (name) => ((serverAfter[name] - serverBefore[name]) * 1e6) / messages;
  return {
    messages,
    rate: messages / wall,
    reads: messages / (after.reads - before.reads),
    user: perMessage('user'),
    system: perMessage('system'),
    shard: threadsAfter && ((threadsAfter.shard - threadsBefore.shard) * 1e6) / messages,
    writer: threadsAfter && ((threadsAfter.writer - threadsBefore.writer) * 1e6) / messages,
    switches: (perMessage('voluntary') + perMessage('forced')) / 1e6,
    serverLoad: busy(serverBefore, serverAfter, wall),
    clientLoad: busy(clientsBefore, clientsAfter, wall),
    latency: after.latency,
  };
}

/** The part of one core that was used. */
function busy(before, after, wall) {
  return (after.user + after.system - before.user - before.system) / wall;
}

const cpu = ({ user, system }) => user + system;

function row(engine, runs, floor) {
  const of = (pick, digits) => summary(runs.map(pick), digits);
  return {
    engine,
    'CPU us/message': of(cpu, 2),
    ...(floor === undefined ? {} : { 'times the floor': of((run) => cpu(run) / floor, 2) }),
    user: of(({ user }) => user, 2),
    system: of(({ system }) => system, 2),
    ...(runs[0].shard === undefined ? {} : { shard: of((run) => run.shard, 2), writer: of((run) => run.writer, 2) }),
    'messages/s': of(({ rate }) => rate, 0),
    'messages/read': of(({ reads }) => reads, 2),
    'switches/message': of(({ switches }) => switches, 3),
    'server load': of(({ serverLoad }) => serverLoad, 2),
    'client load': of(({ clientLoad }) => clientLoad, 2),
    'latency ms p50': of(({ latency }) => latency[0], 2),
    p99: of(({ latency }) => latency[1], 2),
    'p99.9': of(({ latency }) => latency[2], 2),
  };
}
