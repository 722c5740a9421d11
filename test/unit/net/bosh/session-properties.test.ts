import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LossyClient } from '../../../support/bosh/bosh-network.js';

const hold = fc.integer({ min: 0, max: 4 });
const acts = fc.array(fc.tuple(fc.nat(12), fc.nat(999)), { maxLength: 150, size: 'max' });

function run(client: LossyClient, steps: readonly (readonly [number, number])[], each: () => void): void {
  for (const [act, choice] of steps) {
    client.steps[act]?.(choice);
    each();
  }
}

describe('a session of BOSH over a network that loses, repeats, delays and reorders', () => {
  it('XEP-0124 section 14.2: brings every stanza of the client to the stream, once and in order', () => {
    fc.assert(
      fc.property(hold, acts, (most, steps) => {
        const client = new LossyClient(most);
        run(client, steps, () => {
          const fed = client.fedStanzas();
          expect(fed).toEqual(client.sent.slice(0, fed.length));
        });
        client.recover();
        expect(client.fedStanzas()).toEqual(client.sent);
      }),
    );
  });

  it('brings every stanza of the stream to the client, once and in order', () => {
    fc.assert(
      fc.property(hold, acts, (most, steps) => {
        const client = new LossyClient(most);
        run(client, steps, () => expect(client.heard).toEqual(client.said.slice(0, client.heard.length)));
        client.recover();
        expect(client.heard).toEqual(client.said);
        expect(client.bench.left).toEqual([]);
      }),
    );
  });

  it('XEP-0124 section 8: answers requests in the order of their numbers', () => {
    fc.assert(
      fc.property(hold, acts, (most, steps) => {
        const client = new LossyClient(most);
        run(client, steps, () => {
          const { answeredOrder } = client;
          expect(answeredOrder).toEqual([...answeredOrder].sort((a, b) => a - b));
        });
      }),
    );
  });

  it('holds no more requests and remembers no more answers than it said', () => {
    fc.assert(
      fc.property(hold, acts, (most, steps) => {
        const client = new LossyClient(most);
        run(client, steps, () => {
          const { requests, answers, bytes } = client.bench.session.held;
          expect(requests).toBeLessThanOrEqual(most + 1);
          expect(answers).toBeLessThanOrEqual(most + 2);
          expect(bytes).toBeLessThanOrEqual((most + 2) * 500);
          if (client.bench.isReadable) expect(client.bench.session.heldInOrder).toBeLessThanOrEqual(most);
        });
      }),
    );
  });

  it('leaves nothing without an answer for longer than it said', () => {
    fc.assert(
      fc.property(hold, acts, (most, steps) => {
        const client = new LossyClient(most, { waitMs: 20_000 });
        run(client, steps, () => expect(client.bench.session.wakeAt).toBeGreaterThanOrEqual(client.bench.now));
        client.bench.pass(20_000);
        expect(client.bench.session.heldInOrder).toBe(0);
      }),
    );
  });

  it('tells of what was said in front of the end, and of the end last', () => {
    fc.assert(
      fc.property(hold, acts, (most, steps) => {
        const client = new LossyClient(most);
        run(client, steps, () => {});
        client.said.push("<body xmlns='http://jabber.org/protocol/httpbind' type='terminate'");
        client.bench.session.closed(undefined);
        client.bench.session.settle(client.bench.now);
        client.recover();
        expect(client.heard.at(-1)).toContain("type='terminate'");
        expect(client.heard.slice(0, -1)).toEqual(client.said.slice(0, -1));
      }),
    );
  });
});
