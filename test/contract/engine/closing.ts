/** Contract of engines: the ways in which connections end. */
import { describe, expect, test } from 'vitest';
import { closeReason, eventKind } from '../../../src/engine/envelope.js';
import { proceed } from '../../../src/engine/port.js';
import { type CreateEngine, HEADER, step } from '../../support/engine/harness.js';
import { Scene } from '../../support/engine/scene.js';

const { CONNECTED, STREAM_OPENED, STREAM_CLOSED, ELEMENT, CLOSED } = eventKind;

export function closingContract(create: CreateEngine): void {
  describe('closing', () => {
    const scene = new Scene(create);

    test('close: what is queued is written, then the end, then CLOSED; input is no longer read', async () => {
      const shard = await scene.shard();
      const client = await scene.client(await shard.listen());
      const { slot, generation } = await shard.next(CONNECTED);
      client.send(HEADER);
      await shard.next(STREAM_OPENED);
      shard.engine.send(slot, generation, 'x'.repeat(300_000));
      shard.engine.send(slot, generation, 'last');
      shard.engine.close(slot, generation);
      expect(shard.engine.send(slot, generation, 'too late')).toBe(false);
      client.send('<a/>');
      await client.until(() => client.hasEnded);
      expect(client.received).toHaveLength(300_004);
      expect((await shard.next(CLOSED)).detail).toBe(closeReason.LOCAL);
      expect(shard.kinds()).not.toContain(ELEMENT);
      expect(client.error).toBeUndefined();
    });

    test('close: input that nobody read does not turn our last bytes into a reset', async () => {
      const shard = await scene.shard();
      const client = await scene.client(await shard.listen());
      client.send(`${HEADER}<a></b>${'x'.repeat(200_000)}`);
      const { slot, generation } = await shard.next(eventKind.STREAM_FAILED);
      shard.engine.send(slot, generation, '</stream:stream>');
      shard.engine.close(slot, generation);
      await client.until(() => client.hasEnded || client.error !== undefined);
      expect(client.error).toBeUndefined();
      expect(client.received).toBe('</stream:stream>');
    });

    test('abort: at once, with CLOSED and LOCAL', async () => {
      const shard = await scene.shard();
      const client = await scene.client(await shard.listen());
      const { slot, generation } = await shard.next(CONNECTED);
      shard.engine.abort(slot, generation);
      shard.engine.abort(slot, generation);
      expect((await shard.next(CLOSED)).detail).toBe(closeReason.LOCAL);
      await client.until(() => client.isClosed || client.hasEnded);
      expect(shard.kinds()).toEqual([CONNECTED, CLOSED]);
    });

    test('the peer ends: what it sent is told first, then CLOSED with PEER', async () => {
      const shard = await scene.shard();
      const client = await scene.client(await shard.listen());
      client.socket.end(`${HEADER}<a/></stream:stream>`);
      expect((await shard.next(CLOSED)).detail).toBe(closeReason.PEER);
      expect(shard.kinds()).toEqual([CONNECTED, STREAM_OPENED, ELEMENT, STREAM_CLOSED, CLOSED]);
    });

    test('the peer resets: CLOSED with RESET', async () => {
      const shard = await scene.shard();
      const client = await scene.client(await shard.listen());
      client.send(HEADER);
      await shard.next(STREAM_OPENED);
      client.socket.resetAndDestroy();
      expect((await shard.next(CLOSED)).detail).toBe(closeReason.RESET);
    });

    test('a generation that has passed: calls do nothing, also when the slot is used again', async () => {
      const shard = await scene.shard(step);
      const port = await shard.listen();
      const first = await scene.client(port);
      const old = await shard.next(CONNECTED);
      first.destroy();
      await shard.next(CLOSED);
      const second = await scene.client(port);
      const now = await shard.next(CONNECTED);
      expect([now.slot, now.generation]).not.toEqual([old.slot, old.generation]);
      const { engine } = shard;
      expect(engine.send(old.slot, old.generation, 'x')).toBe(false);
      engine.close(old.slot, old.generation);
      engine.abort(old.slot, old.generation);
      engine.pause(old.slot, old.generation);
      engine.proceed(old.slot, old.generation, proceed.STEP);
      expect(engine.details(old.slot, old.generation)).toBeUndefined();
      expect(engine.channelBinding(old.slot, old.generation, 'tls-unique')).toBeUndefined();
      expect(engine.move(old.slot, old.generation, 0, new Uint8Array(0))).toBe(false);
      second.send(HEADER);
      await shard.next(STREAM_OPENED);
      engine.send(now.slot, now.generation, 'alive');
      await second.receives('alive');
      expect(second.received).toBe('alive');
    });

    test('CLOSED is the last event of its generation, and comes once', async () => {
      const shard = await scene.shard((told, engine) => {
        if (told.kind === STREAM_OPENED) {
          engine.send(told.slot, told.generation, 'bye');
          engine.close(told.slot, told.generation);
          engine.close(told.slot, told.generation);
        }
      });
      const client = await scene.client(await shard.listen());
      client.socket.end(`${HEADER}<a/>`);
      await shard.next(CLOSED);
      await client.until(() => client.isClosed || client.hasEnded);
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(client.received).toBe('bye');
      expect(shard.kinds()).toEqual([CONNECTED, STREAM_OPENED, CLOSED]);
    });

    test('LINGER_TIMEOUT: a peer that does not take our last bytes holds the connection only so long', async () => {
      const shard = await scene.shard();
      const client = await scene.client(await shard.listen({ maxOutputBytes: 100_000_000 }));
      const { slot, generation } = await shard.next(CONNECTED);
      client.socket.pause();
      shard.engine.send(slot, generation, 'x'.repeat(20_000_000));
      shard.engine.close(slot, generation);
      await shard.until(() => true);
      const started = performance.now();
      while (!shard.kinds().includes(CLOSED) && performance.now() - started < 14_000) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect((await shard.next(CLOSED)).detail).toBe(closeReason.LINGER_TIMEOUT);
    });
  });
}
