/** Who is measured: a server somewhere, or a Meerkat that is started here. */
import { lookup } from 'node:dns/promises';
import { floors, startFloor } from '../floor/floor.mjs';
import { UsageError } from '../lib/arguments.mjs';
import { startServer } from '../lib/server.mjs';
import { behaviours } from './behaviours/index.mjs';

const USUAL_PORTS = {
  ...{ tcp: 5222, starttls: 5222, tls: 5223 },
  ...{ websocket: 5280, 'websocket-tls': 5443, bosh: 5280, 'bosh-tls': 5443 },
};
const MOST_SOURCES = 1_000;

/** What has to be known before anybody connects; `stop` ends what was started. */
export async function openTarget(profile) {
  const { target } = profile;
  const started = target.host === '' ? await startOwn(profile) : undefined;
  const { address } = await lookup(target.host || '127.0.0.1').catch((error) => {
    throw new UsageError(`The server ${target.host} is not known: ${error.message}.`);
  });
  return {
    target: {
      ...target,
      address,
      port: started?.port ?? (target.port || USUAL_PORTS[target.transport]),
      sourceList: readSources(target.sources),
    },
    server: started,
  };
}

function startOwn(profile) {
  const { target, server } = profile;
  if (target.transport === 'floor') return startFloor(floors[0]);
  const isWeb = /^(websocket|bosh)/.test(target.transport);
  const mode = { starttls: 'starttls', tls: 'tls' }[target.transport];
  return startServer({
    ...{ engine: server.engine, shards: server.shards, archive: server.archive, isWeb },
    tls: isWeb ? target.transport.endsWith('-tls') && 'tls' : mode,
    proxy: target.proxy !== 'none',
    auth: authFor(profile),
  });
}

/** The cheapest that the load can do with: it is not passwords that are measured. */
function authFor({ target, loads, ...sections }) {
  if (target.mechanism.startsWith('SCRAM')) return 'internal';
  const isNamed = target.mechanism === 'PLAIN' || loads.some((name) => behaviours[name].needsAccounts(sections[name]));
  return isNamed ? 'dummy' : 'anonymous';
}

/** `127.0.0.2-127.0.0.9`, or addresses with commas between. */
export function readSources(text) {
  if (text === '') return [];
  return text.split(',').flatMap((part) => {
    const [first, last] = part.split('-').map((address) => toNumber(address.trim(), text));
    const end = last ?? first;
    if (end < first || end - first >= MOST_SOURCES) throw new UsageError(`target.sources cannot be ${text}.`);
    return Array.from({ length: end - first + 1 }, (_, index) => toAddress(first + index));
  });
}

function toNumber(address, text) {
  const parts = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)?.slice(1).map(Number);
  if (!parts || parts.some((part) => part > 255)) throw new UsageError(`target.sources cannot be ${text}.`);
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

function toAddress(number) {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
