/** The path of a plain message between two bound sessions of one shard: it never waits, and leaves nothing behind. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, it } from 'vitest';
import { HookTable } from '../../../src/core/hooks/hook-table.js';
import { order } from '../../../src/core/hooks/order.js';
import { Host, Hosts } from '../../../src/core/hosts/host.js';
import { messageDelivered, stanzaReceived, stanzaSent } from '../../../src/core/routing/hooks.js';
import { IqTable } from '../../../src/core/routing/iq-table.js';
import { Router } from '../../../src/core/routing/router.js';
import type { Session, SessionLink } from '../../../src/core/sessions/session.js';
import { Sessions } from '../../../src/core/sessions/sessions.js';
import type { EnginePort } from '../../../src/engine/port.js';
import type { HostTypeConfig } from '../../../src/platform/config/index.js';
import { el } from '../../../src/protocol/element.js';
import { Jid } from '../../../src/protocol/jid.js';
import { type ArenaOrigin, Stanza } from '../../../src/protocol/stanza.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeLog } from '../../support/fake-log.js';

const alice = Jid.parse('alice@localhost/a') as Jid;
const bob = Jid.parse('bob@localhost/b') as Jid;

/** Stands for the engine's arena: a stanza that is parsed on this path has cost too much. */
const arena: ArenaOrigin = {
  epoch: 0,
  tree() {
    throw new Error('the content was parsed');
  },
  text() {
    throw new Error('the content was copied');
  },
  parse() {
    throw new Error('the content was parsed');
  },
};

function message(to: Jid, type = 'chat'): Stanza {
  return Stanza.fromArena({ name: 'message', type, to, from: alice, id: 'x', lang: undefined }, arena, 0, 1, 0);
}

let deps: ConstructorParameters<typeof Router>[0];
let router: Router;
let sender: Session;
let host: Host;
let delivered: number;
let lastDelivered: Stanza | undefined;
let log: FakeLog;

beforeEach(async () => {
  log = new FakeLog();
  const hosts = new Hosts();
  const sessions = new Sessions(new FakeClock(), log);
  host = new Host(
    'localhost',
    { domains: ['localhost'] } as unknown as HostTypeConfig,
    new HookTable(fail),
    new IqTable(fail),
  );
  hosts.add(host, ['localhost']);
  deps = {
    shard: 0,
    shards: 1,
    engine: {} as EnginePort,
    hosts,
    sessions,
    log,
    accountExists: () => Promise.reject(new Error('the accounts were asked')),
  };
  router = new Router(deps);
  delivered = 0;
  sender = await open(sessions, alice);
  const receiver = await open(sessions, bob);
  receiver.presence = Stanza.fromElement(el('presence', { xmlns: 'jabber:client' }), undefined, bob);
});

async function open(sessions: Sessions, jid: Jid): Promise<Session> {
  const link: SessionLink = {
    deliver: (stanza) => {
      delivered++;
      lastDelivered = stanza;
    },
    end() {},
    isClosed: false,
    address: { ip: '127.0.0.1', port: 1 },
    isSecure: false,
  };
  return (await sessions.open({ jid, host, link, maxSessions: 10 })) as Session;
}

function fail(name: string, error: unknown): never {
  throw new Error(`${name} failed: ${error}`);
}

describe.each([
  ['a session', bob],
  ['an account', bob.bare],
])('a message to %s', (_, to) => {
  it.each(['chat', 'normal', 'headline', ''])('of type "%s" is delivered before the call returns, unread', (type) => {
    expect(router.fromSession(sender, message(to, type))).toBeUndefined();
    expect(delivered).toBeGreaterThan(0);
  });

  it('passes synchronous handlers on its way', () => {
    const seen: string[] = [];
    host.hooks.on(stanzaSent, order.record, () => void seen.push('sent'));
    host.hooks.on(stanzaReceived, order.record, () => void seen.push('received'));
    expect(router.fromSession(sender, message(to))).toBeUndefined();
    expect(seen).toEqual(['sent', 'received']);
  });

  it('leaves nothing on the heap', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const MESSAGES = 100_000;
    const send = () => {
      for (let count = 0; count < MESSAGES; count++) router.fromSession(sender, message(to));
      collect();
      collect();
      return process.memoryUsage().heapUsed;
    };
    send(); // warms up: what is compiled and cached stays
    const before = send();
    // Far less than a byte for each message.
    expect(send() - before).toBeLessThan(MESSAGES / 2);
    expect(delivered).toBe(3 * MESSAGES);
  });
});

describe('another shard that takes no more', () => {
  const full = { forward: () => false, route: () => false } as unknown as EnginePort;

  it.each([
    ['message', 'chat', 1],
    ['iq', 'get', 1],
    // RFC 6120 section 8.3.1: an error could start an endless exchange.
    ['message', 'error', 0],
    ['iq', 'result', 0],
  ])('a %s of type "%s" is told to its sender, unless it is an answer itself', (name, type, bounces) => {
    const probe = new Router({ ...deps, shards: 2 });
    const here = probe.home(alice);
    const names = Array.from({ length: 64 }, (_, n) => Jid.parse(`user${n}@localhost/x`) as Jid);
    const there = names.find((jid) => probe.home(jid) !== here) as Jid;
    const two = new Router({ ...deps, shards: 2, shard: here, engine: full });
    two.route(Stanza.fromElement(el(name, { xmlns: 'jabber:client', type, id: 'm' }), there, alice));
    expect(delivered).toBe(bounces);
    if (bounces > 0) expect(lastDelivered?.toXml()).toContain('<resource-constraint');
    expect(log.events('warning')).toEqual(['router.shard_unreachable']);
  });
});

describe('a failure on the way', () => {
  const lost = Jid.parse('nobody@localhost') as Jid;
  const content = () =>
    Stanza.fromElement(el('message', { xmlns: 'jabber:client', type: 'chat', id: 'm' }), lost, alice);

  it('of a store is told to the sender, and logged', async () => {
    await router.fromSession(sender, content());
    expect(lastDelivered?.type).toBe('error');
    expect(lastDelivered?.toXml()).toContain('<internal-server-error');
    expect(log.events('error')).toEqual(['router.crashed']);
  });

  it('is the same for what comes from another shard, where nobody waits', async () => {
    router.received(content());
    await new Promise((resolve) => setImmediate(resolve));
    expect(lastDelivered?.toXml()).toContain('<internal-server-error');
    expect(log.events('error')).toEqual(['router.crashed']);
  });
});

describe('what handlers get to see', () => {
  const asked = (to: Jid) =>
    Stanza.fromElement(
      el('iq', { xmlns: 'jabber:client', type: 'get', id: 'q' }, el('query', { xmlns: 'urn:test' })),
      to,
      alice,
    );

  it("is the sender's session only with requests to its own account, and to the domain", async () => {
    const seen: (Session | undefined)[] = [];
    host.iqs.on('get', 'urn:test', 'query', 'any', ({ session }) => void seen.push(session));
    for (const jid of [alice.bare, bob.bare, Jid.parse('localhost') as Jid]) router.fromSession(sender, asked(jid));
    expect(seen).toEqual([sender, undefined, sender]);
  });

  it('may make them fail: whoever has more to send goes on', () => {
    host.hooks.on(messageDelivered, order.record, () => {
      throw new Error('a bug');
    });
    expect(() => router.route(message(bob))).not.toThrow();
    expect(log.events('error')).toEqual(['router.crashed']);
  });
});
