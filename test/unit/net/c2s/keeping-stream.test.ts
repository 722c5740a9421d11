/** The stream of a client over BOSH: what the client does not have when it ends comes back, once. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Commitments } from '../../../../src/core/commitments.js';
import { TAKEN } from '../../../../src/core/hooks/hook.js';
import { HookTable } from '../../../../src/core/hooks/hook-table.js';
import { order } from '../../../../src/core/hooks/order.js';
import { Host, Hosts } from '../../../../src/core/hosts/host.js';
import { messageUndelivered } from '../../../../src/core/routing/hooks.js';
import { IqTable } from '../../../../src/core/routing/iq-table.js';
import { Router } from '../../../../src/core/routing/router.js';
import { sessionClosed } from '../../../../src/core/sessions/hooks.js';
import type { Session, SessionLink } from '../../../../src/core/sessions/session.js';
import { Sessions } from '../../../../src/core/sessions/sessions.js';
import { Connection } from '../../../../src/engine/connection.js';
import { closeReason } from '../../../../src/engine/envelope.js';
import type { EnginePort } from '../../../../src/engine/port.js';
import type { C2sEntrance, C2sServices } from '../../../../src/net/c2s/c2s-services.js';
import { KeepingStream } from '../../../../src/net/c2s/keeping-stream.js';
import { UnauthenticatedStream } from '../../../../src/net/c2s/unauthenticated-stream.js';
import { COUNT } from '../../../../src/net/stream/delivered-text.js';
import type { HostTypeConfig } from '../../../../src/platform/config/index.js';
import { type Element, el } from '../../../../src/protocol/element.js';
import { StreamError } from '../../../../src/protocol/errors.js';
import { Jid } from '../../../../src/protocol/jid.js';
import { ns } from '../../../../src/protocol/namespaces.js';
import { Stanza } from '../../../../src/protocol/stanza.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { FakeLog } from '../../../support/fake-log.js';

const alice = Jid.parse('alice@localhost/a') as Jid;
const bob = Jid.parse('bob@localhost/b') as Jid;

let clock: FakeClock;
let sessions: Sessions;
let host: Host;
let stream: KeepingStream;
let session: Session;
/** Frames to the carrier. */
let frames: string[];
/** What found nobody. */
let kept: Stanza[];
/** Errors to Bob. */
let bounced: string[];

beforeEach(async () => {
  clock = new FakeClock();
  const log = new FakeLog();
  frames = [];
  kept = [];
  bounced = [];
  const hosts = new Hosts();
  sessions = new Sessions(clock, log);
  const config = { domains: ['localhost'], general: { replaced_wait_timeout: 2_000 } } as unknown as HostTypeConfig;
  host = new Host('localhost', config, new HookTable(fail), new IqTable(fail));
  hosts.add(host, ['localhost']);
  const engine = {
    send: (_slot: number, _generation: number, xml: string) => frames.push(xml) > 0,
    details: () => ({ framing: 'bosh', remoteAddress: '192.0.2.1' }),
    ...Object.fromEntries(['pause', 'resume', 'close', 'stamp', 'authenticated'].map((name) => [name, () => {}])),
    ...Object.fromEntries(['deadline', 'shape', 'proceed'].map((name) => [name, () => {}])),
  } as unknown as EnginePort;
  const router = new Router({ shard: 0, shards: 1, engine, hosts, sessions, log, accountExists: async () => true });
  const services = {
    ...{ sessions, router, log, clock },
    commitments: new Commitments(() => {}),
    addresses: { leave: () => {} },
    config: { general: { language: 'en' } },
  } as unknown as C2sServices;
  const entrance = { settings: { shaper: { kind: 'none' } } } as unknown as C2sEntrance;
  stream = new KeepingStream(
    new UnauthenticatedStream(new Connection(engine, 1, 1, undefined as never), services, entrance),
  );
  session = (await sessions.open({ jid: alice, host, link: stream, maxSessions: 10 })) as Session;
  stream.start(session, 'bind');
  const link = { deliver: (stanza: Stanza) => bounced.push(`${stanza.id}`), isClosed: false } as unknown as SessionLink;
  await sessions.open({ jid: bob, host, link, maxSessions: 10 });
  host.hooks.on(messageUndelivered, order.route, async ({ stanza }): Promise<typeof TAKEN> => {
    kept.push(stanza);
    return TAKEN;
  });
});

function fail(name: string, error: unknown): never {
  throw new Error(`${name} failed: ${error}`);
}

function stanza(name: string, id: string, type = 'chat', content?: Element, from = bob): Stanza {
  return Stanza.fromElement(el(name, { xmlns: 'jabber:client', type, id }, content), alice, from);
}

function has(count: number): void {
  stream.nonza(el('delivered', { xmlns: 'urn:x-meerkat:delivered', frames: String(count) }));
}

/** What was kept by now; it may have had to wait. */
async function keptIds(): Promise<(string | undefined)[]> {
  await new Promise((resolve) => setImmediate(resolve));
  return kept.map(({ id }) => id);
}

describe('a stream over BOSH', () => {
  it('has its frames counted behind the answer that its session is there', () => {
    expect(frames[0]).toContain('<bind ');
    expect(frames[1]).toBe(COUNT);
  });

  it('gives back, in order, what the client does not have, when the connection is gone', async () => {
    for (const id of ['a', 'b', 'c', 'd']) session.deliver(stanza('message', id));
    has(2);
    clock.advance(90_000);
    stream.closed(closeReason.RESET);
    expect(await keptIds()).toEqual(['c', 'd']);
    const delay = kept[0]?.tree().child('delay', ns.DELAY);
    expect(delay?.attrs['from']).toBe('localhost');
    expect(Date.parse(delay?.attrs['stamp'] as string)).toBe(clock.now() - 90_000);
    expect(kept[0]?.from?.toString()).toBe(bob.toString());
  });

  it('bounds what it keeps for a client that takes answers and tells of none, however short the stanzas are', async () => {
    for (let count = 1; count <= 17_000; count++) session.deliver(stanza('message', `m${count}`));
    stream.closed(closeReason.RESET);
    const ids = await keptIds();
    expect(ids.length).toBeLessThan(16_384);
    expect(ids.at(-1)).toBe('m17000');
  });

  it('counts every frame, and keeps those that somebody waits for', async () => {
    session.deliver(stanza('presence', 'p', ''));
    stream.write('<a/>');
    session.deliver(stanza('message', 'm'));
    session.deliver(stanza('iq', 'r', 'result'));
    session.deliver(stanza('iq', 'q', 'get'));
    session.deliver(stanza('message', 'e', 'error'));
    has(3);
    stream.closed(closeReason.RESET);
    expect(await keptIds()).toEqual([]);
    expect(bounced).toEqual(['q']);
  });

  it('RFC 6120 section 7.7.2.2: gives back when its session gives way to another, and not once more when the connection goes', async () => {
    session.deliver(stanza('message', 'm'));
    sessions.evict(session, new StreamError('conflict'), 'replaced');
    stream.closed(closeReason.LOCAL);
    stream.shutDown();
    expect(await keptIds()).toEqual(['m']);
  });

  it('gives back what is poured out as its session ends', async () => {
    host.hooks.on(sessionClosed, order.record, () => session.link.deliver(stanza('message', 'held')));
    session.deliver(stanza('message', 'm'));
    stream.streamClosed();
    expect(await keptIds()).toEqual(['m', 'held']);
    expect(frames.filter((frame) => frame.includes('held'))).toEqual([]);
  });

  it('gives back no copies of what is elsewhere (XEP-0280)', async () => {
    const copy = el('received', { xmlns: ns.CARBONS });
    session.deliver(stanza('message', 'copy', 'chat', copy, alice.bare));
    stream.closed(closeReason.RESET);
    expect(await keptIds()).toEqual([]);
  });

  it('leaves to stream management (XEP-0198) what goes over that, and gives back what was there before', async () => {
    session.deliver(stanza('message', 'before'));
    session.link = { ...session.link, deliver: (one: Stanza) => stream.deliver(one) } as SessionLink;
    session.deliver(stanza('message', 'managed'));
    stream.closed(closeReason.RESET);
    expect(await keptIds()).toEqual(['before']);
  });

  it('does not give back what another session has as well', async () => {
    const came: (string | undefined)[] = [];
    const link = { deliver: ({ id }: Stanza) => came.push(id), isClosed: false } as unknown as SessionLink;
    const jid = alice.bare.withResource('phone') as Jid;
    const phone = (await sessions.open({ jid, host, link, maxSessions: 9 })) as Session;
    for (const one of [phone, session]) one.presence = stanza('presence', '', '');
    const both = el('message', { xmlns: 'jabber:client', type: 'chat', id: 'both' });
    stream.services.router.route(Stanza.fromElement(both, alice.bare, bob));
    session.deliver(stanza('message', 'own'));
    stream.closed(closeReason.RESET);
    expect(came).toEqual(['both', 'own']);
    expect(await keptIds()).toEqual([]);
  });

  it('passes on every other element that is no stanza', () => {
    stream.nonza(el('delivered', { xmlns: 'urn:other' }));
    expect(frames.join('')).toContain('unsupported-stanza-type');
  });
});
