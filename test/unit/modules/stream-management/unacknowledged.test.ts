/** XEP-0198 section 4: counters that begin again behind 2^32, and a queue that forgets exactly what was acknowledged. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { COUNTER_RANGE } from '../../../../src/modules/stream-management/nonzas.js';
import { UnacknowledgedQueue } from '../../../../src/modules/stream-management/unacknowledged.js';
import { el } from '../../../../src/protocol/element.js';
import { Stanza } from '../../../../src/protocol/stanza.js';

const stanza = (id: number) =>
  Stanza.fromElement(el('message', { xmlns: 'jabber:client', id: String(id) }), undefined, undefined);
const ids = (queue: UnacknowledgedQueue) => [...queue].map((entry) => Number(entry.stanza.id));

/** A queue that has had so many stanzas, all acknowledged. */
function queueAfter(count: number): UnacknowledgedQueue {
  const queue = new UnacknowledgedQueue();
  queue.count(count);
  for (let left = count; left > 0; left -= COUNTER_RANGE - 1)
    queue.acknowledge((count - left + Math.min(left, COUNTER_RANGE - 1)) % COUNTER_RANGE);
  return queue;
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), bytes: fc.integer({ min: 1, max: 1_000 }) }),
  fc.record({ kind: fc.constant('acknowledge' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
);
/** Also right before and behind the place where the counter begins again. */
const start = fc.oneof(
  fc.constant(0),
  fc.integer({ min: COUNTER_RANGE - 50, max: COUNTER_RANGE + 50 }),
  fc.integer({ min: 0, max: 3 * COUNTER_RANGE }),
);

it('holds what was sent and not acknowledged, in order, whatever the counters are', () => {
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 200 }), (before, steps) => {
      const queue = queueAfter(before);
      const model: { id: number; bytes: number }[] = [];
      let sent = before;
      for (const one of steps) {
        if (one.kind === 'send') {
          queue.push(stanza(++sent), one.bytes, 0);
          model.push({ id: sent, bytes: one.bytes });
        } else {
          const newly = Math.round(one.share * model.length);
          model.splice(0, newly);
          const h = (sent - model.length) % COUNTER_RANGE;
          expect(queue.accepts(h)).toBe(true);
          queue.acknowledge(h);
        }
        expect(ids(queue)).toEqual(model.map(({ id }) => id));
        expect(queue.length).toBe(model.length);
        expect(queue.bytes).toBe(model.reduce((sum, { bytes }) => sum + bytes, 0));
        expect(queue.sent).toBe(sent);
      }
    }),
  );
});

it('section 6: accepts no number but those between the last one and what was sent', () => {
  fc.assert(
    fc.property(
      start,
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 0, max: COUNTER_RANGE - 1 }),
      (before, more, h) => {
        const queue = queueAfter(before);
        for (let index = 0; index < more; index++) queue.push(stanza(index), 1, 0);
        const isBetween = Array.from({ length: more + 1 }, (_, index) => (before + index) % COUNTER_RANGE).includes(h);
        expect(queue.accepts(h)).toBe(isBetween);
      },
    ),
  );
});

it('at the wrap: 2^32 - 1 is followed by 0', () => {
  const queue = queueAfter(COUNTER_RANGE - 2);
  for (const id of [1, 2, 3]) queue.push(stanza(id), 1, 0);
  queue.acknowledge(COUNTER_RANGE - 1);
  expect(ids(queue)).toEqual([2, 3]);
  expect(queue.accepts(2)).toBe(false);
  queue.acknowledge(0);
  expect(ids(queue)).toEqual([3]);
  queue.acknowledge(1);
  expect(queue.length).toBe(0);
  expect(queue.accepts(0)).toBe(false);
});

it('what is taken out is not there any more', () => {
  const queue = new UnacknowledgedQueue();
  for (const id of [1, 2, 3]) queue.push(stanza(id), 10, 0);
  queue.acknowledge(1);
  expect(queue.take().map((entry) => entry.stanza.id)).toEqual(['2', '3']);
  expect([queue.length, queue.bytes]).toEqual([0, 0]);
  expect(queue.take()).toEqual([]);
});
