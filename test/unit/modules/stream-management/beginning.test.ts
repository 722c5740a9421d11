/** XEP-0198 section 3: what comes right behind `<enabled/>`. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Session, StreamLink } from '../../../../src/core/sessions/session.js';
import { Acknowledgement } from '../../../../src/modules/stream-management/acknowledgement.js';
import { PATIENCE_MS } from '../../../../src/modules/stream-management/beginning.js';
import { ManagedLink } from '../../../../src/modules/stream-management/managed-link.js';
import { el } from '../../../../src/protocol/element.js';
import type { StreamError } from '../../../../src/protocol/errors.js';
import { Jid } from '../../../../src/protocol/jid.js';
import { ns } from '../../../../src/protocol/namespaces.js';
import { Stanza } from '../../../../src/protocol/stanza.js';
import { FakeClock } from '../../../support/fake-clock.js';

interface Peer extends StreamLink {
  readonly written: string[];
  readonly ended: (string | undefined)[];
}

let clock: FakeClock;
let peer: Peer;

beforeEach(() => {
  clock = new FakeClock();
  peer = newPeer();
});

function newPeer(): Peer {
  const written: string[] = [];
  const ended: (string | undefined)[] = [];
  const write = (xml: string) =>
    void written.push(/ id=['"](\w+)['"]/.exec(xml)?.[1] ?? /^<(\w+)/.exec(xml)?.[1] ?? '');
  const end = (error?: StreamError) => void ended.push(error?.text);
  const carry = (_: Session, greeting: string) => write(greeting);
  const deliver = (stanza: Stanza) => write(stanza.toXml());
  const others = { release: () => Promise.resolve(), isClosed: false, isEnding: false };
  return { written, ended, write, deliver, end, carry, ...others } as unknown as Peer;
}

function enabled(options: { keeps?: boolean; requestEvery?: number } = {}): ManagedLink {
  const limits = { keeps: true, requestEvery: 1, maxStanzas: 10_000, maxBytes: 1e9, ...options };
  const rules = { ...limits, clock, overflowed() {}, expired() {} };
  const acknowledgement = new Acknowledgement({ settled: () => undefined, troubles: 0 });
  const resumable = { id: 'some-id', seconds: 600 };
  const jid = Jid.parse('bob@localhost/there') as Jid;
  const session = { handled: 0, jid, account: { jid: jid.bare } } as Session;
  return new ManagedLink(session, { stream: peer, rules, acknowledgement, resumable });
}

function message(id: string): Stanza {
  return Stanza.fromElement(
    el('message', { xmlns: ns.CLIENT, id, type: 'chat' }, el('body', {}, id)),
    undefined,
    undefined,
  );
}

function deliver(link: ManagedLink, ...ids: string[]): void {
  for (const id of ids) link.deliver(message(id));
}

function come({ written }: Peer): string {
  return written.splice(0).join(' ');
}

describe('the first stanzas', () => {
  it('wait until the client has answered that it counts, and go out in order', () => {
    const link = enabled();
    deliver(link, 'one', 'two');
    expect(come(peer)).toBe('r');
    deliver(link, 'three');
    expect(come(peer)).toBe('');
    expect(link.acknowledge(0)).toBe(true);
    expect(come(peer)).toBe('one two three r');
    expect(link.acknowledge(3)).toBe(true);
    expect(link.close()).toEqual([]);
  });

  it('go out at once when the client has told of itself that it counts', () => {
    const link = enabled();
    link.acknowledge(0);
    deliver(link, 'one');
    expect(come(peer)).toBe('one r');
  });

  it('go out at once when they come late enough', async () => {
    const link = enabled();
    await clock.advance(PATIENCE_MS);
    deliver(link, 'one');
    expect(come(peer)).toBe('one r');
  });

  it('go out all the same to a client that does not answer', async () => {
    const link = enabled();
    deliver(link, 'one');
    await clock.advance(PATIENCE_MS - 1);
    expect(come(peer)).toBe('r');
    await clock.advance(1);
    expect(come(peer)).toBe('one r');
    expect(peer.ended).toEqual([]);
  });

  it.each([
    ['that acknowledges nothing is asked for', { requestEvery: Number.POSITIVE_INFINITY }, 'one'],
    ['nothing is kept', { keeps: false }, 'one r'],
  ])('go out at once where the configuration has it %s', (_, options, expected) => {
    deliver(enabled(options), 'one');
    expect(come(peer)).toBe(expected);
  });
});

describe('a first count that is too high', () => {
  it('is asked for again, acknowledges nothing, and is forgiven when it is right then', () => {
    const link = enabled();
    deliver(link, 'one', 'two');
    expect(link.acknowledge(2)).toBe(true);
    expect(come(peer)).toBe('r r');
    expect(link.acknowledge(0)).toBe(true);
    expect(come(peer)).toBe('one two r');
    expect(link.close().map(({ id }) => id)).toEqual(['one', 'two']);
  });

  it('is refused when it stays so', () => {
    const link = enabled();
    deliver(link, 'one', 'two');
    expect(link.acknowledge(1)).toBe(true);
    expect(link.acknowledge(1)).toBe(false);
    expect(link.tooHigh(1).text).toBe('You acknowledged 1 stanzas, but only 0 were sent to you');
    expect(come(peer)).toBe('r r');
  });

  it('is refused when it is not taken back in time', async () => {
    const link = enabled();
    deliver(link, 'one');
    await clock.advance(PATIENCE_MS - 1);
    link.acknowledge(1);
    await clock.advance(PATIENCE_MS - 1);
    expect(peer.ended).toEqual([]);
    await clock.advance(1);
    expect(peer.ended).toEqual(['You acknowledged 1 stanzas, but only 0 were sent to you']);
    expect(come(peer)).toBe('r r');
  });

  it('is refused at once when nothing was asked', () => {
    expect(enabled().acknowledge(1)).toBe(false);
  });
});

describe('stanzas that wait when the client goes', () => {
  it('go another way when its session ends', () => {
    const link = enabled();
    deliver(link, 'one', 'two');
    expect(link.close().map(({ id }) => id)).toEqual(['one', 'two']);
    expect(clock.pending).toBe(0);
  });

  it('come to the one who resumes it, who counts already', async () => {
    const link = enabled();
    deliver(link, 'one');
    link.detach();
    deliver(link, 'two');
    const next = newPeer();
    link.resume(next, 0, '<resumed/>');
    deliver(link, 'three');
    expect(come(next)).toBe('resumed one two r three r');
    await clock.advance(PATIENCE_MS);
    expect(come(peer)).toBe('r');
  });

  it('are not acknowledged by a count that the client makes up when it resumes', () => {
    const link = enabled();
    deliver(link, 'one', 'two');
    link.detach();
    expect(link.accepts(1)).toBe(false);
    expect(link.tooHigh(1).text).toBe('You acknowledged 1 stanzas, but only 0 were sent to you');
    expect(link.accepts(0)).toBe(true);
    const next = newPeer();
    link.resume(next, 0, '<resumed/>');
    expect(come(next)).toBe('resumed one two r');
    link.detach();
    expect(link.accepts(2)).toBe(true);
  });

  it('come once to the one who takes it over from a connection that still stands', async () => {
    const link = enabled();
    deliver(link, 'one');
    const next = newPeer();
    await link.hand(next);
    link.resume(next, 0, '<resumed/>');
    expect(come(next)).toBe('resumed one r');
    await clock.advance(PATIENCE_MS);
    expect(come(next)).toBe('');
    expect(come(peer)).toBe('r');
  });
});
