/**
 * The whole state machine of connections under random events: every step of a life in every wrong place, from peers and from TypeScript.
 * MEERKAT_MACHINE_SEEDS sets how many runs, MEERKAT_MACHINE_SEED the first of them. Meant for an addon with a sanitizer, too.
 */
import { afterEach, expect, test } from 'vitest';
import { eventKind } from '../../../src/engine/envelope.js';
import { type EnginePort, type ListenOptions, type Proceed, proceed } from '../../../src/engine/port.js';
import { issue } from '../../support/engine/certificates.js';
import { HEADER, LISTEN, type Reaction, Shard } from '../../support/engine/harness.js';
import { type Random, randomFrom } from '../../support/engine/random.js';
import { serveLife } from '../../support/engine/serve-life.js';
import { tlsOptions } from '../../support/engine/tls-options.js';
import { STEPS, WholeLife } from '../../support/engine/whole-life.js';
import { createNative } from './native-kit.js';

const RUNS = Number(process.env['MEERKAT_MACHINE_SEEDS'] ?? 2);
const FIRST = Number(process.env['MEERKAT_MACHINE_SEED'] ?? 1);
const SHARDS = 2;
const PEERS = 40;
const LIVES = 300;
const MOST_OUTPUT = 200_000;
/** An element, what was read ahead, a record on each side, histories of compression, and the output. */
const MOST_FOR_ONE = MOST_OUTPUT + 2 * 65_536 + 6 * 65_536;
/** Idle blocks, slots, the arena: what a shard keeps when everybody has gone. */
const MOST_KEPT = 8 << 20;
const IDENTITY = issue({ name: 'localhost' });

const { CONNECTED, STREAM_OPENED, ELEMENT, STREAM_CLOSED, STREAM_FAILED } = eventKind;
const { SECURED, CLOSED, ROUTED, CALLED, ARRIVED, REFUSED } = eventKind;

const shards: Shard[] = [];
const lives = new Set<WholeLife>();
afterEach(() => {
  for (const life of lives) life.reset();
  lives.clear();
  for (const { engine } of shards.splice(0)) engine.stop();
});

/** What may be done to a connection at any time, by its owner. */
function interfere(random: Random, engine: EnginePort, slot: number, generation: number, envelope: number): void {
  const calls: (() => unknown)[] = [
    () => engine.proceed(slot, generation, random(3) as Proceed),
    () => engine.proceed(slot, generation, proceed.STEP),
    () => engine.send(slot, generation, 'x'.repeat(random(70_000))),
    () => engine.stamp(slot, generation, 'a@b'),
    () => engine.deliver(slot, generation, envelope),
    () => engine.forward(random(SHARDS + 1), envelope),
    () => engine.route(random(SHARDS + 1), '<message/>'),
    () => engine.call(random(SHARDS + 1), new Uint8Array(random(3))),
    () => engine.move(slot, generation, random(SHARDS + 1), new Uint8Array(random(3))),
    () => engine.startTls(slot, generation, 0, 'localhost'),
    () => engine.startCompression(slot, generation, '<compressed/>'),
    () => engine.pause(slot, generation),
    () => engine.resume(slot, generation),
    () => engine.resume(slot, generation),
    () => engine.shape(slot, generation, random(3) * 20_000),
    () => engine.authenticated(slot, generation),
    () => engine.deadline(slot, generation, random(1500)),
    () => engine.details(slot, generation),
    () => engine.close(slot, generation),
    () => engine.abort(slot, generation),
  ];
  calls[random(calls.length)]?.();
}

/** One peer: the steps of a life, some of them left out, early, or with something else in between. */
async function wander(random: Random, port: number): Promise<void> {
  const life = new WholeLife(port);
  lives.add(life);
  const asides: (() => unknown)[] = [
    () => life.send('<'),
    () => life.send("<message to='a@b' from='evil'><body>hello</body></message><iq/> ".repeat(random(50))),
    () => life.send(`<message><body>${'x'.repeat(random(80_000))}`),
    () => life.send(`</body></message></stream:stream>${HEADER}`),
    () => life.send(' '.repeat(random(3000))),
    () => life.sendRaw(Buffer.from(Array.from({ length: random(300) }, () => random(256)))),
    () => life.sendRaw(Buffer.from('1603010200010001fc0303', 'hex')),
    () => life.sendRaw(Buffer.from('17030300ff00', 'hex')),
    () => life.sendRaw(Buffer.from('789c', 'hex')),
    () => life.compress(),
    () => life.hold(random(2) === 0),
  ];
  // One in three makes no mistake of its own.
  const mistakes = random(3) * 7;
  const last = random(4) === 0 ? random(STEPS.length) : STEPS.length;
  for (const [, step] of STEPS.slice(0, last)) {
    if (random(100) < mistakes) asides[random(asides.length)]?.();
    if (random(100) < mistakes) continue;
    const done = Promise.resolve(step(life)).catch(() => {});
    // Nobody waits long for an answer that may never come, least of all who is to blame for that.
    const patience = mistakes === 0 ? 300 : 10 + random(60);
    await Promise.race([done, new Promise((resolve) => setTimeout(resolve, patience))]);
    if (life.isClosed) break;
  }
  // Longer than deadlines take.
  if (random(20) === 0) await new Promise((resolve) => setTimeout(resolve, 1500));
  if (random(2) === 0) life.end();
  await new Promise((resolve) => setTimeout(resolve, random(5)));
  if (random(8) > 0) life.reset();
  lives.delete(life);
}

const seeds = Array.from({ length: RUNS }, (_, n) => FIRST + n);
test.each(seeds)(
  'random events: each connection ends once, within its memory, and leaves nothing (seed %i)',
  {
    timeout: 120_000,
  },
  async (seed) => {
    const random = randomFrom(seed);
    const group = `machine-${process.hrtime.bigint()}`;
    const alive = new Map<string, { engine: EnginePort; slot: number; generation: number }>();
    const over = new Set<string>();
    let isStopped = false;

    const reactOn =
      (shard: number): Reaction =>
      (told, engine) => {
        const { kind, slot, generation, envelope } = told;
        expect(isStopped).toBe(false);
        if (kind === ROUTED || kind === CALLED || kind === REFUSED) return;
        const name = `${shard} ${slot} ${generation}`;
        expect(over.has(name)).toBe(false);
        expect(alive.has(name)).toBe(kind !== CONNECTED && kind !== ARRIVED);
        if (kind === CONNECTED || kind === ARRIVED) alive.set(name, { engine, slot, generation });
        if (kind === CLOSED) {
          alive.delete(name);
          over.add(name);
        }
        if (random(100) < 4) interfere(random, engine, slot, generation, envelope);
        serveLife(told, engine);
        if (random(100) < 4) interfere(random, engine, slot, generation, envelope);
      };
    for (let shard = 0; shard < SHARDS; shard++) {
      const one = await Shard.start(createNative, reactOn(shard), { shard, shards: SHARDS, group });
      one.engine.createTlsContext(tlsOptions(IDENTITY, seed % 2 ? {} : { versions: ['TLSv1.2'] }));
      shards.push(one);
    }
    const { engine } = shards[0] as Shard;
    const usual: ListenOptions = { ...LISTEN, maxOutputBytes: MOST_OUTPUT, maxDecompressedBytes: 50_000 };
    const proxy = { trusted: [], headerDeadlineMs: 1000, maxHeaderBytes: 256 };
    const ports: number[] = [];
    for (const options of [{ proxy, authenticationDeadlineMs: 1000 }, { proxy, directTls: 0 }, { proxy }, {}]) {
      ports.push((await engine.listen({ ...usual, ...options })).port);
    }
    const memory = (): number => shards.reduce((sum, shard) => sum + shard.engine.counters().memoryBytes, 0);
    const before = memory();

    const timer = setInterval(() => {
      const all = [...alive.values()];
      for (let n = 0; n < 2 && all.length > 0; n++) {
        const one = all[random(all.length)] as (typeof all)[0];
        interfere(random, one.engine, one.slot, one.generation, random(4));
      }
      expect(memory() - before).toBeLessThan(MOST_KEPT + (alive.size + PEERS) * MOST_FOR_ONE);
    }, 3);
    let left = LIVES;
    await Promise.all(
      Array.from({ length: PEERS }, async () => {
        while (left-- > 0) await wander(random, ports[random(8) === 0 ? random(4) : 2] as number);
      }),
    );
    clearInterval(timer);
    for (let tries = 0; tries < 200 && alive.size > 0; tries++) {
      for (const one of alive.values()) one.engine.abort(one.slot, one.generation);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect([...alive.keys()]).toEqual([]);
    // Those whose header never came are not known to anybody.
    for (const shard of shards) await shard.until(() => shard.engine.counters().connections === 0);
    expect(over.size).toBeGreaterThan(LIVES / 2);
    expect(memory() - before).toBeLessThan(MOST_KEPT);
    // Otherwise little was tried.
    const told = new Map<number, number>();
    for (const { kind } of shards.flatMap((shard) => shard.told)) told.set(kind, (told.get(kind) ?? 0) + 1);
    for (const kind of [STREAM_OPENED, ELEMENT, STREAM_CLOSED, STREAM_FAILED, SECURED, ARRIVED])
      expect(told.get(kind)).toBeGreaterThan(0);

    // And once more with peers in the middle of everything.
    const cut = Array.from({ length: PEERS }, () => wander(random, ports[2] as number));
    await new Promise((resolve) => setTimeout(resolve, 30 + random(100)));
    for (const shard of shards) shard.engine.stop();
    isStopped = true;
    await Promise.all(cut);
  },
);
