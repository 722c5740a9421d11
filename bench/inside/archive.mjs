/** Archives of accounts on the embedded database: rows committed, CPU for each, and what a page of a large archive costs. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { choice, count } from '../lib/arguments.mjs';
import { compiled } from '../lib/places.mjs';
import { startShard } from '../lib/shard.mjs';
import { quantile, summary, table } from '../measure/statistics.mjs';

export const archiveOptions = {
  engine: choice('native', ['native', 'portable'], 'engine whose parser reads the pages'),
  seconds: count(5, 'seconds of writing in each of its modes'),
  rate: count(20_000, 'rows a second where the rate is given'),
  rows: count(1_000_000, 'rows of the archive that is paged'),
  pages: count(200, 'pages of each kind'),
};

const ACCOUNTS = 500;
const PAGE = 50;
const TICKS_PER_SECOND = 100;
/** Messages that arrive in one turn of the loop. */
const BATCH = 20;
const MOST_WAITING = 15_000;
/** Rows, so that others get their turn, as between two batches of stanzas. */
const MOST_A_TURN = 500;
const BODY = 'Today the turtle went for a walk, and nobody knows why it came back so late. '.repeat(3);

export async function archive({ engine, seconds, rate, rows, pages }) {
  const directory = mkdtempSync(join(tmpdir(), 'bench-archive-'));
  const scene = await open(directory, engine);
  try {
    const written = [await write(scene, seconds, undefined), await write(scene, seconds, rate)];
    process.stdout.write(`${table(written)}\n`);
    await fill(scene, rows);
    process.stdout.write(table(await read(scene, rows, pages)));
    const bytes = readdirSync(directory).reduce((sum, file) => sum + statSync(join(directory, file)).size, 0);
    process.stdout.write(
      `\n${(bytes / (scene.written() + rows)).toFixed(0)} bytes of disk for each row, of which ${rowOf({}, rows).message.length} are the stanza\n`,
    );
  } finally {
    await scene.close();
    rmSync(directory, { recursive: true });
  }
}

async function open(directory, engineName) {
  const { openSqlite } = await import(compiled('storage/sql/sqlite/sqlite-engine.js'));
  const { startSqliteWriter } = await import(compiled('storage/sql/sqlite/writer.js'));
  const { archiveStore } = await import(compiled('modules/mam/archive-store.js'));
  const { ArchiveIds } = await import(compiled('modules/mam/archive-id.js'));
  const { ArchiveWriter } = await import(compiled('modules/mam/archive-writer.js'));
  const { Recorder } = await import(compiled('modules/mam/recorder.js'));
  const { Owner } = await import(compiled('modules/mam/owner.js'));
  const { Jid } = await import(compiled('protocol/jid.js'));
  const { Stanza } = await import(compiled('protocol/stanza.js'));
  const { systemClock: clock } = await import(compiled('platform/clock.js'));
  const { openLog } = await import(compiled('platform/log.js'));

  const fail = (error) => {
    throw error;
  };
  const options = { file: join(directory, 'bench.db'), onFailure: fail, onCheckpointFailure: fail };
  const writerThread = await startSqliteWriter(options);
  const engine = openSqlite({ file: writerThread.file, writer: writerThread.connect() });
  const store = await engine.open(archiveStore);
  const log = openLog({ level: 'warning' });
  const writes = [];
  const writer = new ArchiveWriter({
    store,
    clock,
    log,
    commitments: { track: (write) => writes.push(write), slowDown: () => () => {} },
    pace: { paceMs: 10, enough: 5_000 },
    refused: (_, error) => fail(error),
  });
  const shard = await startShard(engineName);
  const parse = (xml) => shard.engine.parse(xml);
  const settings = {
    ...{ db_jid_format: 'mam_jid_mini', db_message_format: 'mam_message_xml', full_text_search: true },
    ...{ message_retraction: true, enforce_simple_queries: false, default_result_limit: PAGE, max_result_limit: PAGE },
  };
  const recorder = new Recorder({ settings, store, writer, ids: new ArchiveIds(clock, 0), clock, log, parse });
  const addresses = Array.from({ length: ACCOUNTS }, (_, number) => Jid.of(`user${number}`, 'bench.example', 'phone'));
  const owners = addresses.map(({ bare }) => new Owner(bare, undefined, 0n, new Map()));
  let number = 0;

  /** What one message leaves behind: a row on each side. */
  function send() {
    const [from, to] = [number % ACCOUNTS, (number * 7 + 1) % ACCOUNTS];
    const stamps = { name: 'message', type: 'chat', to: addresses[to], from: addresses[from], id: `m${number++}` };
    const xml = `<message xmlns='jabber:client' from='${stamps.from}' to='${stamps.to}' id='${stamps.id}' type='chat'><body>${BODY}</body></message>`;
    const stanza = Stanza.fromText({ ...stamps, lang: undefined }, xml, parse);
    for (const [owner, remote, direction] of [
      [owners[from], stamps.to, 'O'],
      [owners[to], stamps.from, 'I'],
    ]) {
      if (typeof recorder.record({ owner, stanza, from: stamps.from, remote, direction }) !== 'bigint')
        throw new Error('the archive takes no more');
    }
  }

  return {
    ...{ store, writer, writes, settings, parse, send, Jid, Owner },
    written: () => 2 * number,
    async close() {
      await engine.close();
      await writerThread.close();
      await shard.stop();
    },
  };
}

/** As much as it takes, or so many rows a second. */
async function write({ writer, writes, send }, seconds, rate) {
  const latencies = [];
  const threads = threadTimes();
  const started = performance.now();
  let rows = 0;
  for (let now = started; now - started < seconds * 1_000; now = performance.now()) {
    const due = rate === undefined ? rows + 2 * BATCH : ((now - started) / 1_000) * rate;
    // More than that would only wait: what cannot be kept up with shows in the rate.
    if (writer.waiting > MOST_WAITING) await sleep(1);
    const most = rows + MOST_A_TURN;
    for (; rows < due && rows < most && writer.waiting <= MOST_WAITING; rows += 2) send();
    for (const commit of writes.splice(0)) {
      const began = performance.now();
      commit.then(() => latencies.push(performance.now() - began));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await writer.settled();
  const passed = (performance.now() - started) / 1_000;
  const [shard, others] = threadTimes().map((time, index) => time - threads[index]);
  return {
    writing: rate === undefined ? 'as fast as it goes' : `${rate} rows/s asked for`,
    'rows/s': (rows / passed).toFixed(0),
    'us of shard CPU/row': ((shard * 1e6) / rows).toFixed(1),
    'us of writer CPU/row': ((others * 1e6) / rows).toFixed(1),
    'rows/s of CPU, the slower thread': (rows / Math.max(shard, others)).toFixed(0),
    'commit ms p50': quantile(latencies, 0.5).toFixed(1),
    'commit ms p99': quantile(latencies, 0.99).toFixed(1),
  };
}

/** One large archive of 20 conversations. */
async function fill({ store, Owner, Jid }, rows) {
  const owner = new Owner(Jid.of('large', 'bench.example'), undefined, 0n, new Map());
  const group = 20_000;
  for (let first = 0; first < rows; first += group) {
    const messages = Array.from({ length: Math.min(group, rows - first) }, (_, index) => rowOf(owner, first + index));
    await store.insert(messages);
  }
}

const idOf = (number) => (1_600_000_000_000_000n + BigInt(number) * 1_000_000n) * 256n;

function rowOf(owner, number) {
  const remote = `contact${number % 20}`;
  const xml = `<message xmlns='jabber:client' from='${remote}@bench.example/phone' to='large@bench.example' id='m${number}' type='chat'><body>${BODY}</body></message>`;
  return {
    ...{
      owner,
      id: idOf(number),
      from: `${remote}/phone`,
      remote,
      remoteResource: 'phone',
      direction: 'I',
      message: xml,
    },
    ...{ searchBody: BODY.toLowerCase(), originId: `m${number}`, isGroupchat: false },
  };
}

async function read({ store, settings, parse, Owner, Jid }, rows, pages) {
  const { Lookup } = await import(compiled('modules/mam/lookup.js'));
  const { resultStanza } = await import(compiled('modules/mam/results.js'));
  const { jidFormat } = await import(compiled('modules/mam/jid-format.js'));
  const { timeOf } = await import(compiled('modules/mam/archive-id.js'));
  const account = { local: 'large', domain: 'bench.example' };
  const { userId, lastId } = await store.find(account);
  const jid = Jid.of('large', 'bench.example');
  const owner = new Owner(jid, userId, lastId, new Map());
  const context = {
    ns: 'urn:xmpp:mam:2',
    queryId: 'q',
    archive: jid,
    to: jid,
    format: jidFormat('mam_jid_mini'),
    parse,
  };
  const plain = { withoutGroupchat: false, named: [], limit: PAGE, isSimple: false, isFlipped: false };
  const any = () => idOf(Math.floor(Math.random() * (rows - 40 * PAGE)));
  const after = (id) => ({ named: [id], page: { after: id, isLast: false } });
  const kinds = {
    'the first page': () => ({ page: { isLast: false } }),
    'the last page': () => ({ page: { isLast: true } }),
    'behind a message': () => after(any()),
    'before a message': () => ({
      page: { before: idOf(rows - 1 - Math.floor(Math.random() * (rows / 2))), isLast: false },
    }),
    'behind a message, simple': () => ({ ...after(any()), isSimple: true }),
    'of one contact, the last page': () => ({ with: Jid.of('contact3', 'bench.example'), page: { isLast: true } }),
    'of one contact, behind a message': () => ({ with: Jid.of('contact3', 'bench.example'), ...after(any()) }),
    'from a time on': () => ({ fromId: any(), page: { isLast: false } }),
  };
  const lines = [];
  for (const [name, request] of Object.entries(kinds)) {
    const lookup = new Lookup(store, settings, 10_000);
    const costs = [];
    for (let page = -Math.ceil(pages / 10); page < pages; page++) {
      const before = process.cpuUsage();
      const { messages } = await lookup.find(owner, { ...plain, ...request() });
      let characters = 0;
      for (const message of messages) characters += resultStanza(message, 'r', context).toXml().length;
      const { user, system } = process.cpuUsage(before);
      if (messages.length !== Math.min(PAGE, rows) || characters < PAGE)
        throw new Error(`no page: ${name} (${timeOf(lastId)})`);
      if (page >= 0) costs.push((user + system) / 1_000);
    }
    lines.push({ [`page of ${PAGE} of ${rows}`]: name, 'CPU ms': summary(costs, 2) });
  }
  return lines;
}

/** Seconds of CPU of this thread, and of the one that writes: of all others, which do nothing else here. */
function threadTimes() {
  let [own, others] = [0, 0];
  for (const thread of readdirSync('/proc/self/task')) {
    const fields = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8').split(') ')[1].split(' ');
    const time = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    if (Number(thread) === process.pid) own += time;
    else others += time;
  }
  return [own, others];
}
