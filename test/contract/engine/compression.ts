/** Contract of engines: streams that are compressed (XEP-0138). */
import { constants, createDeflate, createInflate, type Deflate, deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { closeReason, eventKind, streamFailure } from '../../../src/engine/envelope.js';
import { proceed } from '../../../src/engine/port.js';
import {
  type Client,
  type CreateEngine,
  HEADER,
  resting,
  type Shard,
  type Told,
} from '../../support/engine/harness.js';
import { Scene } from '../../support/engine/scene.js';

const { STREAM_OPENED, ELEMENT, STREAM_FAILED, CLOSED, ARRIVED, TIMED_OUT } = eventKind;

/** The client's side: what it writes is flushed at once, what it gets is put together in clear. */
class Peer {
  readonly deflate: Deflate;
  text = '';

  constructor(client: Client, level?: number) {
    const inflate = createInflate({ finishFlush: constants.Z_SYNC_FLUSH });
    inflate.on('data', (bytes: Buffer) => {
      this.text += bytes.toString();
    });
    client.socket.removeAllListeners('data');
    client.socket.on('data', (bytes: Buffer) => inflate.write(bytes));
    this.deflate = createDeflate({ flush: constants.Z_SYNC_FLUSH, ...(level !== undefined && { level }) });
    this.deflate.on('data', (bytes: Buffer) => client.socket.write(bytes));
  }

  send(text: string | Uint8Array): void {
    this.deflate.write(text);
  }
}

interface Compressed {
  readonly shard: Shard;
  readonly client: Client;
  readonly peer: Peer;
  readonly told: Told;
}

export function compressionContract(create: CreateEngine): void {
  describe('compression', () => {
    const scene = new Scene(create);

    /** A client whose request was just reported. */
    async function asking(request = '<compress/>', shard?: Shard): Promise<Omit<Compressed, 'peer'>> {
      const own = shard ?? (await scene.shard(resting));
      const client = await scene.client(await own.listen({ maxDecompressedBytes: 5000 }));
      client.send(HEADER + request);
      const { slot, generation } = await own.next(STREAM_OPENED);
      // So that what follows the header has been read.
      await new Promise((resolve) => setTimeout(resolve, 20));
      own.engine.proceed(slot, generation, proceed.STEP);
      return { shard: own, client, told: await own.next(ELEMENT) };
    }

    async function compressed(level?: number, shard?: Shard): Promise<Compressed> {
      const { told, client, ...rest } = await asking('<compress/>', shard);
      const { engine } = rest.shard;
      engine.send(told.slot, told.generation, '<before/>');
      expect(engine.startCompression(told.slot, told.generation, '<compressed/>')).toBe(true);
      await client.receives('<before/><compressed/>');
      const peer = new Peer(client, level);
      peer.send(HEADER);
      await rest.shard.next(STREAM_OPENED);
      return { told, client, peer, ...rest };
    }

    test('starts behind the output queued so far and the confirmation, with a new stream; then both ways', async () => {
      const { shard, told, peer } = await compressed();
      shard.engine.proceed(told.slot, told.generation, proceed.STREAM);
      for (let i = 0; i < 20; i++) {
        peer.send(`<iq id='${i}'/>`);
        expect((await shard.next(ELEMENT)).text).toBe(`<iq id='${i}'/>`);
        shard.engine.send(told.slot, told.generation, `<answer id='${i}'/>`);
      }
      await shard.until(() => peer.text.endsWith(`<answer id='19'/>`));
    });

    test.each([
      ['an element', '<compress/><iq/>'],
      ['compressed bytes', `<compress/>x`],
    ])('false, and nothing changes, when %s waits behind the request', async (_, request) => {
      const { shard, told, client } = await asking(request);
      expect(shard.engine.startCompression(told.slot, told.generation, '<compressed/>')).toBe(false);
      shard.engine.send(told.slot, told.generation, '<failure/>');
      await client.receives('<failure/>');
      expect(client.received).toBe('<failure/>');
      shard.engine.proceed(told.slot, told.generation, proceed.STEP);
      if (request.endsWith('<iq/>')) expect((await shard.next(ELEMENT)).text).toBe('<iq/>');
    });

    test('white space behind the request means nothing', async () => {
      const { shard, told } = await asking('<compress/> \n');
      expect(shard.engine.startCompression(told.slot, told.generation, '<compressed/>')).toBe(true);
    });

    test('false for a stream that is compressed, of a connection that is gone, or outside of lockstep', async () => {
      const { shard, told, client } = await compressed();
      const start = () => shard.engine.startCompression(told.slot, told.generation, '<compressed/>');
      expect(start()).toBe(false);
      shard.engine.proceed(told.slot, told.generation, proceed.STREAM);
      expect(start()).toBe(false);
      client.destroy();
      await shard.next(CLOSED);
      expect(start()).toBe(false);
    });

    test('everything before the end of the peer is read, however it was packed', async () => {
      const { shard, told, peer, client } = await compressed(9);
      shard.engine.proceed(told.slot, told.generation, proceed.STREAM);
      peer.send("<iq type='get' to='localhost'/>".repeat(1000));
      await new Promise<void>((resolve) => peer.deflate.flush(() => resolve()));
      client.socket.end();
      expect((await shard.next(CLOSED)).detail).toBe(closeReason.PEER);
      expect(shard.told.filter(({ kind }) => kind === ELEMENT)).toHaveLength(1001);
    });

    test('a connection moves with what it remembers of both directions', async () => {
      const shards = await scene.shards(2, resting);
      const [from, to] = shards as [Shard, Shard];
      const { told, peer, client } = await compressed(undefined, from);
      peer.send("<iq id='one' to='somebody@localhost'/><iq id='two' to='somebody@localhost'/>");
      from.engine.proceed(told.slot, told.generation, proceed.STEP);
      await from.next(ELEMENT);
      from.engine.send(told.slot, told.generation, "<answer to='somebody@localhost'/>");
      expect(from.engine.move(told.slot, told.generation, 1, Buffer.from('state'))).toBe(true);
      const { slot, generation } = await to.next(ARRIVED);
      expect(to.engine.startCompression(slot, generation, '')).toBe(false);
      to.engine.proceed(slot, generation, proceed.STREAM);
      expect((await to.next(ELEMENT)).text).toBe("<iq id='two' to='somebody@localhost'/>");
      to.engine.send(slot, generation, "<answer to='somebody@localhost'/>");
      peer.send("<iq id='three' to='somebody@localhost'/>");
      expect((await to.next(ELEMENT)).text).toBe("<iq id='three' to='somebody@localhost'/>");
      await to.until(() => peer.text === "<answer to='somebody@localhost'/>".repeat(2));
      client.send('no zlib');
      expect((await to.next(STREAM_FAILED)).detail).toBe(streamFailure.BAD_COMPRESSION);
    });

    test('maxDecompressedBytes: an element over it fails, after those before it, and is counted', async () => {
      const { shard, told, peer } = await compressed();
      shard.engine.proceed(told.slot, told.generation, proceed.STREAM);
      peer.send(`<iq id='fits'>${'abc'.repeat(1500)}</iq><iq>${'abc'.repeat(1800)}</iq>`);
      expect((await shard.next(ELEMENT)).text).toContain('fits');
      expect((await shard.next(STREAM_FAILED)).detail).toBe(streamFailure.TOO_MUCH_DECOMPRESSED);
      expect(shard.engine.counters().decompressionsRefused).toBe(1);
    });

    test.each([
      ['zeros', '\0'],
      ['white space', ' '],
    ])('a bomb of %s is stopped early, in little memory', async (_, character) => {
      const { shard, told, client } = await compressed();
      shard.engine.proceed(told.slot, told.generation, proceed.STREAM);
      const before = shard.engine.counters().memoryBytes;
      const bomb = deflateSync(Buffer.alloc(64 << 20, character), { level: 9 }).subarray(2);
      client.send(bomb);
      let peak = 0;
      const watch = setInterval(() => {
        peak = Math.max(peak, shard.engine.counters().memoryBytes - before);
      }, 1);
      expect((await shard.next(STREAM_FAILED)).detail).toBe(streamFailure.TOO_MUCH_DECOMPRESSED);
      clearInterval(watch);
      expect(peak).toBeLessThan(1 << 20);
      expect(shard.engine.counters().decompressionsRefused).toBe(1);
    });

    test('what is no zlib stream fails once, and the connection can still be told so', async () => {
      const { shard, told, client, peer } = await compressed();
      shard.engine.proceed(told.slot, told.generation, proceed.STREAM);
      client.send('\xff'.repeat(1000));
      expect((await shard.next(STREAM_FAILED)).detail).toBe(streamFailure.BAD_COMPRESSION);
      client.send('more');
      shard.engine.send(told.slot, told.generation, '<error/>');
      shard.engine.close(told.slot, told.generation);
      expect((await shard.next(CLOSED)).detail).toBe(closeReason.LOCAL);
      await shard.until(() => peer.text.endsWith('<error/>'));
      expect(shard.kinds().filter((kind) => kind === STREAM_FAILED)).toHaveLength(1);
    });

    test('a paused connection decompresses a bounded piece and no more', async () => {
      const { shard, told, peer } = await compressed();
      shard.engine.proceed(told.slot, told.generation, proceed.STREAM);
      shard.engine.pause(told.slot, told.generation);
      const before = shard.engine.counters().memoryBytes;
      for (let i = 0; i < 2000; i++) peer.send(`<iq id='${i}'>${Math.random()}</iq>`);
      shard.engine.deadline(told.slot, told.generation, 1);
      await shard.next(TIMED_OUT);
      expect(shard.engine.counters().memoryBytes - before).toBeLessThan(256 * 1024);
      shard.engine.resume(told.slot, told.generation);
      await shard.until(() => shard.told.filter(({ kind }) => kind === ELEMENT).length === 2001);
    });
  });
}
