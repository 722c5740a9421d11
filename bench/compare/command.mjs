/** `meerkat-bench compare`: measures Meerkat, ejabberd and Prosody in turns, and the floor with them. */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { choices, count, flag, text, texts, UsageError } from '../lib/arguments.mjs';
import { htmlReport } from '../report/page.mjs';
import { COMPARISON_FORMAT } from '../report/read.mjs';
import { summaryTable } from '../report/summary.mjs';
import { calm } from './calm.mjs';
import { bindGenerator } from './cores.mjs';
import { measurements } from './order.mjs';
import { measure, profileNamed, profileNames, serves } from './profiles.mjs';
import { serverNamed, servers } from './servers.mjs';

const SERVER_CORE = 0;
const ALL = servers.map(({ name }) => name);

export const compareOptions = {
  servers: choices(ALL, ALL, 'which of them; those that are not installed are named and left out'),
  profiles: choices(profileNames, profileNames, 'which loads'),
  repeat: count(3, 'measurements of each server under each load, in turns'),
  shards: count(1, 'shards of Meerkat; with more than one the servers are not bound to a core'),
  tls: flag('over direct TLS 1.3; the floor has none'),
  set: texts('SECTION.KEY=VALUE', 'changes a value of the profiles'),
  json: text(undefined, 'FILE', 'writes every run, for meerkat-bench report'),
  html: text(undefined, 'FILE', 'writes a page with plots, which stands alone'),
};

/** Returns 1 when a run has failed. */
export async function compare(options) {
  const { present, absent } = presentOf(options.servers.map(serverNamed));
  for (const { name, howToGet } of absent)
    process.stderr.write(`${name} is not installed and is left out: ${howToGet}\n`);
  if (present.length === 0) throw new UsageError('None of these servers is installed.');
  // Servers are ended as this process ends, which a signal alone would not let it do in order.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  const places = bindGenerator(SERVER_CORE);
  const profiles = options.profiles.map((name) => profileNamed(name, options));
  const plan = measurements({ servers: present, profiles, repeat: options.repeat, serves });
  const remarks = [places, ...absent.map(absentText)];
  const { runs, failures } = await measureAll(plan, options, remarks);
  if (runs.length === 0) throw new Error(remarks.join('\n'));
  process.stdout.write(`${summaryTable(runs)}\n${remarks.join('\n')}\n`);
  writeRuns(options, runs, remarks);
  return failures.length > 0 || runs.some((run) => run.failures?.length > 0) ? 1 : 0;
}

export function presentOf(wanted) {
  const found = wanted.map((server) => ({ server, isThere: server.find() !== undefined }));
  const those = (isThere) => found.filter((one) => one.isThere === isThere).map(({ server }) => server);
  return { present: those(true), absent: those(false) };
}

const absentText = ({ name, howToGet }) => `${name} is not installed and was left out (${howToGet}).`;

/**
 * One that fails ends neither the others nor the comparison: it is told, and tried once more behind all others. What is there so far
 * is written after each.
 */
async function measureAll(plan, options, remarks) {
  const [runs, failures] = [[], []];
  const queue = plan.map((one) => ({ ...one, isAgain: false }));
  for (let index = 0; index < queue.length; index++) {
    const { server, profile, turn, isAgain } = queue[index];
    const name = `${profile.name}, ${server.name}, turn ${turn + 1}`;
    process.stderr.write(`${index + 1} of ${queue.length}: ${name}\n`);
    try {
      runs.push(await measureOnce(server, profile, options));
      writeRuns(options, runs, remarks);
    } catch (error) {
      remarks.push(`${name} failed${isAgain ? ' again' : ''}: ${error.message}`);
      process.stderr.write(`${remarks.at(-1)}\n`);
      if (isAgain) failures.push(name);
      else queue.push({ ...queue[index], isAgain: true });
    }
  }
  return { runs: inOrder(runs, plan), failures };
}

/** Reports show servers and profiles in the order in which they first appear. */
export function inOrder(runs, plan) {
  const places = (pick) => [...new Set(plan.map(pick))];
  const profiles = places(({ profile }) => profile.name);
  const order = ALL.filter((name) => plan.some(({ server }) => server.name === name));
  const place = ({ profile, target }) => profiles.indexOf(profile.name) * ALL.length + order.indexOf(target.name);
  return runs.toSorted((one, other) => place(one) - place(other));
}

async function measureOnce(server, profile, { tls, shards }) {
  const core = shards === 1 ? SERVER_CORE : undefined;
  const running = await server.start({ core, tls, shards });
  let run;
  try {
    await calm(running.pid);
    const load = loadavg()[0];
    run = await measure({ profile, server, running, tls });
    run.loadAverage = load;
  } finally {
    await running.stop();
  }
  return run;
}

function writeRuns({ json, html }, runs, remarks) {
  if (json !== undefined) writeFileSync(json, JSON.stringify({ format: COMPARISON_FORMAT, remarks, runs }));
  if (html !== undefined) writeFileSync(html, htmlReport(runs, { remarks }));
}
