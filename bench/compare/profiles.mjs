/** The loads under which servers are compared, and one measurement of one of them. */
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openProfile } from '../load/command.mjs';
import { conduct } from '../load/conduct.mjs';

const DIRECTORY = fileURLToPath(new URL('./profiles/', import.meta.url));

/** The ones that have their place first; any other file of the folder behind them. */
const ORDER = ['chat-closed', 'chat-open', 'login', 'idle'];

export const profileNames = readdirSync(DIRECTORY)
  .map((file) => basename(file, '.toml'))
  .sort((one, other) => place(one) - place(other) || one.localeCompare(other));

function place(name) {
  const at = ORDER.indexOf(name);
  return at < 0 ? ORDER.length : at;
}

/** Loads of which the forwarder knows nothing, as they take more than bytes for the other side. */
export const FLOOR_LOADS = ['chat'];

/** The forwarder has neither logins nor TLS. */
export function serves(server, { floorCan }) {
  return server.name !== 'floor' || floorCan;
}

/** Refuses what is wrong with it before anything is started. */
export function profileNamed(name, { set, tls }) {
  const file = `${DIRECTORY}${name}.toml`;
  const { loads } = openProfile(file, set);
  return { name, file, set, floorCan: !tls && loads.every((load) => FLOOR_LOADS.includes(load)) };
}

/** Returns the run, as `meerkat-bench run` would have written it. */
export async function measure({ profile, server, running, tls }) {
  const { version } = server.find();
  const isFloor = server.name === 'floor';
  const target = {
    host: '127.0.0.1',
    port: running.port,
    transport: isFloor ? 'floor' : tls ? 'tls' : 'tcp',
    // What all of them store; with PLAIN a login would be the price of a key derivation.
    ...(isFloor ? {} : { mechanism: 'SCRAM-SHA-1' }),
    name: server.name,
  };
  const changes = Object.entries(target).map(([key, value]) => `target.${key}=${value}`);
  const opened = openProfile(profile.file, [...profile.set, ...changes]);
  // The text that reports show is the profile; where it was pointed is told beside it.
  opened.toml = openProfile(profile.file, profile.set).toml;
  const run = await conduct(opened, { pids: [running.pid] });
  return {
    ...run,
    target: { ...run.target, name: server.name, version: run.target.version ?? version, notes: server.notes },
  };
}
