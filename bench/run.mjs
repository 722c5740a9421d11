#!/usr/bin/env node
/** The one command of all benches: `node bench/run.mjs COMMAND [options]`. */
import { existsSync } from 'node:fs';
import { readArguments, UsageError } from './lib/arguments.mjs';
import { distMain } from './lib/places.mjs';
import { archive, archiveOptions } from './load/archive.mjs';
import { chat, chatOptions } from './load/chat.mjs';
import { churn, churnOptions } from './load/churn.mjs';
import { compression, compressionOptions } from './load/compression.mjs';
import { idle, idleOptions } from './load/idle.mjs';
import { login, loginOptions } from './load/login.mjs';
import { sessions, sessionsOptions } from './load/sessions.mjs';
import { micro, microOptions } from './micro/micro.mjs';

const COMMANDS = {
  micro: { run: micro, options: microOptions, doc: 'Cost of single steps in one process: decoding, routing, writing.' },
  chat: { run: chat, options: chatOptions, doc: 'Pairs of clients chat; server CPU for each message.' },
  archive: { run: archive, options: archiveOptions, doc: 'Rows of archives written, and pages of a large one read.' },
  idle: { run: idle, options: idleOptions, doc: 'Clients that say nothing; server memory for each connection.' },
  churn: { run: churn, options: churnOptions, doc: 'Clients come and go; server memory behind each round.' },
  sessions: {
    run: sessions,
    options: sessionsOptions,
    doc: 'Sessions without sockets, in one process: memory of each, at numbers beyond the limit of open files.',
  },
  login: { run: login, options: loginOptions, doc: 'Accounts with many contacts log in; server CPU for each login.' },
  compression: {
    run: compression,
    options: compressionOptions,
    doc: 'Compressed streams: memory of the silent ones, and what bombs cost.',
  },
};

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof UsageError ? error.message : error.stack}\n`);
  // Whatever was started so far may keep the process alive.
  process.exit(error instanceof UsageError ? 2 : 1);
}

async function main([name, ...args]) {
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : undefined;
  if (!command) throw new UsageError(usage());
  if (!existsSync(distMain))
    throw new UsageError('Meerkat is not compiled yet. Run this first: node scripts/ready.mjs');
  await command.run(readArguments(`node bench/run.mjs ${name}`, command.options, args));
}

function usage() {
  const lines = Object.entries(COMMANDS).map(([name, { doc }]) => `  ${name.padEnd(11)} ${doc}`);
  return `Usage: node bench/run.mjs COMMAND [options]; --help after a command lists its options.\n${lines.join('\n')}`;
}
