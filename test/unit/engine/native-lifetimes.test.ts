/** Native engines and connections that end at every step of one life: by the peer, by `stop`, by the end of a thread. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { constants, deflateSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { closeReason, eventKind } from '../../../src/engine/envelope.js';
import { addonFile } from '../../../src/engine/native/native-addon.js';
import { type ListenOptions, proceed } from '../../../src/engine/port.js';
import { issue } from '../../support/engine/certificates.js';
import { HEADER, LISTEN, type Reaction, Shard, type Told } from '../../support/engine/harness.js';
import { serveLife } from '../../support/engine/serve-life.js';
import { tlsOptions } from '../../support/engine/tls-options.js';
import { beginHandshake, MOVED, STEPS, WholeLife } from '../../support/engine/whole-life.js';
import { createNative } from './native-kit.js';

const { CONNECTED, STREAM_OPENED, ELEMENT, ARRIVED, CLOSED } = eventKind;
const TLS = tlsOptions(issue({ name: 'localhost' }));
const BEHIND_BALANCER: Partial<ListenOptions> = {
  proxy: { trusted: [], headerDeadlineMs: 60_000, maxHeaderBytes: 1024 },
  // Whatever is not let go of keeps the next one out.
  maxConnections: 1,
};

const shards: Shard[] = [];
const workers: Worker[] = [];
const lives: WholeLife[] = [];
afterEach(async () => {
  for (const life of lives.splice(0)) life.reset();
  for (const { engine } of shards.splice(0)) engine.stop();
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

async function startTwo(react: Reaction = serveLife): Promise<{ pair: [Shard, Shard]; port: number }> {
  const group = `life-${process.hrtime.bigint()}`;
  const pair = (await Promise.all(
    [0, 1].map((shard) => Shard.start(createNative, react, { shard, shards: 2, group })),
  )) as [Shard, Shard];
  shards.push(...pair);
  pair[0].engine.createTlsContext(TLS);
  return { pair, port: await pair[0].listen({ ...LISTEN, ...BEHIND_BALANCER }) };
}

function born(port: number): WholeLife {
  const life = new WholeLife(port);
  lives.push(life);
  return life;
}

/** Every connection that was told of has ended once, as its last event, and nothing is left of it. */
async function allEnded(pair: readonly Shard[]): Promise<void> {
  for (const shard of pair) {
    const count = (...kinds: number[]): number => shard.told.filter(({ kind }) => kinds.includes(kind)).length;
    await shard.until(() => shard.engine.counters().connections === 0 && count(CLOSED) === count(CONNECTED, ARRIVED));
    const ended = new Set<string>();
    for (const { kind, slot, generation } of shard.told) {
      if (kind === eventKind.ROUTED || kind === eventKind.CALLED || kind === eventKind.REFUSED) continue;
      expect(ended.has(`${slot} ${generation}`)).toBe(false);
      if (kind === CLOSED) ended.add(`${slot} ${generation}`);
    }
  }
}

test('the life itself, to its end', async () => {
  const { pair, port } = await startTwo();
  const life = born(port);
  await life.live(STEPS.length);
  life.end();
  await allEnded(pair);
  const reasons = pair.map((shard) => shard.told.filter(({ kind }) => kind === CLOSED).map(({ detail }) => detail));
  expect(reasons).toEqual([[closeReason.MOVED], [closeReason.LOCAL]]);
});

describe.each([
  ['resets', (life: WholeLife) => life.reset()],
  ['ends its side', (life: WholeLife) => life.end()],
] as const)('a peer that %s at each step', (_, leave) => {
  test('CLOSED once, nothing is left, and the second time costs no more memory than the first', async () => {
    const { pair, port } = await startTwo();
    const held: number[] = [];
    for (let round = 0; round < 3; round++) {
      for (let steps = 1; steps <= STEPS.length; steps++) {
        const life = born(port);
        await life.live(steps);
        leave(life);
        await life.closed();
        await allEnded(pair);
      }
      const life = born(port);
      await beginHandshake(life);
      leave(life);
      await allEnded(pair);
      await life.closed();
      held.push(pair[0].engine.counters().memoryBytes + pair[1].engine.counters().memoryBytes);
    }
    expect(held[2]).toBeLessThanOrEqual(held[1] as number);
  });
});

test('compressed elements in front of a broken TLS record are told before CLOSED, which comes last', async () => {
  const { pair } = await startTwo(({ kind, slot, generation, text }, engine) => {
    if (text === '<compress/>') {
      engine.startCompression(slot, generation, '<compressed/>');
      engine.pause(slot, generation);
    } else if (kind === STREAM_OPENED) {
      engine.proceed(slot, generation, proceed.STEP);
    }
  });
  const [shard] = pair;
  const raw = connect(await shard.listen({ ...LISTEN, directTls: 0 }), '127.0.0.1');
  const client = connectTls({ socket: raw, rejectUnauthorized: false });
  client.on('error', () => {});
  await once(client, 'secureConnect');
  client.write(`${HEADER}<compress/>`);
  await once(client, 'data');
  client.write(deflateSync(`${HEADER}<message/>`, { finishFlush: constants.Z_SYNC_FLUSH }));
  raw.write(Buffer.from(`1703030020${'00'.repeat(32)}`, 'hex'));
  // Everything is with the kernel before the engine looks.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const { slot, generation } = shard.told[0] as Told;
  shard.engine.resume(slot, generation);
  await shard.until(() => shard.kinds().includes(ELEMENT) && shard.told.at(-1)?.text === '<message/>');
  shard.engine.proceed(slot, generation, proceed.STREAM);
  await shard.until(() => shard.kinds().includes(CLOSED));
  expect(shard.kinds().slice(-3)).toEqual([STREAM_OPENED, ELEMENT, CLOSED]);
  expect(shard.told.at(-1)?.detail).toBe(closeReason.TLS_FAILED);
  client.destroy();
});

describe('stop', () => {
  test.each([0, 1])('of shard %i at each step: no event follows, and the peer sees the end', async (number) => {
    for (let steps = 1; steps <= STEPS.length; steps++) {
      const { pair, port } = await startTwo();
      const life = born(port);
      await life.live(steps);
      const victim = pair[number] as Shard;
      victim.engine.stop();
      const told = victim.told.length;
      const other = pair[1 - number] as Shard;
      // What stayed behind is not touched by the end of the other one.
      other.engine.stop();
      life.end();
      await life.closed();
      expect(victim.told.length).toBe(told);
      expect(victim.engine.counters().connections).toBe(0);
    }
  });

  test('within each batch of the life, and behind each call of it', async () => {
    let isOver = false;
    for (let at = 0; !isOver; at++) {
      let events = 0;
      const { pair, port } = await startTwo((told, engine) => {
        const isIt = events++ === at;
        if (isIt && at % 2 === 0) engine.stop();
        serveLife(told, engine);
        if (isIt && at % 2 === 1) engine.stop();
      });
      const life = born(port);
      await life.live(STEPS.length);
      life.end();
      isOver = events <= at;
      for (const { engine } of pair) engine.stop();
      await life.closed();
      expect(at).toBeLessThan(40);
    }
  });
});

describe('a thread that is terminated', () => {
  const program = fileURLToPath(new URL('./native-shard-worker.mjs', import.meta.url));
  async function start(group: string, shard: number): Promise<Worker> {
    const worker = new Worker(program, { workerData: { addon: addonFile, group, shard, shards: 2, tls: TLS } });
    workers.push(worker);
    await once(worker, 'message');
    return worker;
  }

  test('at each step takes its connection along, and another one of its number does its work', async () => {
    const group = `thread-${process.hrtime.bigint()}`;
    const pair = [await start(group, 0), await start(group, 1)] as [Worker, Worker];
    for (let steps = 1; steps <= STEPS.length; steps++) {
      pair[0].postMessage({ listen: BEHIND_BALANCER });
      const [{ port }] = await once(pair[0], 'message');
      const life = born(port);
      await life.live(steps);
      const number = steps > MOVED ? 1 : 0;
      await pair[number]?.terminate();
      if (steps <= MOVED || steps > MOVED + 1) life.end();
      await life.closed();
      pair[number] = await start(group, number);
    }
  });
});
