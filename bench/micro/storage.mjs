// Prints how many rows a shard can have committed and how long an acknowledgement takes, on the embedded database.
// Usage: node bench/micro/storage.mjs [seconds] [directory] — after the sources are compiled.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { offlineStore } from '../../dist/modules/offline/offline-store.js';
import { rosterStore } from '../../dist/modules/roster/roster-store.js';
import { openSqlite } from '../../dist/storage/sql/sqlite/sqlite-engine.js';
import { startSqliteWriter } from '../../dist/storage/sql/sqlite/writer.js';

const SECONDS = Number(process.argv[2] ?? 5);
const PARENT = process.argv[3] ?? tmpdir();
const ACCOUNTS = 1_000;
const TICK_MS = 2;
const XML = `<message to='user@bench.example' type='chat'><body>${'x'.repeat(340)}</body></message>`;

const account = (number) => ({ local: `user${number % ACCOUNTS}`, domain: 'bench.example' });
const writes = {
  offline: (store, number) =>
    store.push(account(number), { from: 'a@bench.example/x', xml: XML, timestampUs: Date.now() * 1_000 }, 1e9),
  roster: (store, number) =>
    store.put(account(number), {
      jid: `contact${number}@bench.example`,
      name: 'Contact',
      groups: ['Friends'],
      subscription: 'both',
      ask: 'none',
      askMessage: '',
    }),
};

/** Sends `rate` writes a second, late ones included, for as long as the benchmark lasts. */
async function measure(write, rate) {
  const latencies = [];
  const pending = new Set();
  const failures = new Map();
  const started = performance.now();
  let sent = 0;
  for (let now = started; now - started < SECONDS * 1_000; now = performance.now()) {
    for (const due = ((now - started) / 1_000) * rate; sent < due; sent++) {
      const at = performance.now();
      const done = write(sent).then(
        () => latencies.push(performance.now() - at),
        ({ code }) => failures.set(code, (failures.get(code) ?? 0) + 1),
      );
      pending.add(done);
      done.then(() => pending.delete(done));
    }
    await sleep(TICK_MS);
  }
  await Promise.all(pending);
  const seconds = (performance.now() - started) / 1_000;
  latencies.sort((one, other) => one - other);
  const at = (share) => latencies[Math.floor(latencies.length * share)]?.toFixed(1);
  const refused = failures.size > 0 ? ` refused ${JSON.stringify([...failures])}` : '';
  return `${(latencies.length / seconds).toFixed(0).padStart(6)} rows/s  p50 ${at(0.5)} ms  p99 ${at(0.99)} ms  p99.9 ${at(0.999)} ms${refused}`;
}

async function withEngine(options, work) {
  const directory = mkdtempSync(join(PARENT, 'bench-storage-'));
  const fail = (error) => {
    throw error;
  };
  const writer = await startSqliteWriter({
    file: join(directory, 'bench.db'),
    ...options,
    onFailure: fail,
    onCheckpointFailure: fail,
  });
  const engine = openSqlite({ file: writer.file, writer: writer.connect() });
  try {
    await work(engine);
  } finally {
    await engine.close();
    await writer.close();
    rmSync(directory, { recursive: true });
  }
}

for (const synchronous of ['full', 'normal']) {
  for (const [name, definition] of Object.entries({ offline: offlineStore, roster: rosterStore })) {
    for (const rate of [1_000, 10_000]) {
      await withEngine({ synchronous }, async (engine) => {
        const store = await engine.open(definition);
        const result = await measure((number) => writes[name](store, number), rate);
        console.log(`${synchronous.padEnd(6)} ${name.padEnd(7)} at ${String(rate).padStart(5)}/s: ${result}`);
      });
    }
  }
}

await withEngine({}, async (engine) => {
  const store = await engine.open(rosterStore);
  for (let number = 0; number < 50 * ACCOUNTS; number += 5_000) {
    await Promise.all(Array.from({ length: 5_000 }, (_, index) => writes.roster(store, number + index)));
  }
  const started = performance.now();
  let loads = 0;
  while (performance.now() - started < 2_000)
    if ((await store.load(account(loads++))).length !== 50) throw new Error('wrong roster');
  console.log(`rosters of 50 contacts loaded: ${((loads / (performance.now() - started)) * 1_000).toFixed(0)}/s`);
});
