/** All commands of `meerkat-bench`. */
import { existsSync } from 'node:fs';
import { compare, compareOptions } from './compare/command.mjs';
import { floor, floorOptions } from './floor/command.mjs';
import { archive, archiveOptions } from './inside/archive.mjs';
import { compression, compressionOptions } from './inside/compression.mjs';
import { login, loginOptions } from './inside/login.mjs';
import { memory, memoryOptions } from './inside/memory.mjs';
import { sessions, sessionsOptions } from './inside/sessions.mjs';
import { readArguments, UsageError } from './lib/arguments.mjs';
import { distMain } from './lib/places.mjs';
import { RunError, run, runOptions } from './load/command.mjs';
import { profiles } from './load/listing.mjs';
import { check, checkOptions } from './micro/check.mjs';
import { micro, microOptions } from './micro/micro.mjs';
import { report, reportOptions } from './report/command.mjs';
import { scale, scaleOptions } from './scale/command.mjs';

/**
 * By name. `run` gets the values of `options`, and what stands beside them when the command takes `operands`. It may return an exit code;
 * one that throws ends with 1, with a `UsageError` 2. `needsServer: false` says that it works without a compiled server.
 */
const COMMANDS = {
  run: {
    run,
    options: runOptions,
    operands: 'PROFILE...',
    doc: 'Loads Meerkat or any other XMPP server as profiles say.',
  },
  profiles: {
    run: profiles,
    options: {},
    operands: '[SECTION...]',
    doc: 'The profiles that there are, and what may stand in one.',
  },
  compare: {
    run: compare,
    options: compareOptions,
    doc: 'Meerkat, ejabberd and Prosody in turns, and the floor: medians, and ratios where the spread allows.',
  },
  floor: {
    run: floor,
    options: floorOptions,
    operands: '[PROFILE...]',
    doc: 'The same bytes through a bare forwarder: what the kernel alone costs, as a result for reports.',
  },
  micro: { run: micro, options: microOptions, doc: 'Cost of single steps: scanning, routing, archiving, logging in.' },
  check: { run: check, options: checkOptions, doc: 'Which steps became slower or faster than what was accepted.' },
  archive: { run: archive, options: archiveOptions, doc: 'Rows of archives written, and pages of a large one read.' },
  login: {
    run: login,
    options: loginOptions,
    doc: 'Logins of accounts with contacts: CPU of the shard by step.',
  },
  memory: { run: memory, options: memoryOptions, doc: 'Memory of idle connections, by layer of the server.' },
  sessions: {
    run: sessions,
    options: sessionsOptions,
    doc: 'Sessions without sockets, in one process: memory of each, at numbers beyond the limit of open files.',
  },
  scale: {
    run: scale,
    options: scaleOptions,
    doc: 'A ramp of idle sessions: memory of each by layer, and of a million.',
  },
  compression: {
    run: compression,
    options: compressionOptions,
    doc: 'Compressed streams: memory of the silent ones, and what bombs cost.',
  },
  report: {
    run: report,
    options: reportOptions,
    operands: 'FILE...',
    needsServer: false,
    doc: 'Results that were written earlier, as a table and as a page with plots; several side by side.',
  },
};

/** Returns the exit code. */
export async function runCommand([name, ...args]) {
  try {
    return await perform(name, args);
  } catch (error) {
    process.stderr.write(`${error instanceof UsageError || error instanceof RunError ? error.message : error.stack}\n`);
    // Whatever was started so far may keep the process alive.
    process.exit(error instanceof UsageError ? 2 : 1);
  }
}

async function perform(name, args) {
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : undefined;
  if (!command) throw new UsageError(usage());
  if (command.needsServer !== false && !existsSync(distMain))
    throw new UsageError('Meerkat is not compiled yet. Run this first: node scripts/ready.mjs');
  const { values, operands } = readArguments(`meerkat-bench ${name}`, command.options, args, command.operands);
  return (await command.run(values, operands)) ?? 0;
}

function usage() {
  const lines = Object.entries(COMMANDS).map(([name, { doc }]) => `  ${name.padEnd(11)} ${doc}`);
  return `Usage: meerkat-bench COMMAND [options]; --help after a command lists its options.\n${lines.join('\n')}`;
}
