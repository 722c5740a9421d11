import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Bench, type Exchange } from '../../../support/bosh/bosh-network.js';

const TERMINATE = "type='terminate'";
const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');

function opened(given: ConstructorParameters<typeof Bench>[0] = {}, first = {}): Bench {
  const bench = new Bench(given, first);
  bench.open();
  return bench;
}

describe('the beginning of a session', () => {
  it('XEP-0206 section 4: waits for the features of the stream, and tells them with the session', () => {
    const bench = new Bench({ serverAcks: true });
    expect(bench.fed).toEqual(['open']);
    expect(bench.first.text).toBeUndefined();
    bench.open();
    for (const part of ["sid='sid'", "wait='60'", "requests='2'", "hold='1'", "inactivity='30'", "maxpause='120'"]) {
      expect(bench.first.text).toContain(part);
    }
    for (const part of ["ver='1.11'", "ack='100'", "authid='stream'", "from='localhost'", '<features/></body>']) {
      expect(bench.first.text).toContain(part);
    }
  });

  it('tells the features to a client that polls, too', () => {
    expect(opened({ hold: 0, waitMs: 0 }).first.text).toContain('<features/>');
  });

  it('answers without features when they do not come', () => {
    const bench = new Bench({ waitMs: 0 });
    bench.pass(10_000);
    expect(bench.first.text).toContain("sid='sid'");
  });
});

describe('holding requests', () => {
  it('XEP-0124 section 8: holds a request until there is something to say', () => {
    const bench = opened();
    const held = bench.send(101);
    expect(held.text).toBeUndefined();
    bench.say('<a/>', '<b/>');
    expect(held.text).toBe("<body xmlns='http://jabber.org/protocol/httpbind'><a/><b/></body>");
    expect(bench.sentBytes).toBe('<features/><a/><b/>'.length);
  });

  it('answers it with nothing when it has waited long enough', () => {
    const bench = opened();
    const held = bench.send(101);
    bench.pass(59_999);
    expect(held.text).toBeUndefined();
    bench.pass(1);
    expect(held.text).toBe("<body xmlns='http://jabber.org/protocol/httpbind'/>");
  });

  it('puts what is too much for one answer into the next', () => {
    const bench = opened();
    const large = `<a>${'x'.repeat(200_000)}</a>`;
    bench.say(large, large, '<b/>');
    expect(bench.send(101).text?.length).toBeLessThan(250_000);
    expect(bench.send(102).text).toContain('</a><b/></body>');
  });

  it('does not answer a request whose payload waits for room in the stream', () => {
    const bench = opened({ hold: 0 });
    bench.isReadable = false;
    bench.send(101, { payload: '<a/>' });
    const second = bench.send(102, { payload: '<b/>' });
    expect(bench.fed).toEqual(['open', '<a/>']);
    expect(second.text).toBeUndefined();
    bench.session.readOn(bench.now);
    expect(bench.fed).toEqual(['open', '<a/>', '<b/>']);
    expect(second.text).toBeDefined();
  });

  it('gives an element alone that is larger than any answer should be', () => {
    const bench = opened();
    const large = `<a>${'x'.repeat(300_000)}</a>`;
    bench.say(large, '<b/>');
    expect(bench.send(101).text).toContain(`${large}</body>`);
    expect(bench.send(102).text).toContain('<b/>');
  });

  it('XEP-0124 section 11: holds no more than it said, requests counted that wait for one in front of them', () => {
    const bench = opened();
    const held = bench.send(101);
    const early = bench.send(103);
    expect(held.text).toBeDefined();
    const missing = bench.send(102);
    expect([missing.text !== undefined, early.text]).toEqual([true, undefined]);
  });
});

describe('acknowledgements', () => {
  it('XEP-0124 section 9.1: tells the highest request that came, unless it is the one that is answered', () => {
    const bench = opened({ serverAcks: true });
    const held = bench.send(101);
    const next = bench.send(102);
    expect(held.text).toContain("ack='102'");
    bench.say('<a/>');
    expect(next.text).not.toContain('ack=');
  });

  it('XEP-0124 section 9.2: reports an answer that the client seems not to have', () => {
    const bench = opened({ clientAcks: true });
    bench.send(101);
    bench.say('<a/>');
    bench.pass(1_500);
    expect(bench.send(102, { ack: 100 }).text).toContain("report='101' time='1500'");
  });

  it('says nothing of one that may be on its way', () => {
    const bench = opened({ clientAcks: true });
    bench.send(101);
    bench.say('<a/>');
    expect(bench.send(102, { ack: 100 }).text).toBeUndefined();
  });

  it('XEP-0124 section 9.2: forgets answers that the client has, and none behind them', () => {
    const bench = opened({ clientAcks: true, hold: 2 });
    const told = [101, 102, 103].map((rid) => {
      const exchange = bench.send(rid);
      bench.say(`<a n='${rid}'/>`);
      return exchange.text;
    });
    bench.send(104, { ack: 101 });
    expect([102, 103].map((rid) => bench.send(rid).text)).toEqual(told.slice(1));
    expect(bench.send(101).text).toContain("condition='item-not-found'");
  });

  it('keeps the latest answer all the same, as a request may come twice', () => {
    const bench = opened({ clientAcks: true });
    bench.send(101);
    bench.say('<a/>');
    bench.send(102, { ack: 101 });
    expect(bench.send(101).text).toContain('<a/>');
    expect(bench.left).toEqual([]);
  });
});

describe('what a client may not do', () => {
  const ended = (bench: Bench, exchange: Exchange, condition: string) => {
    expect(exchange.text).toContain(`${TERMINATE} condition='${condition}'`);
    expect(bench.left).toEqual([false]);
    expect(bench.session.isGone(bench.now)).toBe(true);
  };

  it('XEP-0124 section 14.2: a request beyond the window ends the session', () => {
    const bench = opened();
    ended(bench, bench.send(103), 'item-not-found');
  });

  it('XEP-0124 section 14.3: so does one whose answer is not remembered any more', () => {
    const bench = opened({ hold: 0, pollingMs: 0 });
    for (let rid = 101; rid < 106; rid++) bench.send(rid);
    ended(bench, bench.send(101), 'item-not-found');
  });

  it('tells old clients by status codes of HTTP (XEP-0124 section 17.1)', () => {
    const bench = opened({ version: undefined });
    expect(bench.send(200).answers[0]?.status).toBe(404);
  });

  it('ends a session that repeats one request again and again', () => {
    const bench = opened();
    let last = bench.send(101);
    for (let time = 0; time < 21; time++) last = bench.send(101);
    ended(bench, last, 'policy-violation');
  });

  it('XEP-0124 section 12: ends a session that polls too often', () => {
    const bench = opened({ hold: 0 });
    let last = bench.send(101);
    for (let rid = 102; rid < 110 && bench.left.length === 0; rid++) last = bench.send(rid);
    ended(bench, last, 'policy-violation');
  });

  it('does not mind polls at the interval that it told', () => {
    const bench = opened({ hold: 0 });
    for (let rid = 101; rid < 130; rid++) {
      bench.send(rid);
      bench.pass(2_000);
    }
    expect(bench.left).toEqual([]);
  });

  it('ends a session that asks for a longer pause than it may', () => {
    const bench = opened();
    ended(bench, bench.send(101, { pauseMs: 121_000 }), 'policy-violation');
  });

  it('ends a session with more payload that waits than it may have', () => {
    const bench = opened({ hold: 4 });
    const payload = `<a>${'x'.repeat(60_000)}</a>`;
    bench.send(103, { payload });
    ended(bench, bench.send(104, { payload }), 'policy-violation');
  });
});

describe('key sequences (XEP-0124 section 15)', () => {
  const keys = [sha1('seed')];
  for (let count = 1; count < 5; count++) keys.push(sha1(keys[count - 1] as string));
  const key = (place: number) => keys[place] as string;
  const keyed = (given = {}) => opened(given, { newKey: key(4) });

  it('takes requests whose keys follow, in upper case as well, and a new sequence', () => {
    const bench = keyed({ hold: 4 });
    bench.send(101, { key: key(3), payload: '<a/>' });
    bench.send(102, { key: key(2), newKey: sha1('other').toUpperCase(), payload: '<b/>' });
    bench.send(103, { key: 'other', payload: '<c/>' });
    expect(bench.fed).toEqual(['open', '<a/>', '<b/>', '<c/>']);
  });

  it.each([
    ['without a key', undefined],
    ['with another key', key(1)],
  ])('ends the session at a request %s, and does not process it', (_, given) => {
    const bench = keyed();
    expect(bench.send(101, { key: given, payload: '<a/>' }).text).toContain("condition='item-not-found'");
    expect(bench.fed).toEqual(['open']);
  });

  it('does not tell an answer once more without its key', () => {
    const bench = keyed();
    bench.send(101, { key: key(3) });
    bench.say('<secret/>');
    expect(bench.send(101, { key: key(3) }).text).toContain('<secret/>');
    expect(bench.send(101).text).not.toContain('<secret/>');
  });
});
