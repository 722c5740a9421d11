/** XEP-0198 section 4: what a client is told of its stanzas, and when it is told nothing any more. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Acknowledgement } from '../../../../src/modules/stream-management/acknowledgement.js';
import { answer, COUNTER_RANGE, failed, resumed } from '../../../../src/modules/stream-management/nonzas.js';

/** A server whose troubles the test makes. */
function server() {
  return { troubles: 0, settled: (): Promise<void> | undefined => undefined };
}

it('counts begin again at 0 behind 2^32 - 1, wherever they are told', () => {
  for (const [handled, h] of [
    [COUNTER_RANGE - 1, '4294967295'],
    [COUNTER_RANGE, '0'],
    [2 * COUNTER_RANGE + 7, '7'],
  ] as const) {
    expect(answer(handled)).toContain(`h='${h}'`);
    expect(resumed('id', handled).attrs['h']).toBe(h);
    expect(failed('item-not-found', handled).attrs['h']).toBe(h);
  }
});

it('a trouble is held against what came before it and was not told to be safe, and against nothing else', () => {
  const durability = server();
  const acknowledgement = new Acknowledgement(durability);
  durability.troubles++;
  acknowledgement.took();
  const safe = acknowledgement.mark(1);
  expect(acknowledgement.tell(safe)).toBe(1);
  // Nothing was under way.
  durability.troubles++;
  expect(acknowledgement.tell(acknowledgement.mark(1))).toBe(1);
  acknowledgement.took();
  durability.troubles++;
  expect(acknowledgement.tell(acknowledgement.mark(2))).toBeUndefined();
});

it('never goes back, and never past a trouble, whatever the order of marks and answers', () => {
  const step = fc.constantFrom('take', 'mark', 'tell', 'trouble');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const durability = server();
      const acknowledgement = new Acknowledgement(durability);
      const marks: ReturnType<Acknowledgement['mark']>[] = [];
      /** Stanzas that came, the last one that was told to be safe, and whether a trouble has come since one came that was not. */
      let [taken, told, isLost] = [0, 0, false];
      for (const one of steps) {
        if (one === 'take') {
          taken++;
          acknowledgement.took();
        } else if (one === 'mark') marks.push(acknowledgement.mark(taken));
        else if (one === 'trouble') {
          durability.troubles++;
          if (taken > told) isLost = true;
        } else {
          const mark = marks.shift();
          const handled = mark && acknowledgement.tell(mark);
          if (handled === undefined) continue;
          expect(isLost && handled > told).toBe(false);
          expect(handled).toBeGreaterThanOrEqual(told);
          told = handled;
        }
      }
    }),
  );
});
