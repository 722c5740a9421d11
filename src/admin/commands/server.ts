/** Commands on the running server. */
import type { CertificateRow } from '../../platform/certificates/index.js';
import { defineCommand, type Plain } from '../command.js';

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

const ROWS = {
  type: '[Certificate]',
  doc: 'A row for each certificate in use, and one for each that was refused, with the reason.',
} as const;

const certificates = defineCommand({
  category: 'server',
  name: 'certificates',
  kind: 'query',
  doc: 'List the certificates of the listeners, and when they expire',
  args: {},
  result: ROWS,
  async run({ server }) {
    return showCertificates(server.certificates());
  },
});

const reloadCertificates = defineCommand({
  category: 'server',
  name: 'reloadCertificates',
  kind: 'mutation',
  doc: 'Read the files of all certificates now, and use what is good in them',
  args: {},
  result: ROWS,
  async run({ server }) {
    return showCertificates(await server.reloadCertificates());
  },
});

export const serverCommands = [certificates, getLoglevel, reloadCertificates, setLoglevel, status, stop];

function showCertificates(rows: readonly CertificateRow[]): Plain {
  const now = Date.now();
  const time = (ms: number | undefined) => (ms === undefined ? null : `${new Date(ms).toISOString().slice(0, 19)}Z`);
  return rows.map((row) => ({
    place: row.place,
    domains: row.domains.join(', '),
    state: row.state,
    daysLeft: row.notAfter === undefined ? null : Math.floor((row.notAfter - now) / 86_400_000),
    notBefore: time(row.notBefore),
    notAfter: time(row.notAfter),
    subject: row.subject ?? null,
    names: row.names ?? null,
    issuer: row.issuer ?? null,
    fingerprint: row.fingerprint ?? null,
    file: row.file,
    since: time(row.since),
    reason: row.reason ?? null,
  }));
}

function duration(seconds: number): string {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  const parts = [days && `${days} d`, (days || hours) && `${hours} h`, (days || hours || minutes) && `${minutes} min`];
  return [...parts.filter(Boolean), `${seconds % 60} s`].join(' ');
}
