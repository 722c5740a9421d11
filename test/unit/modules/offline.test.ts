/** What is kept is neither lost nor doubled when something fails while it is handed over. */
import { expect, it } from 'vitest';
import { type AccountKey, StorageError } from '../../../src/core/storage/index.js';
import modOffline from '../../../src/modules/offline/mod_offline.js';
import { type KeptMessage, type OfflineStore, offlineStore } from '../../../src/modules/offline/offline-store.js';
import { ModuleScene, type Person } from '../../support/module-scene.js';

const bob = { local: 'bob', domain: 'localhost' };
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Setting {
  readonly scene: ModuleScene;
  readonly messages: OfflineStore;
  /** Answers each load; held back while set. */
  hold: Promise<void> | undefined;
  failsToRemove: boolean;
}

async function setting(): Promise<Setting> {
  const scene = new ModuleScene(async () => true);
  const memory = offlineStore.memory();
  const made: Setting = { scene, messages: memory, hold: undefined, failsToRemove: false };
  const store: OfflineStore = {
    push: (account, message, limit) => memory.push(account, message, limit),
    async load(account: AccountKey): Promise<KeptMessage[]> {
      const found = await memory.load(account);
      await made.hold;
      return found;
    },
    async remove(account, ids) {
      if (made.failsToRemove) throw new StorageError('unavailable', 'the database is away');
      await memory.remove(account, ids);
    },
    count: (account) => memory.count(account),
    removeAccount: (account) => memory.removeAccount(account),
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
