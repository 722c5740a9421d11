/** Sessions without sockets: what each costs beyond what the kernel keeps, at numbers that no process may open sockets for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { choice, counts, flag } from '../lib/arguments.mjs';
import { FramedClient } from '../lib/framed-client.mjs';
import { compiled } from '../lib/places.mjs';
import { startShard } from '../lib/shard.mjs';
import { pssBytes } from '../measure/process-facts.mjs';
import { table } from '../measure/statistics.mjs';

export const sessionsOptions = {
  engine: choice('native', ['native', 'portable'], 'engine'),
  sessions: counts([10_000, 50_000, 200_000], 'numbers of sessions at which memory is looked at, ascending'),
  available: flag('the clients send presence'),
};

/** They stay: what they compile, and the heap that grows under them, is not that of those that are measured. */
const WARMUP = 3_000;
const AT_ONCE = 200;
/** Until buffers that were used while logging in are given back. */
const SETTLE_MS = 1_000;

export async function sessions({ engine, sessions: steps, available }) {
  const { admitFrames } = await import(compiled('net/listeners/frames.js'));
  const shard = await startShard(engine);
  try {
    const { dispatcher, c2s, inbox } = shard;
    const parts = { engine: shard.engine, carriers: dispatcher.carriers, listeners: inbox.listeners, services: c2s };
    const entrance = admitFrames(parts, c2s.entrances[0].settings, 'websocket');
    const open = (count) => enter(entrance, count, available);
    await open(WARMUP);
    const before = await take(shard.engine);
    const rows = [];
    let there = 0;
    for (const step of steps) {
      await open(step - there);
      there = step;
      rows.push({ sessions: step, ...row(before, await take(shard.engine), step) });
      process.stderr.write(`${step} sessions\n`);
    }
    process.stdout.write(table(rows));
  } finally {
    await shard.stop();
  }
}

async function enter(entrance, count, isAvailable) {
  let left = count;
  const one = async () => {
    while (left-- > 0) await new FramedClient(entrance).login(isAvailable);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

/** Memory after everything that can be freed has been. */
async function take(engine) {
  await sleep(SETTLE_MS);
  for (let pass = 0; pass < 3; pass++) collect();
  const { used_heap_size, external_memory } = getHeapStatistics();
  const native = engine.counters().memoryBytes ?? 0;
  return { pss: pssBytes(process.pid), heap: used_heap_size, external: external_memory, native };
}

function collect() {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

function row(before, after, count) {
  const each = (name) => ((after[name] - before[name]) / count).toFixed(0);
  return {
    'bytes/session': each('pss'),
    'JS heap': each('heap'),
    external: each('external'),
    'native counters': each('native'),
  };
}
