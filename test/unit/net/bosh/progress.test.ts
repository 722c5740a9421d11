/** By what a session knows that its client has an answer (XEP-0124). */
import { describe, expect, it } from 'vitest';
import { comesBack } from '../../../../src/net/bosh/progress.js';
import { Bench } from '../../../support/bosh/bosh-network.js';

/** A session whose stream counts, and whose request 101 got the answer with the first frame. */
function told(given: ConstructorParameters<typeof Bench>[0] = {}): Bench {
  const bench = new Bench(given);
  bench.open();
  bench.session.count();
  bench.send(101);
  bench.say('<message id="1"/>');
  expect(bench.delivered).toBe(0);
  return bench;
}

describe('a client has an answer', () => {
  it('section 10: when it asks on, with nothing to say and no other request', () => {
    const bench = told();
    bench.send(102);
    expect(bench.delivered).toBe(1);
  });

  it('the same where it may have more than one request held', () => {
    const bench = told({ hold: 3 });
    bench.send(102);
    expect(bench.delivered).toBe(1);
  });

  it('not when another request is held, or comes with it: then it may ask though it waits', () => {
    const bench = told({ hold: 2 });
    bench.send(103);
    bench.send(102, { payload: '<a/>' });
    expect(bench.delivered).toBe(0);
    bench.send(104);
    expect(bench.delivered).toBe(1);
  });

  it('section 11: when it makes a request that it may not make without; one with something to say in between does not show it', () => {
    const bench = told();
    bench.send(102, { payload: '<a/>' });
    expect(bench.delivered).toBe(0);
    bench.send(103, { payload: '<a/>' });
    expect(bench.delivered).toBe(1);
  });

  it('section 10: not when it asks for a pause, which may be one more than that', () => {
    const bench = told();
    bench.send(102, { payload: '<a/>' });
    bench.send(103, { pauseMs: 10_000 });
    expect(bench.delivered).toBe(0);
  });

  it('section 9.2: when it says so, and by saying nothing if it has promised to tell of what is missing', () => {
    const bench = told({ clientAcks: true });
    bench.send(102, { payload: '<a/>', ack: 100 });
    expect(bench.delivered).toBe(0);
    bench.send(103, { payload: '<a/>', ack: 101 });
    expect(bench.delivered).toBe(1);
    const other = told({ clientAcks: true });
    other.send(102, { payload: '<a/>' });
    expect(other.delivered).toBe(1);
  });

  it('section 13: when it ends the session, unless it says otherwise', () => {
    const bench = told();
    bench.send(102, { isTerminating: true, payload: '<presence/>' });
    expect(bench.delivered).toBe(1);
    const other = told({ clientAcks: true });
    other.send(102, { isTerminating: true, ack: 100 });
    expect(other.delivered).toBe(0);
  });

  it('never before it was answered, whatever it claims', () => {
    const bench = told();
    bench.say('<message id="2"/>', '<message id="3"/>');
    bench.send(102, { ack: 4_000 });
    expect(bench.delivered).toBe(1);
  });
});

describe('the stream is told', () => {
  it('of many frames at once, and of few now and then', () => {
    const bench = told();
    bench.send(102);
    bench.say('<message/>', '<message/>');
    bench.send(103);
    expect(bench.delivered).toBe(1);
    bench.pass(249);
    expect(bench.delivered).toBe(1);
    bench.pass(1);
    expect(bench.delivered).toBe(3);
    bench.say(...Array.from({ length: 64 }, () => '<message/>'));
    bench.send(104);
    expect(bench.delivered).toBe(67);
  });

  it('of nothing before it counts', () => {
    const bench = new Bench();
    bench.open();
    bench.send(101);
    bench.say('<success/>');
    bench.send(102);
    bench.pass(10_000);
    expect(bench.delivered).toBe(0);
  });

  it('of what it says behind the moment at which it begins to count, though that waits behind other frames', () => {
    const bench = new Bench();
    bench.open();
    bench.session.said(Buffer.from('<iq type="result"/>'));
    bench.session.count();
    bench.say('<message/>');
    expect(bench.send(101).text).toContain('<iq type="result"/><message/>');
    bench.send(102);
    expect(bench.delivered).toBe(1);
  });

  it('of the last that is known when the session ends', () => {
    const bench = told();
    bench.send(102);
    bench.say('<message/>');
    bench.send(103);
    bench.send(9_999);
    expect(bench.left).toEqual([false]);
    expect(bench.delivered).toBe(2);
  });
});

describe('what its stream gives back', () => {
  it.each([
    ["<message to='a'/>", true],
    ['<message>', true],
    ["<c:message xmlns:c='jabber:client'/>", true],
    ["<iq type='get'>", true],
    ["<message type='error'><error type='result'/></message>", false],
    ['<iq id="x" type = "result"/>', false],
    ["<iq type='set'><x type='result'/></iq>", true],
    ['<presence/>', false],
    ['<messages/>', false],
    ['<stream:error><message/></stream:error>', false],
  ])('%s: %s', (frame, expected) => {
    expect(comesBack(Buffer.from(frame))).toBe(expected);
  });

  it('is left out of the last answer, which tells everything else', () => {
    const bench = told();
    for (const text of ['<message/>', '<iq type="result"/>', '<iq type="get"/>', '<a/>'])
      bench.session.said(Buffer.from(text));
    bench.session.said(Buffer.from('<stream:error/>'));
    bench.session.closed('remote-stream-error');
    bench.session.settle(0);
    const { text } = bench.send(102);
    expect(text).toContain('><iq type="result"/><a/><stream:error/></body>');
  });
});
