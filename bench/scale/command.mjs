/** `meerkat-bench scale`: many sessions that say nothing, what each costs by layer, and what a million would. */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { choice, count, flag, text, UsageError } from '../lib/arguments.mjs';
import { startClients } from '../lib/clients.mjs';
import { startServer } from '../lib/server.mjs';
import { table } from '../measure/statistics.mjs';
import { addLines, fitLine } from './extrapolate.mjs';
import { raiseOpenFiles, readFacts } from './facts.mjs';
import { takeLayers } from './layers.mjs';
import { planFor, preflight, preflightText, SPARE_FILES } from './preflight.mjs';

export const scaleOptions = {
  engine: choice('native', ['native', 'portable'], 'engine of the server'),
  sessions: count(200_000, 'sessions at the end of the ramp'),
  sizes: count(8, 'numbers of sessions at which memory is looked at, evenly apart'),
  seconds: count(3_600, 'no further size is begun, or gone on with, after so long'),
  shards: count(1, 'shards of each server'),
  tls: flag('over TLS 1.3'),
  available: flag('the clients send presence'),
  preflight: flag('only the check of what the machine allows; exit code 1 when something is too low'),
  anyway: flag('go on although something is too low'),
  json: text(undefined, 'FILE', 'writes the figures'),
};

const FORMAT = 'meerkat-bench scale 1';
const MILLION = 1_000_000;
/** They stay: what their logins compile is not that of those who are measured. */
const WARMUP = 1_000;
/** Until buffers that were used while logging in are given back; few sessions use few. */
const settleMs = (sessions) => Math.min(2_000, sessions);
const LAYERS = { pss: 'process (PSS)', heap: '  JS heap', native: '  native counters' };

export async function scale(options) {
  const { sessions } = options;
  raiseOpenFiles(sessions + SPARE_FILES);
  const facts = readFacts();
  const plan = planFor(sessions, facts);
  const rows = preflight(plan, facts);
  process.stdout.write(preflightText(plan, rows, facts));
  const isStopped = rows.some(({ isMet, isHard }) => !isMet && isHard);
  if (options.preflight) return isStopped ? 1 : 0;
  if (isStopped && !options.anyway) throw new UsageError('Something is too low: see above, or go on with --anyway.');
  const found = await ramp(plan, options);
  const lines = linesOf(found);
  process.stdout.write(`\n${table(found.map(sizeRow))}\n${table(lines.map(lineRow))}`);
  process.stdout.write(`Load of the machine: ${loadavg()[0].toFixed(1)}\n`);
  if (options.json !== undefined) {
    const sizes = found.map(({ sessions: size, seconds, layers }) => ({ sessions: size, seconds, layers }));
    const fits = lines.map(({ at, ...line }) => ({ ...line, million: at(MILLION) }));
    writeFileSync(options.json, JSON.stringify({ format: FORMAT, plan, sizes, lines: fits }));
  }
  return 0;
}

/** The layers at each size, of which the first has the sessions that warm up. */
async function ramp(plan, { engine, shards, tls, available, sizes, seconds: most }) {
  const sites = [];
  const end = performance.now() + most * 1_000;
  try {
    for (let number = 0; number < plan.servers; number++)
      sites.push(await openSite({ engine, shards, tls, available, plan, number }));
    const found = [];
    const growTo = async (wanted) => {
      const started = performance.now();
      // The sites one after another: side by side they would only wait for one another.
      for (const [index, site] of sites.entries()) {
        if (performance.now() > end) return;
        await site.growTo(partOf(wanted, index, plan.servers));
      }
      const seconds = (performance.now() - started) / 1_000;
      await sleep(settleMs(wanted));
      const layers = await takeLayers(sites.map(({ server }) => server));
      found.push({ sessions: wanted, seconds, layers });
      process.stderr.write(`${wanted} sessions, ${layers.sockets} sockets, ${seconds.toFixed(0)} s\n`);
    };
    const first = Math.min(WARMUP * plan.servers, Math.ceil(plan.sessions / (sizes + 1)));
    await growTo(first);
    for (let size = 1; size <= sizes; size++)
      await growTo(first + Math.round(((plan.sessions - first) * size) / sizes));
    if (found.length < 2) throw new UsageError('There was no time for two sizes: give it more --seconds.');
    return found;
  } finally {
    for (const { stop } of sites) await stop();
  }
}

/** What one of so many gets of a whole, so that nothing is left. */
function partOf(whole, index, parts) {
  return Math.floor((whole * (index + 1)) / parts) - Math.floor((whole * index) / parts);
}

/** A server with its clients, which have addresses of their own. */
async function openSite({ engine, shards, tls, available, plan, number }) {
  const server = await startServer({ engine, shards, tls });
  const clients = Array.from({ length: plan.clients }, () => startClients('idle-clients.mjs'));
  const state = available ? 'available' : 'bound';
  const target = { port: server.port, tls, webSocket: false, state, perAddress: plan.perAddress };
  const most = Math.ceil(plan.each / plan.clients);
  const before = number * plan.addresses * plan.perAddress;
  let there = 0;
  return {
    server,
    async growTo(wanted) {
      while (there < wanted) {
        const process = Math.min(plan.clients - 1, Math.floor(there / most));
        const count = Math.min(wanted - there, process === plan.clients - 1 ? wanted : most * (process + 1) - there);
        await clients[process].ask('open', { ...target, count, first: before + process * most });
        there += count;
      }
    },
    async stop() {
      for (const each of clients) await each.stop();
      await server.stop();
    },
  };
}

/**
 * A line for each layer. That of the kernel goes by sockets, of which a session has one at the server: whatever else is on this machine
 * counts with it.
 */
export function linesOf(found) {
  const line = (what, x, y) => ({ layer: what, ...fitLine(found.map((size) => [x(size), y(size)])) });
  const sessions = (size) => size.sessions;
  const lines = Object.entries(LAYERS).map(([name, title]) => line(title, sessions, ({ layers }) => layers[name]));
  if (found.some(({ layers }) => layers.kernel === undefined)) return lines;
  const sockets = line(
    'sockets',
    (size) => size.layers.sockets,
    ({ layers }) => layers.kernel + layers.buffers,
  );
  const tracking = line('tracking', sessions, ({ layers }) => layers.tracking);
  const kernel = { ...addLines(sockets, tracking), layer: 'kernel' };
  return [...lines, kernel, { ...addLines(lines[0], kernel), layer: 'kernel and process' }];
}

function sizeRow({ sessions, seconds, layers }) {
  const megabytes = (bytes) => (bytes === undefined ? '' : (bytes / 2 ** 20).toFixed(1));
  const own = Object.entries(LAYERS).map(([name, title]) => [`${title.trim()}, MiB`, megabytes(layers[name])]);
  return {
    sessions,
    'seconds of ramp': seconds.toFixed(0),
    ...Object.fromEntries(own),
    'sockets of all': layers.sockets,
    'kernel, MiB for them': megabytes(layers.kernel && layers.kernel + layers.buffers),
  };
}

function lineRow({ layer, slope, slopeError, start, at }) {
  const million = at(MILLION);
  const within = (error, digits) => (error === undefined ? '' : ` +- ${error.toFixed(digits)}`);
  return {
    layer,
    'bytes/session': slope.toFixed(0) + within(slopeError, 0),
    'beside them, MiB': (start / 2 ** 20).toFixed(0),
    'at 1,000,000, GiB': (million.value / 2 ** 30).toFixed(2) + within(million.error && million.error / 2 ** 30, 2),
  };
}
