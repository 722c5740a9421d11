/** The turns of a bound stream: what a client sends is worked on in order, whatever happens to the client meanwhile. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Commitments } from '../../../../src/core/commitments.js';
import { TAKEN } from '../../../../src/core/hooks/hook.js';
import { HookTable } from '../../../../src/core/hooks/hook-table.js';
import { order } from '../../../../src/core/hooks/order.js';
import { Host, Hosts } from '../../../../src/core/hosts/host.js';
import { presenceSent, stanzaReceived } from '../../../../src/core/routing/hooks.js';
import { IqTable } from '../../../../src/core/routing/iq-table.js';
import { Router } from '../../../../src/core/routing/router.js';
import { sessionClosed } from '../../../../src/core/sessions/hooks.js';
import type { Session } from '../../../../src/core/sessions/session.js';
import { Sessions } from '../../../../src/core/sessions/sessions.js';
import { Connection } from '../../../../src/engine/connection.js';
import { closeReason } from '../../../../src/engine/envelope.js';
import type { EnginePort } from '../../../../src/engine/port.js';
import { BoundStream } from '../../../../src/net/c2s/bound-stream.js';
import type { C2sEntrance, C2sServices } from '../../../../src/net/c2s/c2s-services.js';
import { UnauthenticatedStream } from '../../../../src/net/c2s/unauthenticated-stream.js';
import type { HostTypeConfig } from '../../../../src/platform/config/index.js';
import { el } from '../../../../src/protocol/element.js';
import { Jid } from '../../../../src/protocol/jid.js';
import { Stanza } from '../../../../src/protocol/stanza.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { FakeLog } from '../../../support/fake-log.js';

const alice = Jid.parse('alice@localhost/a') as Jid;
const nobody = Jid.parse('nobody@localhost') as Jid;

let log: FakeLog;
let commitments: Commitments;
let host: Host;
let sessions: Sessions;
let stream: BoundStream;
let session: Session;
/** What has happened, in order. */
let events: string[];
/** Answers the question that the first message waits for. */
let release: () => void;
const unhandled: unknown[] = [];
const onUnhandled = (error: unknown) => unhandled.push(error);

beforeEach(async () => {
  process.on('unhandledRejection', onUnhandled);
  log = new FakeLog();
  events = [];
  const hosts = new Hosts();
  sessions = new Sessions(new FakeClock(), log);
  const config = { domains: ['localhost'], general: {} } as unknown as HostTypeConfig;
  host = new Host('localhost', config, new HookTable(fail), new IqTable(fail));
  hosts.add(host, ['localhost']);
  const engine = {
    send: (_slot: number, _generation: number, xml: string) => events.push(`written ${/<\/?[\w:-]+/.exec(xml)}`) > 0,
    details: () => undefined,
    ...Object.fromEntries(['pause', 'resume', 'close', 'stamp', 'authenticated'].map((name) => [name, () => {}])),
    ...Object.fromEntries(['deadline', 'shape', 'proceed'].map((name) => [name, () => {}])),
  } as unknown as EnginePort;
  const exists = new Promise<boolean>((resolve) => {
    release = () => resolve(false);
  });
  const accountExists = () => exists;
  const router = new Router({ shard: 0, shards: 1, engine, hosts, sessions, log, accountExists });
  const addresses = { leave: () => {} };
  commitments = new Commitments(() => {});
  const services = {
    sessions,
    router,
    commitments,
    log,
    addresses,
    config: { general: { language: 'en' } },
  } as unknown as C2sServices;
  const entrance = { settings: { shaper: { kind: 'none' } } } as unknown as C2sEntrance;
  const connection = new Connection(engine, 1, 1, undefined as never);
  stream = new BoundStream(new UnauthenticatedStream(connection, services, entrance));
  session = (await sessions.open({ jid: alice, host, link: stream, maxSessions: 10 })) as Session;
  stream.start(session, 'bind');
  host.hooks.on(stanzaReceived, order.record, ({ stanza }) => {
    if (stanza.type !== 'error') events.push(`received ${stanza.id}`);
    return undefined;
  });
  host.hooks.on(sessionClosed, order.record, () => void events.push('session closed'));
  events.length = 0;
  stream.stanza(message('first', 'chat'));
});

afterEach(() => {
  process.off('unhandledRejection', onUnhandled);
});

function fail(name: string, error: unknown): never {
  throw new Error(`${name} failed: ${error}`);
}

/** One of type `chat` to nobody waits until the accounts have been asked. */
function message(id: string, type = 'headline'): Stanza {
  return Stanza.fromElement(el('message', { xmlns: 'jabber:client', type, id }), nobody, alice);
}

function presence(): Stanza {
  return Stanza.fromElement(el('presence', { xmlns: 'jabber:client' }), undefined, alice);
}

async function settled(): Promise<void> {
  release();
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}

describe('behind a stanza that is still being worked on', () => {
  it('RFC 6120 section 10.1: the next one waits', async () => {
    stream.stanza(message('second'));
    expect(events).toEqual(['received first']);
    await settled();
    expect(events).toEqual(['received first', 'written <message', 'received second']);
  });

  it('RFC 6120 section 4.4: those that came before the end of the stream still count', async () => {
    stream.stanza(message('second'));
    stream.streamClosed();
    await settled();
    expect(events).toContain('received second');
    expect(events.slice(-2)).toEqual(['written </stream:stream', 'session closed']);
  });

  it('those that came before input that breaks a rule still count', async () => {
    stream.stanza(message('second'));
    stream.streamFailed(1);
    await settled();
    expect(events.slice(-3)).toEqual(['received second', 'written <stream:error', 'session closed']);
  });

  it('presence of a client that has gone is sent before its session ends, not after', async () => {
    host.hooks.on(presenceSent, order.route, () => {
      events.push('presence sent');
      return TAKEN;
    });
    stream.stanza(presence());
    stream.closed(closeReason.RESET);
    await settled();
    expect(events.slice(-2)).toEqual(['presence sent', 'session closed']);
    expect(sessions.account(alice)).toBeUndefined();
  });

  it('nothing keeps the session of a client that has gone', () => {
    stream.closed(closeReason.RESET);
    expect(events).toEqual(['received first', 'session closed']);
  });

  it('a failure ends the stream alone', async () => {
    host.hooks.on(presenceSent, order.route, () => {
      throw new Error('a bug');
    });
    stream.stanza(presence());
    stream.stanza(message('third'));
    await settled();
    expect(unhandled).toEqual([]);
    expect(log.events('error')).toEqual(['c2s.stanza.crashed']);
    expect(events).not.toContain('received third');
    expect(events.slice(-2)).toEqual(['written <stream:error', 'session closed']);
  });
});

describe('while more waits to be written than should', () => {
  it('a message is handled and the stanzas behind it wait; a client that sends no message goes on', async () => {
    host.hooks.on(presenceSent, order.route, () => {
      events.push('presence sent');
      return TAKEN;
    });
    await settled();
    const [relieve, relieveToo] = [commitments.slowDown(), commitments.slowDown()];
    events.length = 0;
    stream.stanza(presence());
    stream.stanza(message('second'));
    stream.stanza(message('third'));
    const before = session.handled;
    expect(events).toEqual(['presence sent', 'received second']);
    relieve();
    await settled();
    expect([events.length, session.handled]).toEqual([2, before]);
    relieveToo();
    await settled();
    expect([events.at(-1), session.handled]).toEqual(['received third', before + 2]);
    expect(commitments.relief).toBeUndefined();
  });
});
