import { describe, expect, test } from 'vitest';
import { Ledger } from '../../../../bench/load/ledger.mjs';

/** Alice has sent so many messages to Bob; these numbers came. */
function afterArrivals(sent: number, ...numbers: number[]) {
  const ledger = new Ledger('run');
  const bob = {};
  const channel = ledger.channel('alice@localhost/a').addReader(bob);
  const ids = Array.from({ length: sent }, (_, number) => channel.next(number));
  const dues = numbers.map((number) => ledger.arrived(ids[number] as string, 'alice@localhost/a', bob));
  return { ledger, bob, ids, dues, totals: ledger.totals() };
}

describe('the ledger', () => {
  test('finds nothing wrong with numbers in their order, and knows when each was due', () => {
    const { totals, dues } = afterArrivals(4, 0, 1, 2, 3);
    expect(totals).toMatchObject({
      sent: 4,
      expected: 4,
      received: 4,
      lost: 0,
      doubled: 0,
      disordered: 0,
      misnamed: 0,
    });
    expect(dues).toEqual([0, 1, 2, 3]);
  });

  test.each([
    ['one of the middle', [0, 2, 3]],
    ['the first', [1, 2, 3]],
    ['the last', [0, 1, 2]],
  ])('finds a lost message: %s', (_, numbers) => {
    expect(afterArrivals(4, ...numbers).totals).toMatchObject({ lost: 1, doubled: 0, disordered: 0 });
  });

  test('finds a doubled message, and does not measure it', () => {
    const { totals, dues } = afterArrivals(3, 0, 1, 1, 2);
    expect(totals).toMatchObject({ lost: 0, doubled: 1, disordered: 0 });
    expect(dues[2]).toBeNaN();
  });

  test('finds two messages that changed places', () => {
    const { totals, dues } = afterArrivals(3, 1, 0, 2);
    expect(totals).toMatchObject({ lost: 0, doubled: 0, disordered: 1 });
    expect(dues).toEqual([1, Number.NaN, 2]);
  });

  test('a message that came late and then again is disordered and doubled', () => {
    expect(afterArrivals(3, 1, 0, 0, 2).totals).toMatchObject({ lost: 0, doubled: 1, disordered: 1 });
  });

  test('finds a message under the name of somebody else; a bare address stands for every resource', () => {
    const ledger = new Ledger('run');
    const bob = {};
    const full = ledger.channel('alice@localhost/a').addReader(bob);
    const bare = ledger.channel('alice@localhost').addReader(bob);
    ledger.arrived(full.next(0), 'alice@localhost/b', bob);
    expect(ledger.totals().misnamed).toBe(1);
    ledger.arrived(bare.next(0), 'alice@localhost/b', bob);
    expect(ledger.totals().misnamed).toBe(1);
    ledger.arrived(bare.next(0), 'alice@localhost.example/b', bob);
    expect(ledger.totals().misnamed).toBe(2);
  });

  test('what is not of this run, or not for this reader, counts apart', () => {
    const { ledger, ids, bob } = afterArrivals(1, 0);
    for (const id of [undefined, '', 'other.0.0', 'run.7.0', 'run.0.1', 'run.0.x']) ledger.arrived(id, undefined, bob);
    ledger.arrived(ids[0] as string, 'alice@localhost/a', {});
    expect(ledger.totals()).toMatchObject({ received: 1, foreign: 7, doubled: 0 });
  });

  test('each reader of a channel has to get everything from when it joined', () => {
    const ledger = new Ledger('run');
    const [bob, carol] = [{}, {}];
    const channel = ledger.channel('alice@localhost/a').addReader(bob);
    const first = channel.next(0);
    channel.addReader(carol);
    const second = channel.next(0);
    for (const id of [first, second]) ledger.arrived(id, 'alice@localhost/a', bob);
    expect(ledger.totals()).toMatchObject({ sent: 2, expected: 3, lost: 1 });
    ledger.arrived(second, 'alice@localhost/a', carol);
    expect(ledger.totals().lost).toBe(0);
  });

  test('a message that the server sent back is refused, and not lost', () => {
    const { ledger, ids } = afterArrivals(2, 0);
    expect(ledger.sentBack(ids[1] as string)).toBe(true);
    expect(ledger.sentBack('other.0.0')).toBe(false);
    expect(ledger.totals()).toMatchObject({ refused: 1, lost: 0 });
  });

  test('remembers when messages were due, however many are under way', () => {
    const { dues } = afterArrivals(1_000, ...Array.from({ length: 1_000 }, (_, number) => number));
    expect(dues).toEqual(Array.from({ length: 1_000 }, (_, number) => number));
  });
});
