/** Contract of engines: connections with frames that move, while their sockets stay where they are. */
import { describe, expect, test } from 'vitest';
import { closeReason, eventKind, release, streamFailure } from '../../../src/engine/envelope.js';
import { type FrameListenOptions, proceed } from '../../../src/engine/port.js';
import {
  type CreateEngine,
  LIMITS,
  type Reaction,
  resting,
  type Shard,
  settle,
  streaming,
  type Told,
} from '../../support/engine/harness.js';
import { FACTS, OPEN, Owner } from '../../support/engine/owner.js';
import { randomFrom } from '../../support/engine/random.js';
import { Scene } from '../../support/engine/scene.js';

const { CONNECTED, STREAM_OPENED, ELEMENT, STREAM_FAILED, CLOSED, ARRIVED, RELEASED, READ_ON, DRAINED, FRAME } =
  eventKind;

interface Moved {
  readonly from: Shard;
  readonly to: Shard;
  readonly owner: Owner;
  readonly arrived: Told;
}

export function movedFramesContract(create: CreateEngine): void {
  describe('moved frames', () => {
    const scene = new Scene(create);

    /** A connection that moved from the first shard to the second; `fed` came before, behind the header. */
    async function moved(options: Partial<FrameListenOptions> = {}, fed: readonly string[] = []): Promise<Moved> {
      const [from, to] = (await scene.shards(2, resting)) as [Shard, Shard];
      const owner = Owner.attach(from, options);
      for (const frame of [OPEN, ...fed]) owner.feed(frame);
      const { slot, generation } = await from.next(STREAM_OPENED);
      expect(from.engine.move(slot, generation, 1, Buffer.from('state'))).toBe(true);
      const arrived = await to.next(ARRIVED);
      return { from, to, owner, arrived };
    }

    test('move: it arrives in lockstep with its state and details, unread frames included; the carrier stays', async () => {
      const { from, to, owner, arrived } = await moved({}, ["<a xmlns='u'/>"]);
      expect(arrived.text).toBe('state');
      expect((await from.next(CLOSED)).detail).toBe(closeReason.MOVED);
      expect(owner.heard(RELEASED)).toEqual([]);
      const { slot, generation } = arrived;
      expect(to.engine.details(slot, generation)).toMatchObject({
        framing: 'websocket',
        remoteAddress: FACTS.remoteAddress,
      });
      expect(from.engine.counters().connections).toBe(0);
      owner.feed("<b xmlns='u'/>");
      await settle();
      expect(to.kinds()).toEqual([ARRIVED]);
      to.engine.proceed(slot, generation, proceed.STREAM);
      expect((await to.next(ELEMENT)).text).toBe("<a xmlns='u'/>");
      expect((await to.next(ELEMENT)).text).toBe("<b xmlns='u'/>");
    });

    test('frames come back in order, those that were queued before the move in front', async () => {
      const [from, to] = (await scene.shards(2, resting)) as [Shard, Shard];
      const owner = Owner.attach(from);
      const { slot, generation } = await from.next(CONNECTED);
      for (let id = 0; id < 3; id++) from.engine.send(slot, generation, `<a id='${id}' xmlns='u'/>`);
      from.engine.move(slot, generation, 1, Buffer.alloc(0));
      const arrived = await to.next(ARRIVED);
      for (let id = 3; id < 6; id++) to.engine.send(arrived.slot, arrived.generation, `<a id='${id}' xmlns='u'/>`);
      await owner.receives(...[0, 1, 2, 3, 4, 5].map((id) => `<a id='${id}' xmlns='u'/>`));
    });

    test('a frame that is half fed when its connection moves goes on there', async () => {
      const [from, to] = (await scene.shards(2, resting)) as [Shard, Shard];
      const owner = Owner.attach(from);
      owner.feed(OPEN);
      owner.feed("<a xmlns='u'>half", false);
      const { slot, generation } = await from.next(STREAM_OPENED);
      from.engine.proceed(slot, generation, proceed.STEP);
      await settle();
      from.engine.move(slot, generation, 1, Buffer.alloc(0));
      owner.feed(' and half</a', false);
      const arrived = await to.next(ARRIVED);
      owner.feed('>', true);
      to.engine.proceed(arrived.slot, arrived.generation, proceed.STREAM);
      expect((await to.next(ELEMENT)).text).toBe("<a xmlns='u'>half and half</a>");
      owner.feed('<b/><b/>');
      expect((await to.next(STREAM_FAILED)).detail).toBe(streamFailure.BAD_FRAME);
    });

    test('what moved once stays; on a shard that does not run it cannot', async () => {
      const { from, to, arrived } = await moved();
      expect(to.engine.move(arrived.slot, arrived.generation, 0, Buffer.alloc(0))).toBe(false);
      Owner.attach(from);
      const { slot, generation } = await from.next(CONNECTED);
      expect(from.engine.move(slot, generation, 9, Buffer.alloc(0))).toBe(false);
      await settle();
      expect(to.kinds()).toEqual([ARRIVED]);
    });

    test('close there: the frames, then RELEASED here', async () => {
      const { to, owner, arrived } = await moved();
      to.engine.send(arrived.slot, arrived.generation, "<a xmlns='u'/>");
      to.engine.close(arrived.slot, arrived.generation);
      expect((await to.next(CLOSED)).detail).toBe(closeReason.LOCAL);
      await owner.shard.until(() => owner.heard(RELEASED).length > 0);
      expect(owner.heard(RELEASED)[0]?.detail).toBe(release.DONE);
      expect(owner.frames).toEqual(["<a xmlns='u'/>"]);
      owner.detach();
    });

    test('abort there: RELEASED here, to be cut', async () => {
      const { to, owner, arrived } = await moved();
      to.engine.abort(arrived.slot, arrived.generation);
      await owner.shard.until(() => owner.heard(RELEASED).length > 0);
      expect(owner.heard(RELEASED)[0]?.detail).toBe(release.CUT);
    });

    test.each([
      ['orderly', true, closeReason.PEER],
      ['broken', false, closeReason.RESET],
    ] as const)('detach here, %s: CLOSED there', async (_, isOrderly, reason) => {
      const { to, owner, arrived } = await moved();
      to.engine.proceed(arrived.slot, arrived.generation, proceed.STREAM);
      owner.detach(isOrderly);
      expect((await to.next(CLOSED)).detail).toBe(reason);
      expect(owner.heard(RELEASED)).toEqual([]);
    });

    test('detach while it is on its way: CLOSED there', async () => {
      const [from, to] = (await scene.shards(2, streaming)) as [Shard, Shard];
      const owner = Owner.attach(from);
      const { slot, generation } = await from.next(CONNECTED);
      from.engine.move(slot, generation, 1, Buffer.alloc(0));
      owner.detach(false);
      await to.next(ARRIVED);
      expect((await to.next(CLOSED)).detail).toBe(closeReason.RESET);
      expect(owner.heard(RELEASED)).toEqual([]);
    });

    test('the shard of the connection ends: RELEASED here, within seconds', async () => {
      const { to, owner } = await moved();
      to.engine.stop();
      await owner.shard.until(() => owner.heard(RELEASED).length > 0);
      expect(owner.heard(RELEASED)[0]?.detail).toBe(release.CUT);
      owner.feed("<a xmlns='u'/>");
      owner.sent(10);
      owner.detach();
    });

    test('the shard of the socket ends: CLOSED there, within seconds', async () => {
      const { from, to } = await moved();
      from.engine.stop();
      expect((await to.next(CLOSED)).detail).toBe(closeReason.RESET);
      expect(to.engine.counters().connections).toBe(0);
    });

    test('maxInputBytes holds over both shards: feed says to stop, READ_ON to go on, and more is a failure', async () => {
      const { to, owner, arrived } = await moved({ maxInputBytes: 8000 });
      const frame = `<a xmlns='u'>${'x'.repeat(980)}</a>`;
      const answers = Array.from({ length: 6 }, () => owner.feed(frame));
      expect(answers).toContain(false);
      to.engine.proceed(arrived.slot, arrived.generation, proceed.STREAM);
      await owner.shard.until(() => owner.heard(READ_ON).length > 0);
      await to.until(() => to.told.filter((told) => told.kind === ELEMENT).length === 6);
      to.engine.pause(arrived.slot, arrived.generation);
      for (let count = 0; count < 12; count++) owner.feed(frame);
      expect((await to.next(STREAM_FAILED)).detail).toBe(streamFailure.TOO_MUCH_UNREAD);
    });

    test('sent here drains there', async () => {
      const { to, owner, arrived } = await moved({ maxOutputBytes: 1000 });
      const { slot, generation } = arrived;
      const frame = `<a xmlns='u'>${'x'.repeat(283)}</a>`;
      expect([to.engine.send(slot, generation, frame), to.engine.send(slot, generation, frame)]).toEqual([true, false]);
      await owner.shard.until(() => owner.frames.length === 2);
      owner.sent(600);
      await to.next(DRAINED);
      await to.until(() => to.engine.details(slot, generation)?.queuedBytes === 0);
    });

    test('a socket that takes nothing is released for QUEUE_FULL', async () => {
      const { to, owner, arrived } = await moved({ maxOutputBytes: 1000 });
      const { slot, generation } = arrived;
      const deadline = Date.now() + 7000;
      while (owner.heard(RELEASED).length === 0 && Date.now() < deadline) {
        to.engine.send(slot, generation, `<a xmlns='u'>${'x'.repeat(600)}</a>`);
        await settle();
      }
      expect((await to.next(CLOSED)).detail).toBe(closeReason.QUEUE_FULL);
      expect(owner.heard(RELEASED).map((told) => told.detail)).toEqual([release.CUT]);
    });

    test('many at once, with random pieces: everything arrives, in order, and comes back', async () => {
      const random = randomFrom(7);
      const echo: Reaction = (told, engine) => {
        if (told.kind === CONNECTED) engine.move(told.slot, told.generation, 1, Buffer.alloc(0));
        if (told.kind === ARRIVED) engine.stamp(told.slot, told.generation, 'a@b');
        if (told.kind === ELEMENT) engine.deliver(told.slot, told.generation, told.envelope);
        const goesOn = told.kind === ARRIVED || told.kind === STREAM_OPENED || told.kind === ELEMENT;
        if (goesOn) engine.proceed(told.slot, told.generation, proceed.STREAM);
      };
      const [from] = (await scene.shards(2, echo)) as [Shard, Shard];
      const listener = Owner.attach(from).shard.engine.listenFrames({
        framing: 'websocket',
        limits: LIMITS,
        maxOutputBytes: 1_000_000,
        maxOutputWrites: 0,
        maxInputBytes: 1_000_000,
        authenticationDeadlineMs: 0,
        maxConnections: 0,
      });
      const owners = Array.from({ length: 20 }, () => new Owner(from, from.engine.attach(listener, FACTS) as never));
      const count = 60;
      for (const owner of owners) owner.feed(OPEN);
      for (let id = 0; id < count; id++) {
        for (const owner of owners) {
          const bytes = Buffer.from(`<message id='${id}'>${'x'.repeat(random(3000))}</message>`);
          const cut = random(bytes.length);
          owner.feed(bytes.subarray(0, cut), false);
          owner.feed(bytes.subarray(cut), true);
        }
        if (random(4) === 0) await new Promise((resolve) => setImmediate(resolve));
        for (const owner of owners) owner.sent(random(3000));
      }
      const total = (): number => from.told.filter((told) => told.kind === FRAME).length;
      await from.until(() => total() === count * owners.length);
      for (const owner of owners) {
        const ids = owner.frames.map((frame) => Number(/id='(\d+)'/.exec(frame)?.[1]));
        expect(ids).toEqual(Array.from({ length: count }, (_, id) => id));
      }
    });
  });
}
