/** Native engines under random calls: whatever TypeScript and the peers do, in whatever order, each connection ends once and all is freed. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { eventKind } from '../../../src/engine/envelope.js';
import { type EnginePort, type Proceed, proceed } from '../../../src/engine/port.js';
import { issue } from '../../support/engine/certificates.js';
import { HEADER, LISTEN, type Reaction, Shard } from '../../support/engine/harness.js';
import { randomFrom } from '../../support/engine/random.js';
import { tlsOptions } from '../../support/engine/tls-options.js';
import { createNative } from './native-kit.js';

const { CONNECTED, ARRIVED, CLOSED } = eventKind;
const SHARDS = 3;
const CLIENTS = 60;
const CONNECTIONS = 900;

const shards: Shard[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const shard of shards.splice(0)) shard.engine.stop();
});

test.each([1, 2, 3])('random calls of TypeScript and random peers (seed %i)', { timeout: 60_000 }, async (seed) => {
  const random = randomFrom(seed);
  const group = `chaos-${process.hrtime.bigint()}`;
  const alive = new Map<string, { engine: EnginePort; slot: number; generation: number }>();
  let ended = 0;

  const act = (engine: EnginePort, slot: number, generation: number, envelope: number): void => {
    const how = random(3) as Proceed;
    const calls: (() => unknown)[] = [
      () => engine.proceed(slot, generation, how),
      () => engine.proceed(slot, generation, proceed.STREAM),
      () => engine.proceed(slot, generation, proceed.STREAM),
      () => engine.send(slot, generation, 'x'.repeat(random(5000))),
      () => engine.send(slot, generation, Buffer.alloc(random(200_000), 'y')),
      () => engine.stamp(slot, generation, 'a@b'),
      () => engine.deliver(slot, generation, envelope),
      () => engine.forward(random(SHARDS + 1), envelope),
      () => engine.route(random(SHARDS + 1), '<message/>'),
      () => engine.call(random(SHARDS + 1), Buffer.from('call')),
      () => engine.move(slot, generation, random(SHARDS + 1), Buffer.from('state')),
      () => engine.startTls(slot, generation, 0, 'localhost'),
      () => engine.pause(slot, generation),
      () => engine.resume(slot, generation),
      () => engine.shape(slot, generation, random(2) * 100_000),
      () => engine.authenticated(slot, generation),
      () => engine.deadline(slot, generation, random(1500)),
      () => engine.details(slot, generation),
      () => engine.channelBinding(slot, generation, 'tls-exporter'),
    ];
    calls[random(calls.length)]?.();
    if (random(60) === 0) engine.close(slot, generation);
    if (random(60) === 0) engine.abort(slot, generation);
  };

  const react: Reaction = ({ kind, slot, generation, envelope }, engine) => {
    const name = `${shards.findIndex((shard) => shard.engine === engine)} ${slot} ${generation}`;
    if (kind === CONNECTED || kind === ARRIVED) {
      expect(alive.has(name)).toBe(false);
      alive.set(name, { engine, slot, generation });
    } else if (kind === CLOSED) {
      expect(alive.delete(name)).toBe(true);
      ended++;
    }
    for (let n = random(4); n > 0; n--) act(engine, slot, generation, envelope);
  };
  for (let shard = 0; shard < SHARDS; shard++) {
    shards.push(await Shard.start(createNative, react, { shard, shards: SHARDS, group }));
  }
  const ports = await Promise.all(
    shards.map(async ({ engine }, shard) => {
      const context = engine.createTlsContext(tlsOptions(identity));
      const directTls = shard === 0 ? context : undefined;
      return (await engine.listen({ ...LISTEN, directTls, maxOutputBytes: 400_000 })).port;
    }),
  );

  const input = Buffer.from(HEADER + "<message to='a@b' from='evil'><body>hello</body></message><iq/> ".repeat(200));
  const talk = async (): Promise<void> => {
    const shard = random(SHARDS);
    const options = { port: ports[shard] as number, host: '127.0.0.1', rejectUnauthorized: false };
    const secure = shard === 0 && random(5) > 0;
    const socket = secure ? connectTls(options) : connect(options);
    sockets.add(socket);
    socket.on('error', () => {});
    if (random(10) > 0) socket.resume();
    for (let at = 0, pieces = random(12); pieces > 0 && !socket.destroyed; pieces--) {
      const size = random(3000);
      socket.write(input.subarray(at, at + size));
      at += size;
      await new Promise((resolve) => setTimeout(resolve, random(4)));
    }
    if (random(3) === 0) socket.end();
    else if (!secure && random(2) === 0) socket.resetAndDestroy();
    else socket.destroy();
    sockets.delete(socket);
  };
  const timer = setInterval(() => {
    // Calls from outside of batches, at any time.
    const all = [...alive.values()];
    for (let n = 0; n < 10 && all.length > 0; n++) {
      const { engine, slot, generation } = all[random(all.length)] as (typeof all)[0];
      act(engine, slot, generation, random(4));
    }
  }, 1);
  let left = CONNECTIONS;
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (left-- > 0) await talk();
    }),
  );
  clearInterval(timer);
  // A peer's end is seen only where its connection is read.
  for (let tries = 0; tries < 100 && alive.size > 0; tries++) {
    for (const { engine, slot, generation } of alive.values()) engine.abort(slot, generation);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(alive.size).toBe(0);
  expect(ended).toBeGreaterThan(CONNECTIONS / 2);
  for (const { engine } of shards) expect(engine.counters().connections).toBe(0);
});

const identity = issue({ name: 'localhost' });
