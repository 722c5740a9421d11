import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Bench, bosh, Exchange } from '../../../support/bosh/bosh-network.js';

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
});
