/** With every module there is at work, a message between two sessions is on its way to the recipient before anything waits. */
import { beforeAll, expect, test } from 'vitest';
import { Access } from '../../../src/core/access/access.js';
import type { Accounts } from '../../../src/core/accounts/accounts.js';
import { RegistrationPace } from '../../../src/core/accounts/registration-pace.js';
import { Commitments } from '../../../src/core/commitments.js';
import { HookTable } from '../../../src/core/hooks/hook-table.js';
import { Host, Hosts } from '../../../src/core/hosts/host.js';
import { ModuleRunner } from '../../../src/core/module/module-runner.js';
import type { ShardServices } from '../../../src/core/module/scope.js';
import { IqTable } from '../../../src/core/routing/iq-table.js';
import { Router } from '../../../src/core/routing/router.js';
import type { Session } from '../../../src/core/sessions/session.js';
import { Sessions } from '../../../src/core/sessions/sessions.js';
import { Durability } from '../../../src/core/shards/durability.js';
import { ShardCalls } from '../../../src/core/shards/shard-calls.js';
import type { EnginePort } from '../../../src/engine/port.js';
import { SaxTokenizer } from '../../../src/engine/portable/sax.js';
import { buildTree } from '../../../src/engine/portable/tree.js';
import { modules } from '../../../src/modules/registry.js';
import { formatProblem, loadConfig } from '../../../src/platform/config/index.js';
import { systemRandom } from '../../../src/platform/random.js';
import { el } from '../../../src/protocol/element.js';
import { Jid } from '../../../src/protocol/jid.js';
import { type ArenaOrigin, LATER, Stanza } from '../../../src/protocol/stanza.js';
import { child, childPatterns } from '../../../src/protocol/stanza-children.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeLog } from '../../support/fake-log.js';

const CONFIG = `
[general]
  hosts = ["localhost"]
  default_server_domain = "localhost"
[[listen.c2s]]
  port = 5222
[auth.internal]
[modules.mod_extdisco]
  [[modules.mod_extdisco.service]]
    type = "stun"
    host = "stun.example"
${modules
  .map(({ name }) => name)
  .filter((name) => name !== 'mod_mam' && name !== 'mod_extdisco')
  .map((name) => `[modules.${name}]`)
  .join('\n')}
[modules.mod_mam]
  user_prefs_store = "mnesia"
  [modules.mod_mam.pm]
`;

const log = new FakeLog();
const sax = await SaxTokenizer.create();
const parse = (xml: string) => buildTree(sax, Buffer.from(xml), new Map());

/** A batch with one stanza in it; it counts how often somebody looks inside. */
class Batch implements ArenaOrigin {
  epoch = 0;
  trees = 0;
  readonly parse = parse;
  readonly #xml: string;

  constructor(xml: string) {
    this.#xml = xml;
  }

  tree() {
    this.trees++;
    const tree = parse(this.#xml.replace('<message', "<message xmlns='jabber:client'"));
    if (!tree) throw new Error('not well-formed');
    return tree;
  }

  text() {
    return this.#xml;
  }
}

const host = hostOf(CONFIG);
const sessions = new Sessions(new FakeClock(), log);
let router: Router;

function hostOf(text: string): Host {
  const result = loadConfig({ file: 't.toml', text });
  if ('problems' in result) throw new Error(result.problems.map(formatProblem).join('\n'));
  const failed = (what: string, error: unknown) => log.error('failed', { what, error });
  return new Host('localhost', result.config.hostType('localhost'), new HookTable(failed), new IqTable(failed));
}

beforeAll(async () => {
  const clock = new FakeClock();
  const hosts = new Hosts();
  hosts.add(host, ['localhost']);
  const engine = { route: () => true, forward: () => true, parse } as unknown as EnginePort;
  const calls = new ShardCalls(0, engine, clock);
  const commitments = new Commitments((error) => log.error('failed', { error }));
  const durability = new Durability({ shard: 0, commitments, calls, clock, troubles: new SharedArrayBuffer(8) });
  const accounts = {
    exists: async () => true,
    isStored: async () => true,
    remember: () => () => {},
  } as unknown as Accounts;
  const common = { clock, random: systemRandom, hosts, sessions, calls, commitments, durability, parse, shards: 1 };
  router = new Router({ ...{ shard: 0, shards: 1, engine, hosts, sessions, log }, accountExists: async () => true });
  const services = {
    ...{ ...common, router, isFirstShard: true, version: '1', isOnline: async () => false },
    jid: (address: string) => Jid.parse(address),
    registrations: new RegistrationPace(calls, clock, 'infinity', true),
  } as unknown as ShardServices;
  const access = new Access(host.config.acl, host.config.access, { isCurrent: () => true, isHosted: () => true });
  const openStore = async (definition: { memory(): unknown }) => definition.memory();
  const runner = new ModuleRunner({ host, services, accounts, access, log, openStore });
  await runner.start(modules);
});

/** A session that is available, and what its client has been sent. */
async function enter(address: string): Promise<{ session: Session; got: string[] }> {
  const got: string[] = [];
  const link = {
    deliver: (stanza: Stanza) => void got.push(stanza.toXml()),
    ...{ end() {}, isClosed: false, address: { ip: '127.0.0.1', port: 1 }, isSecure: true },
  };
  const jid = Jid.parse(address) as Jid;
  const session = (await sessions.open({ jid, host, link, maxSessions: 10 })) as Session;
  await sends(session, "<presence xmlns='jabber:client'/>");
  return { session, got };
}

async function sends(session: Session, xml: string): Promise<void> {
  const tree = parse(xml);
  const to = tree?.attrs['to'];
  if (tree) await router.fromSession(session, Stanza.fromElement(tree, to ? Jid.parse(to) : undefined, session.jid));
  await new Promise((resolve) => setImmediate(resolve));
}

function arrives(from: Session, to: string): { stanza: Stanza; batch: Batch } {
  const batch = new Batch(`<message from='${from.jid}' to='${to}' type='chat' id='m'><body>hi</body></message>`);
  const fields = {
    name: 'message',
    type: 'chat',
    to: Jid.parse(to),
    from: from.jid,
    id: LATER,
    lang: undefined,
  } as const;
  return { stanza: Stanza.fromArena(fields, batch, 0, 1 << child.BODY, 0), batch };
}

test('all modules run', () => {
  expect(Object.keys(host.config.modules).sort()).toEqual(modules.map(({ name }) => name).sort());
  expect(childPatterns.length).toBeLessThanOrEqual(64);
});

test('a message is delivered within the batch that brought it, and not parsed', async () => {
  const alice = await enter('alice@localhost/a');
  const bob = await enter('bob@localhost/b');
  for (const to of ['bob@localhost/b', 'bob@localhost']) {
    bob.got.length = 0;
    const { stanza, batch } = arrives(alice.session, to);
    // Whatever waits here makes the sender's later stanzas wait, too.
    expect(router.fromSession(alice.session, stanza)).not.toBeInstanceOf(Promise);
    expect(bob.got).toHaveLength(1);
    expect(bob.got[0]).toContain('<body>hi</body>');
    expect(batch.trees).toBe(0);
  }
});

test('the same for what comes from another shard, and for copies (XEP-0280)', async () => {
  const alice = await enter('alice2@localhost/a');
  const other = await enter('alice2@localhost/other');
  const bob = await enter('bob2@localhost/b');
  await sends(other.session, "<iq xmlns='jabber:client' type='set' id='1'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
  other.got.length = 0;
  bob.got.length = 0;
  const { stanza, batch } = arrives(alice.session, 'bob2@localhost');
  expect(router.fromSession(alice.session, stanza)).not.toBeInstanceOf(Promise);
  router.received(arrives(alice.session, 'bob2@localhost/b').stanza);
  expect(bob.got).toHaveLength(2);
  expect(other.got).toHaveLength(1);
  expect(other.got[0]).toContain('<sent ');
  expect(batch.trees).toBe(0);
});

test('presence waits for nothing either, to all or to one', async () => {
  const alice = await enter('alice3@localhost/a');
  const bob = await enter('bob3@localhost/b');
  const other = await enter('alice3@localhost/other');
  for (const [to, sees] of [
    [undefined, other],
    [bob.session.jid, bob],
  ] as const) {
    sees.got.length = 0;
    const presence = el('presence', { xmlns: 'jabber:client' }, el('show', {}, 'away'));
    const stanza = Stanza.fromElement(presence, to, alice.session.jid);
    expect(router.fromSession(alice.session, stanza)).not.toBeInstanceOf(Promise);
    expect(sees.got).toHaveLength(1);
    expect(sees.got[0]).toContain('<show>away</show>');
  }
});

test('nothing went wrong unseen', () => {
  expect(log.entries.filter(({ level }) => level === 'error')).toEqual([]);
});
