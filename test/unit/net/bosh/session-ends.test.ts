import { describe, expect, it } from 'vitest';
import { Bench, bosh, Exchange } from '../../../support/bosh/bosh-network.js';

const TERMINATE = "type='terminate'";

function opened(given: ConstructorParameters<typeof Bench>[0] = {}, first = {}): Bench {
  const bench = new Bench(given, first);
  bench.open();
  return bench;
}

describe('pauses and silence', () => {
  it('XEP-0124 section 10: ends a session in silence when nothing is asked for too long', () => {
    const bench = opened();
    bench.pass(29_999);
    expect(bench.left).toEqual([]);
    bench.pass(1);
    expect(bench.left).toEqual([false]);
    expect(bench.send(101).text).toContain("condition='item-not-found'");
  });

  it('does not count time in which a request is held', () => {
    const bench = opened();
    bench.send(101);
    bench.pass(59_000);
    expect(bench.left).toEqual([]);
  });

  it('sends all requests back for a pause, without payload, and waits so long for the next one', () => {
    const bench = opened();
    const held = bench.send(101);
    const pause = bench.send(102, { pauseMs: 100_000 });
    expect(held.text).toBeDefined();
    bench.say('<a/>');
    expect(pause.text).toBe("<body xmlns='http://jabber.org/protocol/httpbind'/>");
    bench.pass(99_999);
    expect(bench.send(103).text).toContain('<a/>');
    bench.pass(30_000);
    expect(bench.left).toEqual([false]);
  });

  it('counts from the last answer, not from the request', () => {
    const bench = opened();
    bench.send(101);
    bench.pass(50_000);
    bench.say('<a/>');
    bench.pass(29_999);
    expect(bench.left).toEqual([]);
    bench.pass(1);
    expect(bench.left).toEqual([false]);
  });

  it('counts a request that is sent once more as one', () => {
    const bench = opened();
    bench.send(101);
    bench.say('<a/>');
    bench.pass(20_000);
    bench.send(101);
    bench.pass(20_000);
    expect(bench.left).toEqual([]);
  });

  it('holds requests again behind a pause', () => {
    const bench = opened();
    bench.send(101, { pauseMs: 100_000 });
    const held = bench.send(102);
    bench.pass(59_999);
    expect(held.text).toBeUndefined();
    bench.say('<a/>');
    expect(held.text).toContain('<a/>');
  });

  it('says nothing on the request for a pause, though there is something to say', () => {
    const bench = opened({ hold: 2 });
    bench.session.said(Buffer.from('<a/>'));
    const pause = bench.send(101, { pauseMs: 100_000 });
    expect(pause.text).toBe("<body xmlns='http://jabber.org/protocol/httpbind'/>");
    expect(bench.send(102).text).toContain('<a/>');
  });
});

describe('the end of a session', () => {
  it('XEP-0124 section 13: feeds the last payload, and tells the end on the oldest request when the stream has ended', () => {
    const bench = opened();
    const held = bench.send(101);
    const last = bench.send(102, { isTerminating: true, payload: '<presence/>' });
    expect(bench.fed).toEqual(['open', '<presence/>', 'close']);
    bench.session.closed(undefined);
    bench.say('<bye/>');
    expect(held.text).toBe(`<body xmlns='http://jabber.org/protocol/httpbind' ${TERMINATE}><bye/></body>`);
    expect(last.text).toBe("<body xmlns='http://jabber.org/protocol/httpbind'/>");
    expect(bench.left).toEqual([true]);
  });

  it('does not wait for the stream for ever', () => {
    const bench = opened();
    const last = bench.send(101, { isTerminating: true });
    bench.pass(5_000);
    expect(last.text).toContain(TERMINATE);
    expect(bench.left).toEqual([true]);
  });

  it('XEP-0206 section 6: tells an error of the stream with the stanzas in front of it, also to a later request', () => {
    const bench = opened();
    bench.session.said(Buffer.from('<message/>'));
    bench.session.said(Buffer.from('<stream:error/>'));
    bench.session.closed('remote-stream-error');
    bench.session.settle(0);
    expect(bench.send(101).text).toBe(
      `<body xmlns='http://jabber.org/protocol/httpbind' ${TERMINATE} condition='remote-stream-error'>` +
        '<message/><stream:error/></body>',
    );
  });

  it('tells the last answer once more for a while, and then nothing', () => {
    const bench = opened();
    bench.send(101);
    bench.session.closed(undefined);
    bench.say('<last/>');
    expect(bench.send(101).text).toContain('<last/>');
    expect(bench.session.isGone(bench.now)).toBe(false);
    bench.pass(30_000);
    expect(bench.session.isGone(bench.now)).toBe(true);
  });

  it('takes no more requests once the client has ended it', () => {
    const bench = opened();
    bench.send(101, { isTerminating: true });
    expect(bench.send(102, { payload: '<a/>' }).text).toContain("condition='item-not-found'");
    expect(bench.fed).not.toContain('<a/>');
  });

  it('tells everything on the last answer, however much it is', () => {
    const bench = opened();
    const large = `<a>${'x'.repeat(200_000)}</a>`;
    bench.session.said(Buffer.from(large));
    bench.session.said(Buffer.from(large));
    bench.session.closed(undefined);
    expect(bench.send(101).text).toContain(`${large}${large}</body>`);
  });

  it('tells the end to a client that is there, not on a request whose client has gone', () => {
    const bench = opened();
    const gone = bench.send(101);
    bench.isReadable = false;
    bench.session.abandoned(gone, bench.now);
    bench.session.closed(undefined);
    bench.say('<bye/>');
    expect(bench.send(102).text).toContain(`${TERMINATE}><bye/></body>`);
  });

  it('also where the stream ended with a payload that it did not take', () => {
    const bench = opened();
    bench.isReadable = false;
    bench.send(101, { payload: '<a/>' });
    const gone = bench.send(102, { payload: '<b/>' });
    bench.say('<x/>');
    bench.session.abandoned(gone, bench.now);
    bench.session.closed(undefined);
    bench.say('<bye/>');
    expect(bench.send(103).text).toContain(`${TERMINATE}><x/><bye/></body>`);
  });
});

describe('requests that are sent once more', () => {
  it('XEP-0124 section 14.3: the older one of a request that is held gets a recoverable error', () => {
    const bench = opened();
    const lost = bench.send(101, { payload: '<a/>' });
    const again = bench.send(101, { payload: '<a/>' });
    expect(lost.text).toContain("type='error'");
    bench.say('<b/>');
    expect(again.text).toContain('<b/>');
    expect(bench.fed).toEqual(['open', '<a/>']);
  });

  it('a request whose client has gone is answered with nothing, so that nothing is lost with it', () => {
    const bench = opened();
    const exchange = new Exchange();
    bench.session.request(bosh(101), exchange, 0);
    bench.session.abandoned(exchange, 0);
    bench.say('<a/>');
    expect(bench.send(102).text).toContain('<a/>');
  });

  it('what is said meanwhile is kept for a client that is there', () => {
    const bench = opened();
    const exchange = bench.send(101);
    bench.isReadable = false;
    bench.session.said(Buffer.from('<a/>'));
    bench.session.abandoned(exchange, bench.now);
    expect(exchange.text).toBeUndefined();
    expect(bench.send(101).text).toBe("<body xmlns='http://jabber.org/protocol/httpbind'/>");
    expect(bench.send(102).text).toContain('<a/>');
  });

  it('silence counts from when the client of the last request has gone', () => {
    const bench = opened();
    const exchange = bench.send(101);
    bench.session.abandoned(exchange, bench.now);
    bench.pass(30_000);
    expect(bench.left).toEqual([false]);
  });

  it('one that is held waits anew', () => {
    const bench = opened();
    bench.send(101);
    bench.pass(40_000);
    const again = bench.send(101);
    bench.pass(59_999);
    expect(again.text).toBeUndefined();
    bench.pass(1);
    expect(again.text).toBeDefined();
  });

  it('XEP-0124 section 14.3: as many answers are remembered as requests may be open, and one more', () => {
    const bench = opened({ hold: 2 });
    const told = [101, 102, 103, 104, 105].map((rid) => {
      const exchange = bench.send(rid);
      bench.say(`<a n='${rid}'/>`);
      return exchange.text;
    });
    expect([102, 103, 104, 105].map((rid) => bench.send(rid).text)).toEqual(told.slice(1));
    expect(bench.send(101).text).toContain("condition='item-not-found'");
  });
});
