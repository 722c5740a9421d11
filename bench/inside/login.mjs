/** Logins of accounts with contacts: what each step of one costs the thread of its shard. */
import { choice, choices, count, flag } from '../lib/arguments.mjs';
import { startClients } from '../lib/clients.mjs';
import { compiled } from '../lib/places.mjs';
import { startServer } from '../lib/server.mjs';
import { busiestThreads, threadEffort } from '../measure/process-facts.mjs';
import { median, table } from '../measure/statistics.mjs';

export const loginOptions = {
  engine: choice('native', ['native', 'portable'], 'engine of the server'),
  shards: count(1, 'shards of the server; all of them are counted'),
  accounts: count(100, 'accounts that log in, all of them in each round'),
  contacts: count(200, 'contacts of each account'),
  scenes: choices(
    ['none', 'offline', 'half', 'online'],
    ['none', 'offline', 'half', 'online'],
    'how many contacts are online',
  ),
  rounds: count(12, 'rounds that are measured, behind as many that are not'),
  subscription: choice('both', ['both', 'to', 'from'], 'who of an account and its contacts sees the other'),
  plain: flag('the clients ask for neither copies nor stream management'),
  privacy: flag('the server has privacy lists and the blocking command; nobody uses them'),
};

/** The part of the contacts that is online; none has no contacts. */
const SCENES = { none: undefined, offline: 0, half: 0.5, online: 1 };
const STEPS = ['connect', 'bind', 'options', 'roster', 'presence', 'leave'];
const HALVES = { to: 'from', from: 'to', both: 'both' };

export async function login(options) {
  const rows = [];
  for (const scene of options.scenes) rows.push({ 'contacts, us': scene, ...(await measure(options, SCENES[scene])) });
  process.stdout.write(table(rows));
}

async function measure({ engine, shards, accounts, contacts: wanted, rounds, subscription, plain, privacy }, online) {
  const contacts = names('contact', online === undefined ? 0 : wanted);
  const people = names('person', accounts);
  const fill = (directory) => writeRosters(directory, people, contacts, subscription);
  const server = await startServer({ engine, shards, auth: 'dummy', privacy, fill });
  const clients = startClients('login-clients.mjs');
  const there = contacts.slice(0, Math.round(contacts.length * (online ?? 0)));
  const args = { port: server.port, names: people, presences: 1 + (subscription === 'from' ? 0 : there.length) };
  const steps = STEPS.filter((step) => step !== 'options' || !plain);
  try {
    await clients.ask('attend', { port: server.port, names: there });
    for (const step of steps) await clients.ask(step, args);
    const threads = busiestThreads(server.pid, shards);
    const cost = async (step) => {
      const before = used(server.pid, threads);
      await clients.ask(step, args);
      return used(server.pid, threads).map((now, index) => now - before[index]);
    };
    const found = new Map(steps.map((step) => [step, []]));
    for (let round = -rounds; round < rounds; round++) {
      for (const step of steps) {
        const effort = await cost(step);
        if (round >= 0) found.get(step).push(effort);
      }
    }
    return row(found, accounts, rounds);
  } finally {
    await clients.stop();
    await server.stop();
  }
}

/** Seconds of CPU of these threads: all of it, and what of it is in user space and in the kernel. */
function used(pid, threads) {
  const efforts = threads.map((thread) => threadEffort(pid, thread));
  return ['whole', 'user', 'system'].map((name) => efforts.reduce((sum, effort) => sum + effort[name], 0));
}

function names(role, count) {
  return Array.from({ length: count }, (_, index) => `${role}${index}`);
}

/** Straight into the tables: asking for so many subscriptions would take minutes. */
export async function writeRosters(directory, people, contacts, subscription) {
  const { openSqlite } = await import(compiled('storage/sql/sqlite/sqlite-engine.js'));
  const { startSqliteWriter } = await import(compiled('storage/sql/sqlite/writer.js'));
  const { rosterStore } = await import(compiled('modules/roster/roster-store.js'));
  const { embeddedFile } = await import(compiled('storage/sql/embedded.js'));
  const fail = (error) => {
    throw error;
  };
  const writer = await startSqliteWriter({ file: embeddedFile(directory), onFailure: fail, onCheckpointFailure: fail });
  const engine = openSqlite({ file: writer.file, writer: writer.connect() });
  await engine.ensure([rosterStore]);
  const store = await engine.open(rosterStore);
  const item = (name, sees) => ({
    ...{ jid: `${name}@localhost`, name: '', groups: ['Friends'], subscription: sees },
    ...{ ask: 'none', askMessage: '', isApproved: false },
  });
  const account = (local) => ({ local, domain: 'localhost' });
  for (const person of people) {
    await Promise.all(
      contacts.flatMap((contact) => [
        store.put(account(person), { ...item(contact, subscription), name: contact }),
        store.put(account(contact), item(person, HALVES[subscription])),
      ]),
    );
  }
  await engine.close();
  await writer.close();
}

/** The median of the rounds by step; of all steps, how the kernel divides it. */
function row(found, accounts, rounds) {
  const each = (seconds) => ((seconds * 1e6) / accounts).toFixed(0);
  const medians = [...found].map(([step, costs]) => [step, median(costs.map(([whole]) => whole))]);
  const whole = medians.reduce((total, [, seconds]) => total + seconds, 0);
  const all = [...found.values()].flat();
  const sum = (index) => all.reduce((total, cost) => total + cost[index], 0) / rounds;
  // Of a run that is shorter than the kernel's ticks nobody knows.
  const share = sum(1) / Math.max(sum(1) + sum(2), Number.EPSILON);
  const cells = Object.fromEntries(medians.map(([step, seconds]) => [step, each(seconds)]));
  return { ...cells, 'a login': each(whole), 'of it in user space': each(whole * share) };
}
