/** Contract of engines: what counts as queued of frames that somebody else's socket has to send. */
import { describe, expect, test } from 'vitest';
import { closeReason, eventKind, release, WORDS_PER_ENVELOPE, word } from '../../../src/engine/envelope.js';
import { type CreateEngine, settle } from '../../support/engine/harness.js';
import { Owner } from '../../support/engine/owner.js';
import { Scene } from '../../support/engine/scene.js';

const { CONNECTED, CLOSED, RELEASED, DRAINED } = eventKind;

export function leavingFramesContract(create: CreateEngine): void {
  describe('frames on their way', () => {
    const scene = new Scene(create);

    test('queued bytes: what was told and has not left counts, and is DRAINED by sent', async () => {
      const shard = await scene.shard();
      const owner = Owner.attach(shard, { maxOutputBytes: 1000 });
      const { slot, generation } = await shard.next(CONNECTED);
      const frame = `<a xmlns='u'>${'x'.repeat(283)}</a>`;
      expect(shard.engine.send(slot, generation, frame)).toBe(true);
      expect(shard.engine.send(slot, generation, frame)).toBe(false);
      await shard.until(() => owner.frames.length === 2);
      expect(shard.engine.details(slot, generation)?.queuedBytes).toBe(600);
      owner.sent(300);
      await shard.next(DRAINED);
      expect(shard.engine.details(slot, generation)?.queuedBytes).toBe(300);
      owner.sent(300);
      expect(shard.engine.details(slot, generation)).toMatchObject({ queuedBytes: 0, bytesOut: 600 });
    });

    test('LEFT: a frame that is marked while its batch runs needs no sent, and its neighbour does', async () => {
      const shard = await scene.shard((told, engine) => {
        // As the owner of a socket does that has taken the frame at once.
        if (told.kind === eventKind.FRAME && told.text.includes('first'))
          engine.words[told.envelope * WORDS_PER_ENVELOPE + word.LEFT] = 1;
      });
      const owner = Owner.attach(shard, { maxOutputBytes: 1000 });
      const { slot, generation } = await shard.next(CONNECTED);
      const [first, second] = ['first', 'other'].map((name) => `<${name} xmlns='u'>${'x'.repeat(400)}</${name}>`);
      expect(shard.engine.send(slot, generation, first as string)).toBe(true);
      expect(shard.engine.send(slot, generation, second as string)).toBe(false);
      await shard.until(() => owner.frames.length === 2);
      await shard.next(DRAINED);
      expect(shard.engine.details(slot, generation)?.queuedBytes).toBe((second as string).length);
      owner.sent((second as string).length);
      expect(shard.engine.details(slot, generation)?.queuedBytes).toBe(0);
    });

    test('QUEUE_FULL: an owner whose socket takes nothing is released', async () => {
      const shard = await scene.shard();
      const owner = Owner.attach(shard, { maxOutputBytes: 1000 });
      const { slot, generation } = await shard.next(CONNECTED);
      for (let count = 0; count < 5; count++) {
        shard.engine.send(slot, generation, `<a>${'x'.repeat(600)}</a>`);
        await settle();
      }
      expect((await shard.next(CLOSED)).detail).toBe(closeReason.QUEUE_FULL);
      expect(owner.heard(RELEASED).map((told) => told.detail)).toEqual([release.CUT]);
      expect(owner.frames.length).toBe(2);
    });
  });
}
