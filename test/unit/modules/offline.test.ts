/** What is kept is neither lost nor doubled when something fails while it is handed over. */
import { expect, it } from 'vitest';
import { order } from '../../../src/core/hooks/order.js';
import { stanzaReceived } from '../../../src/core/routing/hooks.js';
import { type AccountKey, StorageError } from '../../../src/core/storage/index.js';
import modOffline from '../../../src/modules/offline/mod_offline.js';
import { type KeptMessage, type OfflineStore, offlineStore } from '../../../src/modules/offline/offline-store.js';
import { el } from '../../../src/protocol/element.js';
import { Jid } from '../../../src/protocol/jid.js';
import { Stanza } from '../../../src/protocol/stanza.js';
import { ModuleScene, type Person } from '../../support/module-scene.js';

const bob = { local: 'bob', domain: 'localhost' };
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Setting {
  readonly scene: ModuleScene;
  readonly messages: OfflineStore;
  /** Answers each load; held back while set. */
  hold: Promise<void> | undefined;
  failsToRemove: boolean;
  /** The same for each write. */
  holdsPush: Promise<void> | undefined;
}

async function setting(): Promise<Setting> {
  const scene = new ModuleScene(async () => true);
  const memory = offlineStore.memory();
  const made: Setting = { scene, messages: memory, hold: undefined, failsToRemove: false, holdsPush: undefined };
  const store: OfflineStore = {
    async push(account, message, limit) {
      await made.holdsPush;
      return memory.push(account, message, limit);
    },
    async load(account: AccountKey, after?: number, limit?: number): Promise<KeptMessage[]> {
      const found = await memory.load(account, after, limit);
      await made.hold;
      return found;
    },
    async remove(account, ids) {
      if (made.failsToRemove) throw new StorageError('unavailable', 'the database is away');
      await memory.remove(account, ids);
    },
    count: (account) => memory.count(account),
    pick: (account, ids) => memory.pick(account, ids),
    headers: (account) => memory.headers(account),
    removeAccount: (account) => memory.removeAccount(account),
    removeExpiredOf: (account, nowUs) => memory.removeExpiredOf(account, nowUs),
    removeExpired: (domain, nowUs) => memory.removeExpired(domain, nowUs),
    removeOlder: (domain, beforeUs) => memory.removeOlder(domain, beforeUs),
  };
  await scene.start(modOffline, { access_max_user_messages: 'none' }, { messages: store });
  return made;
}

async function keep({ messages }: Setting, content = '<body>hi</body>', from = 'alice@localhost/a'): Promise<void> {
  const xml = `<message xmlns='jabber:client' type='chat' to='bob@localhost' from='${from}'>${content}</message>`;
  await messages.push(bob, { from, xml, timestampUs: 1_000_000 }, 100);
}

it('a session that goes before it is given anything leaves everything where it is', async () => {
  const set = await setting();
  await keep(set);
  let go!: () => void;
  set.hold = new Promise((resolve) => (go = resolve));
  const phone = await set.scene.enter('bob@localhost/phone');
  set.scene.becomesAvailable(phone);
  await settled();
  set.scene.leaves(phone);
  go();
  await settled();
  expect(phone.got).toEqual([]);
  expect(await set.messages.count(bob)).toBe(1);
});

it('what could not be deleted is not given to the same session twice, and to the next one again', async () => {
  const set = await setting();
  await keep(set);
  set.failsToRemove = true;
  const phone: Person = await set.scene.enter('bob@localhost/phone');
  set.scene.becomesAvailable(phone);
  await settled();
  set.scene.becomesAvailable(phone);
  await settled();
  expect(phone.got).toEqual(['chat']);
  expect(await set.messages.count(bob)).toBe(1);

  set.failsToRemove = false;
  set.scene.becomesAvailable(phone);
  await settled();
  expect(phone.got).toEqual(['chat']);
  expect(await set.messages.count(bob)).toBe(0);
});

it('XEP-0203: the server tells once when it had a message', async () => {
  const set = await setting();
  const early = "<delay xmlns='urn:xmpp:delay' from='localhost' stamp='2002-09-10T23:08:25Z'/>";
  const elsewhere = "<delay xmlns='urn:xmpp:delay' from='other.example' stamp='2002-09-10T23:08:25Z'/>";
  for (const content of [early, elsewhere, '']) await keep(set, `<body>x</body>${content}`);
  const phone = await set.scene.enter('bob@localhost/phone');
  set.scene.becomesAvailable(phone);
  await settled();
  const stamps = phone.stanzas.map((stanza) =>
    stanza
      .tree()
      .childrenNamed('delay', 'urn:xmpp:delay')
      .map(({ attrs }) => attrs['from']),
  );
  expect(stamps).toEqual([['localhost'], ['other.example', 'localhost'], ['localhost']]);
});

it('an address that is longer than its column comes back whole', async () => {
  const set = await setting();
  const long = `alice@localhost/${'r'.repeat(1_000)}`;
  set.scene.arrives('message', { to: 'bob@localhost', from: long, type: 'chat' }, 'body');
  await settled();
  expect((await set.messages.load(bob))[0]?.from).toBe('alice@localhost');
  const phone = await set.scene.enter('bob@localhost/phone');
  set.scene.becomesAvailable(phone);
  await settled();
  expect(String(phone.stanzas[0]?.from)).toBe(long);
});

it('XEP-0359: the id of the archive stays with a message, once', async () => {
  const set = await setting();
  const archive = set.scene.host.hooks.on(stanzaReceived, order.archive, (received) => {
    if (!received.isAgain) received.archiveId = 'a7';
    return undefined;
  });
  set.scene.arrives('message', { to: 'bob@localhost', from: 'alice@localhost/a', type: 'chat' }, 'body');
  await settled();
  const phone = await set.scene.enter('bob@localhost/phone');
  set.scene.becomesAvailable(phone);
  await settled();
  const ids = phone.stanzas[0]?.tree().childrenNamed('stanza-id', 'urn:xmpp:sid:0');
  expect(ids?.map(({ attrs }) => attrs)).toEqual([{ by: 'bob@localhost', id: 'a7' }]);
  archive();
});

it('what is handed over is not archived and copied a second time', async () => {
  const set = await setting();
  await keep(set);
  const seen: boolean[] = [];
  set.scene.host.hooks.on(stanzaReceived, order.archive, ({ isAgain }) => {
    seen.push(isAgain);
    return undefined;
  });
  const phone = await set.scene.enter('bob@localhost/phone');
  set.scene.becomesAvailable(phone);
  await settled();
  expect(phone.got).toEqual(['chat']);
  expect(seen).toEqual([true]);
});

it('what a session did not take is kept as others are', async () => {
  const set = await setting();
  const element = el('message', { xmlns: 'jabber:client', type: 'chat' }, el('body', {}, 'lost'));
  set.scene.again(Stanza.fromElement(element, Jid.parse('bob@localhost'), Jid.parse('alice@localhost/a')));
  await settled();
  expect(await set.messages.count(bob)).toBe(1);
});

it('nothing is settled before the message is written', async () => {
  const set = await setting();
  let go!: () => void;
  set.holdsPush = new Promise((resolve) => (go = resolve));
  set.scene.arrives('message', { to: 'bob@localhost', from: 'alice@localhost/a', type: 'chat' }, 'body');
  await settled();
  let isSettled = false;
  const all = set.scene.commitments.settled().then(() => (isSettled = true));
  await settled();
  expect(isSettled).toBe(false);
  go();
  await all;
  expect(await set.messages.count(bob)).toBe(1);
});
