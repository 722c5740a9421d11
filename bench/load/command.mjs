/** `meerkat-bench run`: loads a server as profiles say, and tells what it costs. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { choice, text, texts, UsageError } from '../lib/arguments.mjs';
import { root } from '../lib/places.mjs';
import { htmlReport } from '../report/page.mjs';
import { summaryTable } from '../report/summary.mjs';
import { conduct } from './conduct.mjs';
import { ProfileError, readProfile } from './profile.mjs';
import { progressLine } from './progress.mjs';
import { SaslError } from './sasl.mjs';
import { MECHANISMS, TRANSPORTS } from './sections.mjs';
import { LoadError } from './threads.mjs';

const DIRECTORY = join(root, 'bench', 'profiles');

export const runOptions = {
  host: text(undefined, 'HOST', 'server to load; without it a Meerkat is started'),
  port: text(undefined, 'PORT', 'its port'),
  domain: text(undefined, 'NAME', 'its XMPP domain'),
  transport: choice(undefined, TRANSPORTS, 'how clients connect'),
  mechanism: choice(undefined, MECHANISMS, 'how they log in'),
  proxy: choice(undefined, ['none', 'v1', 'v2'], 'PROXY header in front of each connection'),
  seconds: text(undefined, 'N', 'length of the measured part'),
  threads: text(undefined, 'N', 'threads of the generator'),
  set: texts('SECTION.KEY=VALUE', 'replaces a value of the profile; may be repeated'),
  'server-pid': text(undefined, 'PID,...', 'processes of the server, if it runs on this machine: their CPU and memory'),
  json: text(undefined, 'FILE', 'writes the results'),
  html: text(undefined, 'FILE', 'writes a page with plots, which stands alone'),
};

/** Where a plain option belongs in the profile. */
const PLACES = {
  ...{ host: 'target', port: 'target', domain: 'target', transport: 'target', mechanism: 'target', proxy: 'target' },
  ...{ seconds: 'run', threads: 'run' },
};

/** Returns 1 when a run failed. */
export async function run(options, names) {
  if (names.length === 0) throw new UsageError(`Name a profile: a TOML file, or one of ${profileNames().join(', ')}.`);
  const profiles = names.map((name) => openProfile(name, changesOf(options)));
  const pids = readPids(options['server-pid']);
  const results = [];
  for (const profile of profiles) {
    const result = await conducted(profile, pids);
    results.push(result);
    process.stdout.write(`${summaryTable([result])}\n`);
    if (options.json !== undefined) writeFileSync(placeFor(options.json, profile, profiles), JSON.stringify(result));
  }
  if (options.html !== undefined) writeFileSync(options.html, htmlReport(results));
  return results.some(({ failures }) => failures.length > 0) ? 1 : 0;
}

export function profileNames() {
  return readdirSync(DIRECTORY).map((file) => basename(file, '.toml'));
}

/** A file, or the name of one of ours. */
export function openProfile(name, changes = []) {
  const own = join(DIRECTORY, `${name}.toml`);
  const file = !name.includes('/') && existsSync(own) ? own : name;
  if (!existsSync(file)) throw new UsageError(`There is no profile ${name}; there are ${profileNames().join(', ')}.`);
  try {
    return readProfile({ name: basename(file, '.toml'), file, text: readFileSync(file, 'utf8'), changes });
  } catch (error) {
    if (error instanceof ProfileError) throw new UsageError(error.message);
    throw error;
  }
}

function changesOf(options) {
  const plain = Object.entries(PLACES).filter(([name]) => options[name] !== undefined);
  return [...plain.map(([name, section]) => `${section}.${name}=${options[name]}`), ...options.set];
}

function readPids(given) {
  if (given === undefined) return [];
  const pids = given.split(',').map(Number);
  if (pids.every((pid) => Number.isInteger(pid) && pid > 0)) return pids;
  throw new UsageError(`--server-pid cannot be ${given}.`);
}

/** What the server cannot do ends the run with a sentence, not with where that was noticed. */
async function conducted(profile, pids) {
  const started = performance.now();
  const onProgress = (told) => process.stderr.write(progressLine(profile, told, (performance.now() - started) / 1_000));
  try {
    return await conduct(profile, { pids, onProgress });
  } catch (error) {
    if (!(error instanceof LoadError || error instanceof SaslError)) throw error;
    throw new RunError(`${profile.name}: ${error.message}`, { cause: error });
  }
}

/** Told without a stack: the reason is with the server, or with the profile. */
export class RunError extends Error {}

/** With several profiles each has a file of its own: `results.json` becomes `results-chat.json`. */
function placeFor(file, { name }, profiles) {
  if (profiles.length === 1) return file;
  const extension = extname(file);
  return `${file.slice(0, file.length - extension.length)}-${name}${extension}`;
}
