/** What a session tells its stream of what the client has, over a network that loses, repeats, delays and reorders. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LossyClient } from '../../../support/bosh/bosh-network.js';

const hold = fc.integer({ min: 0, max: 4 });
/** More of them send, arrive and hear than lose, so that sessions come far. */
const act = fc.constantFrom(0, 0, 0, 1, 1, 1, 1, 3, 3, 4, 4, 4, 4, 6, 7, 8, 9, 10, 11, 12, 12, 12);
const acts = fc.array(fc.tuple(act, fc.nat(999)), { maxLength: 120, size: 'max' });
const clientAcks = fc.boolean();
const manner = { isCounted: true, pollsAlone: true };
const LOSSES = [6, 7, 8];

function run(client: LossyClient, steps: readonly (readonly [number, number])[], each: () => void): void {
  for (const [act, choice] of steps) {
    client.steps[act]?.(choice);
    each();
  }
}

/** What comes back to the stream's owner, who has all frames that it was not told of. */
function comingBack({ said, bench }: LossyClient): string[] {
  return said.slice(bench.delivered);
}

describe('what the stream of a BOSH session is told', () => {
  it('is never more than the client has: at whatever moment the session ends, the rest comes back', () => {
    fc.assert(
      fc.property(hold, clientAcks, acts, (most, acks, steps) => {
        const client = new LossyClient(most, { clientAcks: acks }, manner);
        run(client, steps, () =>
          expect([...client.heard, ...comingBack(client)]).toEqual(expect.arrayContaining(client.said)),
        );
      }),
    );
  });

  it('is all of it once the client has all and asks on: nothing comes back', () => {
    fc.assert(
      fc.property(hold, clientAcks, acts, (most, acks, steps) => {
        const client = new LossyClient(most, { clientAcks: acks }, manner);
        run(client, steps, () => {});
        client.recover();
        client.askOn();
        client.bench.pass(250);
        expect(client.heard).toEqual(client.said);
        expect(comingBack(client)).toEqual([]);
      }),
    );
  });

  it('is all that was answered when a client ends its session in order; nothing is answered any more that comes back', () => {
    fc.assert(
      fc.property(hold, acts, (most, steps) => {
        const client = new LossyClient(most, {}, manner);
        run(
          client,
          steps.filter(([act]) => !LOSSES.includes(act)),
          () => {},
        );
        client.recover();
        client.say(3);
        client.terminate();
        const answered = client.said.filter((stanza) => client.answered.has(stanza));
        expect(comingBack(client)).toEqual(client.said.slice(answered.length));
        client.bench.session.closed(undefined);
        client.bench.session.settle(client.bench.now);
        client.bench.pass(5_000);
        expect(client.bench.left).toEqual([true]);
        expect(client.said.filter((stanza) => client.answered.has(stanza))).toEqual(answered);
      }),
    );
  });

  it('when the stream ends first, nothing that comes back is answered behind its end', () => {
    fc.assert(
      fc.property(hold, clientAcks, acts, (most, acks, steps) => {
        const client = new LossyClient(most, { clientAcks: acks }, manner);
        run(client, steps, () => {});
        const answered = client.answered.size;
        client.bench.session.closed('remote-stream-error');
        client.bench.session.settle(client.bench.now);
        client.recover();
        client.askOn();
        expect(client.answered.size).toBe(answered);
        expect(client.heard.at(-1)).toContain("type='terminate'");
        expect([...client.heard, ...comingBack(client)]).toEqual(expect.arrayContaining(client.said));
      }),
    );
  });
});
