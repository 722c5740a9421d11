/** Commands on the running server. */
import { defineCommand } from '../command.js';

const status = defineCommand({
  category: 'server',
  name: 'status',
  kind: 'query',
  doc: 'Tell whether the server runs, and which version',
  args: {},
  result: { type: 'Status', doc: 'Status code, a sentence, and the version.' },
  async run({ server }) {
    const message = `Meerkat ${server.version} has been running for ${duration(server.uptimeSeconds())} on ${server.nodeName}`;
    // Releases carry no commit, so the field that MongooseIM's tools select is empty.
    return { statusCode: 'RUNNING', message, version: server.version, commitHash: '' };
  },
});

const stop = defineCommand({
  category: 'server',
  name: 'stop',
  kind: 'mutation',
  doc: 'Stop the server in order: streams are closed, everything is saved',
  args: {},
  result: { type: 'String', doc: 'A sentence.' },
  async run({ server }) {
    server.stop();
    return 'The server is stopping';
  },
});

const getLoglevel = defineCommand({
  category: 'server',
  name: 'getLoglevel',
  kind: 'query',
  doc: 'Tell the level of the log',
  args: {},
  result: { type: 'LogLevel', doc: 'The level in capitals.' },
  async run({ server }) {
    return server.loglevel().toUpperCase();
  },
});

const setLoglevel = defineCommand({
  category: 'server',
  name: 'setLoglevel',
  kind: 'mutation',
  doc: 'Set the level of the log until the server stops',
  args: { level: { type: 'LogLevel', required: true, doc: 'Entries less urgent than this are not written.' } },
  result: { type: 'String', doc: 'A sentence.' },
  async run({ server }, { level }) {
    server.setLoglevel(level);
    return `The log level is ${level.toUpperCase()} now`;
  },
});

export const serverCommands = [getLoglevel, setLoglevel, status, stop];

function duration(seconds: number): string {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  const parts = [days && `${days} d`, (days || hours) && `${hours} h`, (days || hours || minutes) && `${minutes} min`];
  return [...parts.filter(Boolean), `${seconds % 60} s`].join(' ');
}
