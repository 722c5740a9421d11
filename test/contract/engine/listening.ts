/** Contract of engines: listeners, limits on connections, deadlines, counters. */
import { connect, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { eventKind } from '../../../src/engine/envelope.js';
import { EngineError } from '../../../src/engine/port.js';
import { Client, type CreateEngine, HEADER, LISTEN, resting } from '../../support/engine/harness.js';
import { Scene } from '../../support/engine/scene.js';

export function listeningContract(create: CreateEngine): void {
  describe('listening', () => {
    const scene = new Scene(create);

    test('listen: binds a free port and tells its listener of each connection', async () => {
      const shard = await scene.shard();
      const first = await shard.engine.listen(LISTEN);
      const second = await shard.engine.listen(LISTEN);
      expect(first.port).toBeGreaterThan(0);
      expect(second.listener).not.toBe(first.listener);
      await scene.client(second.port);
      expect((await shard.next(eventKind.CONNECTED)).detail).toBe(second.listener);
      await scene.client(first.port);
      expect((await shard.next(eventKind.CONNECTED)).detail).toBe(first.listener);
    });

    test('listen: a port in use is an EngineError that names address, port and reason', async () => {
      const shard = await scene.shard();
      const taken = createServer();
      await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
      const { port } = taken.address() as { port: number };
      const failure = await Promise.resolve()
        .then(() => shard.engine.listen({ ...LISTEN, port }))
        .catch((error: unknown) => error);
      taken.close();
      expect(failure).toBeInstanceOf(EngineError);
      expect((failure as EngineError).code).toBe('EADDRINUSE');
      expect((failure as EngineError).message).toContain('127.0.0.1');
      expect((failure as EngineError).message).toContain(String(port));
    });

    test('listen: `::` takes IPv4 too, unless ipv6Only', async () => {
      const shard = await scene.shard();
      const dual = await shard.listen({ address: '::' });
      const client = await scene.client(dual);
      expect(client.error).toBeUndefined();
      const { slot, generation } = await shard.next(eventKind.CONNECTED);
      expect(shard.engine.details(slot, generation)?.remoteAddress).toMatch(/127\.0\.0\.1$/);
      const only = await shard.listen({ address: '::', ipv6Only: true });
      await expect(Client.connect(only)).rejects.toThrow('ECONNREFUSED');
    });

    test('unlisten: accepts no more, and connections stay', async () => {
      const shard = await scene.shard();
      const { listener, port } = await shard.engine.listen(LISTEN);
      const client = await scene.client(port);
      await shard.next(eventKind.CONNECTED);
      shard.engine.unlisten(listener);
      await expect(Client.connect(port)).rejects.toThrow('ECONNREFUSED');
      client.send(HEADER);
      await shard.next(eventKind.STREAM_OPENED);
    });

    test('maxConnections: one more is reset, until another is gone', async () => {
      const shard = await scene.shard();
      const port = await shard.listen({ maxConnections: 1 });
      const first = await scene.client(port);
      await shard.next(eventKind.CONNECTED);
      const code = await new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
        socket.on('end', () => resolve('end'));
      });
      expect(code).toBe('ECONNRESET');
      first.destroy();
      await shard.next(eventKind.CLOSED);
      await scene.client(port);
      await shard.next(eventKind.CONNECTED);
    });

    test('authenticationDeadlineMs: TIMED_OUT, but not once authenticated', async () => {
      const shard = await scene.shard(resting);
      const port = await shard.listen({ authenticationDeadlineMs: 300 });
      await scene.client(port);
      const first = await shard.next(eventKind.CONNECTED);
      shard.engine.authenticated(first.slot, first.generation);
      await scene.client(port);
      const second = await shard.next(eventKind.CONNECTED);
      const late = await shard.next(eventKind.TIMED_OUT);
      expect([late.slot, late.generation]).toEqual([second.slot, second.generation]);
      expect(shard.kinds().filter((kind) => kind === eventKind.TIMED_OUT)).toHaveLength(1);
    });

    test('deadline: TIMED_OUT after it, not when it was cleared, and the connection stays', async () => {
      const shard = await scene.shard(resting);
      const port = await shard.listen();
      const client = await scene.client(port);
      const { slot, generation } = await shard.next(eventKind.CONNECTED);
      shard.engine.deadline(slot, generation, 100);
      await shard.next(eventKind.TIMED_OUT);
      shard.engine.deadline(slot, generation, 100);
      shard.engine.deadline(slot, generation, 0);
      await new Promise((resolve) => setTimeout(resolve, 2200));
      expect(shard.kinds().filter((kind) => kind === eventKind.TIMED_OUT)).toHaveLength(1);
      client.send(HEADER);
      await shard.next(eventKind.STREAM_OPENED);
    });

    test('counters: connections, those ever accepted, and bytes either way', async () => {
      const shard = await scene.shard();
      const port = await shard.listen();
      const one = await scene.client(port);
      const { slot, generation } = await shard.next(eventKind.CONNECTED);
      one.send(HEADER);
      await shard.next(eventKind.STREAM_OPENED);
      shard.engine.send(slot, generation, 'answer');
      await one.receives('answer');
      one.destroy();
      await shard.next(eventKind.CLOSED);
      const two = await scene.client(port);
      await shard.next(eventKind.CONNECTED);
      two.send(HEADER);
      await shard.next(eventKind.STREAM_OPENED);
      const counters = shard.engine.counters();
      expect(counters).toMatchObject({ connections: 1, accepted: 2, bytesIn: 2 * HEADER.length, bytesOut: 6 });
      expect(counters.memoryBytes).toBeGreaterThan(0);
    });

    test('details: both addresses and the traffic of a connection', async () => {
      const shard = await scene.shard();
      const port = await shard.listen();
      const client = await scene.client(port);
      const { slot, generation } = await shard.next(eventKind.CONNECTED);
      client.send(HEADER);
      await shard.next(eventKind.STREAM_OPENED);
      expect(shard.engine.details(slot, generation)).toMatchObject({
        remoteAddress: '127.0.0.1',
        remotePort: client.socket.localPort,
        localAddress: '127.0.0.1',
        localPort: port,
        tls: undefined,
        bytesIn: HEADER.length,
        queuedBytes: 0,
      });
    });

    test('stop: connections end, no event follows, and a second time does nothing', async () => {
      const shard = await scene.shard();
      const port = await shard.listen();
      const client = await scene.client(port);
      const { slot, generation } = await shard.next(eventKind.CONNECTED);
      const told = shard.told.length;
      shard.engine.stop();
      shard.engine.stop();
      await client.until(() => client.isClosed || client.hasEnded);
      await expect(Client.connect(port)).rejects.toThrow('ECONNREFUSED');
      expect(shard.engine.send(slot, generation, 'x')).toBe(false);
      expect(shard.told).toHaveLength(told);
    });
  });
}
