/** RFC 6121 section 4 where there are many contacts, at all kinds of places, or where something takes its time. */
import { beforeEach, describe, expect, it } from 'vitest';
import { order } from '../../../src/core/hooks/order.js';
import { stanzaArriving } from '../../../src/core/routing/hooks.js';
import type { EnginePort } from '../../../src/engine/port.js';
import { presenceApi } from '../../../src/modules/presence/api.js';
import modPresence from '../../../src/modules/presence/mod_presence.js';
import modPrivacy from '../../../src/modules/privacy/mod_privacy.js';
import { ALL_KINDS, kind } from '../../../src/modules/privacy/privacy-list.js';
import { privacyStore } from '../../../src/modules/privacy/privacy-store.js';
import modRoster from '../../../src/modules/roster/mod_roster.js';
import { rosterStore } from '../../../src/modules/roster/roster-store.js';
import { Jid } from '../../../src/protocol/jid.js';
import { ModuleScene, type Person } from '../../support/module-scene.js';

const ALICE = 'alice@localhost';
const OPTIONS = { versioning: false, store_current_id: false, max_items: 'infinity' };

let rosters: ReturnType<typeof rosterStore.memory>;
let lists: ReturnType<typeof privacyStore.memory>;
let scene: ModuleScene;

async function startScene(place: ConstructorParameters<typeof ModuleScene>[1] = {}): Promise<ModuleScene> {
  const made = new ModuleScene(async () => true, place);
  await made.start(modRoster, OPTIONS, { rosters });
  await made.start(modPresence, {}, {});
  await made.start(modPrivacy, { max_items: 10, max_lists: 10 }, { lists });
  return made;
}

beforeEach(async () => {
  rosters = rosterStore.memory();
  lists = privacyStore.memory();
  scene = await startScene();
});

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Both see each other's presence. */
async function befriend(one: string, other: string): Promise<void> {
  for (const [owner, contact] of [
    [one, other],
    [other, one],
  ] as const) {
    const { local, domain } = Jid.parse(owner) as Jid;
    const item = { jid: contact, name: '', groups: [], ask: 'none', askMessage: '', isApproved: false } as const;
    await rosters.put({ local, domain }, { ...item, subscription: 'both' });
  }
}

async function comeOnline(address: string): Promise<Person> {
  const person = await scene.enter(address);
  await person.sends('presence');
  return person;
}

/** What has come since the last call, from others than the person itself: `type sender`, sorted. */
function heard({ session, stanzas }: Person): string[] {
  return stanzas
    .splice(0)
    .filter(({ from }) => !from?.bare.equals(session.jid.bare))
    .map(({ type, from }) => `${type || 'available'} ${from}`)
    .sort();
}

describe('2,000 contacts, half of them online', () => {
  const contacts = Array.from({ length: 2_000 }, (_, index) => `contact${index}@localhost`);
  const there = contacts.filter((_, index) => index % 2 === 0);

  it('hear of a session and are heard of once each, before anything waits; nothing is said of the others', async () => {
    for (const contact of contacts) await befriend(ALICE, contact);
    const people = await Promise.all(there.map((contact) => comeOnline(`${contact}/home`)));
    const alice = await scene.enter(`${ALICE}/desk`);
    await settled();
    for (const person of people) heard(person);

    expect(alice.sends('presence')).not.toBeInstanceOf(Promise);
    expect(people.map(heard)).toEqual(people.map(() => [`available ${ALICE}/desk`]));
    expect(heard(alice)).toEqual(there.map((contact) => `available ${contact}/home`).sort());
    await settled();
    expect(heard(alice)).toEqual([]);

    alice.sends('presence', { type: 'unavailable' });
    expect(people.map(heard)).toEqual(people.map(() => [`unavailable ${ALICE}/desk`]));
    await settled();
    expect(heard(alice)).toEqual([]);
  }, 60_000);
});

describe('somebody who comes while the server is about to answer for them', () => {
  let open: () => void;

  beforeEach(async () => {
    for (const contact of ['bob@localhost', 'carol@localhost']) await befriend(ALICE, contact);
    await befriend('bob@localhost', 'carol@localhost');
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    scene.host.hooks.on(stanzaArriving, order.access, ({ to }) => (to.local === 'bob' ? gate : undefined));
  });

  it('is seen to come, and not told of twice', async () => {
    // Not available, and asked all the same.
    await scene.enter('bob@localhost/quiet');
    const alice = await comeOnline(`${ALICE}/desk`);
    await settled();
    expect(heard(alice)).toEqual([]);
    await comeOnline('bob@localhost/home');
    expect(heard(alice)).toEqual(['available bob@localhost/home']);
    open();
    await settled();
    expect(heard(alice)).toEqual([]);
  });

  it('is told of to those who ask once they are there, behind what waits', async () => {
    const carol = await comeOnline('carol@localhost/home');
    carol.sends('message', { to: 'bob@localhost', type: 'chat' }, 'body');
    const bob = await comeOnline('bob@localhost/home');
    const alice = await comeOnline(`${ALICE}/desk`);
    await settled();
    expect(heard(bob)).toEqual([]);
    open();
    await settled();
    expect(heard(alice)).toEqual(['available bob@localhost/home', 'available carol@localhost/home']);
    const all = [`available ${ALICE}/desk`, 'available carol@localhost/home', 'chat carol@localhost/home'];
    expect(heard(bob)).toEqual(all);
    expect(heard(carol)).toEqual([`available ${ALICE}/desk`, 'available bob@localhost/home']);
  });
});

describe('RFC 6121 section 4.3.2, XEP-0016 section 2.12 and XEP-0191 section 3.1: the server does not answer', () => {
  const deniesAlice = { order: 1, type: 'jid', value: ALICE, action: 'block', kinds: ALL_KINDS } as const;

  it.each([[true], [false]])('whom the contact blocks, online: %s', async (isOnline) => {
    await befriend(ALICE, 'bob@localhost');
    await befriend(ALICE, 'carol@localhost');
    await comeOnline('carol@localhost/home');
    const rules = { name: 'rules', items: [deniesAlice] };
    await lists.put({ local: 'bob', domain: 'localhost' }, rules, { asDefault: true });
    const bob = isOnline ? await comeOnline('bob@localhost/home') : undefined;
    const alice = await comeOnline(`${ALICE}/desk`);
    await settled();
    expect(heard(alice)).toEqual(['available carol@localhost/home']);
    expect(bob ? heard(bob) : []).toEqual([]);
  });
});

it.each([[true], [false]])(
  'section 4.3.2: whoever is no subscriber hears nothing on coming, and is told so when asking, the contact online: %s',
  async (isOnline) => {
    const item = {
      jid: 'bob@localhost',
      name: '',
      groups: [],
      ask: 'none',
      askMessage: '',
      isApproved: false,
    } as const;
    await rosters.put({ local: 'alice', domain: 'localhost' }, { ...item, subscription: 'to' });
    if (isOnline) await comeOnline('bob@localhost/home');
    const alice = await comeOnline(`${ALICE}/desk`);
    await settled();
    expect(heard(alice)).toEqual([]);
    scene.api(presenceApi).probe(alice.session, Jid.parse('bob@localhost') as Jid);
    await settled();
    expect(heard(alice)).toEqual(['unsubscribed bob@localhost']);
  },
);

it('section 4.3.2: of an account without sessions nothing is said to those who come, and `unavailable` to those who ask', async () => {
  await befriend(ALICE, 'bob@localhost');
  const alice = await comeOnline(`${ALICE}/desk`);
  await settled();
  expect(heard(alice)).toEqual([]);
  scene.api(presenceApi).probe(alice.session, Jid.parse('bob@localhost') as Jid);
  await settled();
  expect(heard(alice)).toEqual(['unavailable bob@localhost']);
});

it('section 4.3.2: whoever hides from a subscriber is as silent as one who is absent', async () => {
  await befriend(ALICE, 'bob@localhost');
  await befriend(ALICE, 'carol@localhost');
  const hides = { order: 1, type: 'jid', value: ALICE, action: 'block', kinds: kind.PRESENCE_OUT } as const;
  await lists.put({ local: 'bob', domain: 'localhost' }, { name: 'rules', items: [hides] }, { asDefault: true });
  await comeOnline('bob@localhost/home');
  const alice = await comeOnline(`${ALICE}/desk`);
  await settled();
  expect(heard(alice)).toEqual([]);
  for (const contact of ['bob@localhost', 'carol@localhost'])
    scene.api(presenceApi).probe(alice.session, Jid.parse(contact) as Jid);
  await settled();
  expect(heard(alice)).toEqual(['unavailable bob@localhost', 'unavailable carol@localhost']);
});

describe('contacts at home on four shards', () => {
  const contacts = Array.from({ length: 200 }, (_, index) => `contact${index}@localhost`);
  const home = (address: string) => (Jid.parse(address) as Jid).hash % 4;
  const online = contacts.filter((_, index) => index % 3 === 0);
  const owner = Array.from({ length: 50 }, (_, index) => `alice${index}@localhost`).find((one) => home(one) === 0);
  const desk = `${owner}/desk`;
  let shards: ModuleScene[];
  /** What goes from the first shard to others, by kind. */
  let posted: string[];
  let isCut: boolean;

  /** The way out of one shard: what it sends arrives a turn later, in order. */
  function engineOf(from: number): EnginePort {
    const post = (kind: string, shard: number, arrive: (scene: ModuleScene) => void) => {
      if (isCut) return false;
      if (from === 0) posted.push(`${kind} ${shard}`);
      setImmediate(() => arrive(shards[shard] as ModuleScene));
      return true;
    };
    return {
      route: (shard: number, xml: string) => post('stanza', shard, (other) => other.arrivesAsText(xml)),
      call: (shard: number, bytes: Uint8Array) => post('call', shard, (other) => other.calls.received(bytes, from)),
    } as unknown as EnginePort;
  }

  beforeEach(async () => {
    [posted, isCut] = [[], false];
    shards = await Promise.all([0, 1, 2, 3].map((shard) => startScene({ shard, shards: 4, engine: engineOf(shard) })));
    for (const contact of contacts) await befriend(owner as string, contact);
  });

  it('hear of a session and are heard of once each, and each shard gets one message at a time', async () => {
    const people = await Promise.all(
      online.map(async (contact) => {
        scene = shards[home(contact)] as ModuleScene;
        return comeOnline(`${contact}/home`);
      }),
    );
    await settled();
    people.map(heard);
    scene = shards[0] as ModuleScene;
    posted = [];
    const alice = await comeOnline(desk);
    await settled();
    // The presence, then the question.
    expect(posted.sort()).toEqual(['call 1', 'call 1', 'call 2', 'call 2', 'call 3', 'call 3']);
    expect(people.map(heard)).toEqual(people.map(() => [`available ${desk}`]));
    expect(heard(alice)).toEqual(online.map((one) => `available ${one}/home`).sort());

    alice.sends('presence', {}, 'status');
    alice.sends('presence', { type: 'unavailable' });
    await settled();
    const types = people.map(({ stanzas }) =>
      stanzas.splice(0).map((stanza) => `${stanza.type}:${stanza.tree().childText('status')}`),
    );
    expect(types).toEqual(people.map(() => [':text', 'unavailable:undefined']));
    expect(heard(alice)).toEqual([]);
  });

  it('are told of as unreachable, one by one, while their shard takes nothing', async () => {
    scene = shards[0] as ModuleScene;
    const alice = await scene.enter(desk);
    isCut = true;
    await alice.sends('presence');
    await settled();
    const far = contacts.filter((contact) => home(contact) !== 0);
    expect(heard(alice)).toEqual([...far, ...far].map((contact) => `error ${contact}`).sort());
  });
});

it('a contact at a domain that cannot be reached is an error each time, and stops nothing', async () => {
  for (const contact of ['bob@far.example', 'carol@localhost']) await befriend(ALICE, contact);
  const carol = await comeOnline('carol@localhost/home');
  await settled();
  heard(carol);
  const alice = await comeOnline(`${ALICE}/desk`);
  expect(heard(alice)).toEqual(['available carol@localhost/home', 'error bob@far.example', 'error bob@far.example']);
  expect(heard(carol)).toEqual([`available ${ALICE}/desk`]);
});

it('section 4.6.3: those who were shown presence directly are told of the end once, subscribers or not', async () => {
  await befriend(ALICE, 'bob@localhost');
  const [bob, dave] = [await comeOnline('bob@localhost/home'), await comeOnline('dave@localhost/home')];
  const alice = await comeOnline(`${ALICE}/desk`);
  for (const to of ['bob@localhost/home', 'dave@localhost/home']) await alice.sends('presence', { to });
  for (const person of [bob, dave]) heard(person);
  alice.sends('presence', { type: 'unavailable' });
  expect([bob, dave].map(heard)).toEqual([[`unavailable ${ALICE}/desk`], [`unavailable ${ALICE}/desk`]]);
  scene.leaves(alice);
  expect([bob, dave].map(heard)).toEqual([[], []]);
});
