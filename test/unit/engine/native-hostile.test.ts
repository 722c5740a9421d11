/** Native connections whose owners never pause, and peers that make work out of all proportion to what they send. */
import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { closeReason, eventKind } from '../../../src/engine/envelope.js';
import { issue } from '../../support/engine/certificates.js';
import { HEADER, LIMITS, resting, type Shard, streaming } from '../../support/engine/harness.js';
import { Scene } from '../../support/engine/scene.js';
import { tlsOptions } from '../../support/engine/tls-options.js';
import { createNative } from './native-kit.js';

const { CONNECTED, ELEMENT, CLOSED, ARRIVED, SECURED } = eventKind;
const scene = new Scene(createNative);

describe('batches that each take leave of a connection', () => {
  const COUNT = 60;

  test('connections that moved arrive meanwhile, and do not wait for a batch without a move', async () => {
    let left = 0;
    let leftAtFirstArrival = 0;
    const waiting: { slot: number; generation: number }[] = [];
    const [from, to] = (await scene.shards(2, (told, engine) => {
      if (told.kind === CONNECTED) waiting.push(told);
      if (told.kind === ARRIVED) leftAtFirstArrival ||= left;
      // One leaves in each batch, from the first CLOSED on.
      if (told.kind !== CLOSED) return;
      const next = waiting.pop();
      if (next) left += Number(engine.move(next.slot, next.generation, 1, new Uint8Array(0)));
    })) as [Shard, Shard];
    const port = await from.listen();
    for (let n = 0; n < COUNT; n++) await scene.client(port);
    await from.until(() => waiting.length === COUNT);
    const first = waiting.pop() as { slot: number; generation: number };
    from.engine.abort(first.slot, first.generation);
    await to.until(() => to.kinds().filter((kind) => kind === ARRIVED).length === COUNT - 1);
    // Rounds of one turn of the loop, and those of the turn in which the other shard finds its mail.
    expect(leftAtFirstArrival).toBeLessThan(20);
  });

  test('slots of connections that ended are used again meanwhile', async () => {
    const waiting: { slot: number; generation: number }[] = [];
    let memory = 0;
    const shard = await scene.shard((told, engine) => {
      if (told.kind === CONNECTED) waiting.push(told);
      if (told.kind !== CLOSED) return;
      const next = waiting.pop();
      if (next) engine.abort(next.slot, next.generation);
      if (waiting.length === 1) memory = engine.counters().memoryBytes;
    });
    const port = await shard.listen();
    const before = shard.engine.counters().memoryBytes;
    for (let n = 0; n < COUNT; n++) await scene.client(port);
    await shard.until(() => waiting.length === COUNT);
    const all = shard.engine.counters().memoryBytes - before;
    const first = waiting.pop() as { slot: number; generation: number };
    shard.engine.abort(first.slot, first.generation);
    await shard.until(() => memory > 0);
    // One is left, and the last few that ended.
    expect(memory - before).toBeLessThan(all / 4);
  });
});

describe('an element larger than the arena', () => {
  test('that comes in small pieces costs what it weighs, and not the arena once more for each piece', async () => {
    const shard = await scene.shard(streaming);
    const port = await shard.listen({ limits: { ...LIMITS, maxStanzaBytes: 100_000_000 } });
    const client = await scene.client(port);
    client.send(`${HEADER}<message><body>${'x'.repeat(8_000_000)}`);
    await shard.until(() => shard.engine.counters().bytesIn > 8_000_000);
    const before = process.cpuUsage();
    const pieces = 400;
    for (let n = 0; n < pieces; n++) {
      client.send('y');
      await new Promise((resolve) => setImmediate(resolve));
    }
    await shard.until(() => shard.engine.counters().bytesIn >= 8_000_000 + pieces);
    const { user, system } = process.cpuUsage(before);
    client.send('</body></message>');
    const element = await shard.next(ELEMENT);
    expect(element.bytes.length).toBe('<message><body></body></message>'.length + 8_000_000 + pieces);
    // Microseconds for each piece: a new arena of 8 MB would be ten times as much.
    expect((user + system) / pieces).toBeLessThan(500);
  });
});

describe.skipIf(spawnSync('openssl', ['version']).status !== 0)('records without clear text', () => {
  test('a peer that asks for new keys (RFC 8446 section 4.6.3) time and again is given up', async () => {
    const shard = await scene.shard();
    const directTls = shard.engine.createTlsContext(tlsOptions(issue({ name: 'localhost' })));
    const port = await shard.listen({ directTls });
    const peer = spawn('openssl', ['s_client', '-tls1_3', '-connect', `127.0.0.1:${port}`], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    peer.stdin.on('error', () => {});
    await shard.next(SECURED);
    // Each line that it reads by itself is one request.
    const asking = setInterval(() => peer.stdin.write('K\n'), 1);
    const { detail } = await shard.next(CLOSED);
    clearInterval(asking);
    peer.kill();
    expect(detail).toBe(closeReason.TLS_FAILED);
  });
});

test('a tree has one string for a namespace, however many of its elements are in it', async () => {
  const { engine } = await scene.shard();
  const name = `urn:${'n'.repeat(1000)}`;
  const xml = `<message xmlns:a='${name}'>${'<a:b/>'.repeat(60_000)}</message>`;
  const before = process.memoryUsage().heapUsed;
  const tree = engine.parse(xml);
  const used = process.memoryUsage().heapUsed - before;
  expect(tree?.children.length).toBe(60_000);
  expect(tree?.children.at(-1)).toMatchObject({ name: 'b', ns: name });
  // Strings of their own would be 60 MB.
  expect(used).toBeLessThan(40_000_000);
});

test('send: bytes whose number has more than 32 bits close the connection, and are not cut', async () => {
  const shard = await scene.shard(resting);
  const port = await shard.listen();
  await scene.client(port);
  const { slot, generation } = await shard.next(CONNECTED);
  // Zeros that nobody reads take no memory.
  expect(shard.engine.send(slot, generation, new Uint8Array(2 ** 32))).toBe(false);
  expect((await shard.next(CLOSED)).detail).toBe(closeReason.QUEUE_FULL);
});
