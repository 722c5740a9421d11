/** What modules do between two stanzas of one sender must not turn them round. */
import { expect, it } from 'vitest';
import modOffline from '../../../src/modules/offline/mod_offline.js';
import { offlineStore } from '../../../src/modules/offline/offline-store.js';
import modRoster from '../../../src/modules/roster/mod_roster.js';
import { rosterStore } from '../../../src/modules/roster/roster-store.js';
import { el } from '../../../src/protocol/element.js';
import { Stanza } from '../../../src/protocol/stanza.js';
import { ModuleScene, type Person } from '../../support/module-scene.js';

function becomesAvailable({ session }: Person): void {
  session.presence = Stanza.fromElement(el('presence', { xmlns: 'jabber:client' }), undefined, session.jid);
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

it('RFC 6121 section 3.1.5: presence does not overtake the subscriptions that were sent before it', async () => {
  const scene = new ModuleScene(async () => true);
  await scene.start(modRoster, { versioning: false }, { rosters: rosterStore.memory() });
  const alice = await scene.enter('alice@localhost/a');
  const bob = await scene.enter('bob@localhost/b');
  becomesAvailable(alice);
  alice.sends('presence', { to: 'bob@localhost', type: 'subscribe' });
  await settled();
  bob.sends('presence', { to: 'alice@localhost', type: 'subscribe' });
  bob.sends('presence', { to: 'alice@localhost', type: 'subscribed' });
  bob.sends('presence', { to: 'alice@localhost' });
  await settled();
  expect(alice.got).toEqual(['subscribe', 'subscribed', 'presence']);
});

it('XEP-0160: a message that found nobody is not kept for somebody who has come back meanwhile', async () => {
  let answer!: (exists: boolean) => void;
  const scene = new ModuleScene(() => new Promise((resolve) => (answer = resolve)));
  const messages = offlineStore.memory();
  await scene.start(modOffline, { access_max_user_messages: 'none' }, { messages });
  const alice = await scene.enter('alice@localhost/a');
  const sent = alice.sends('message', { to: 'bob@localhost', type: 'chat' }, 'body');
  const bob = await scene.enter('bob@localhost/b');
  becomesAvailable(bob);
  answer(true);
  await sent;
  expect(bob.got).toEqual(['chat']);
  expect(await messages.count({ local: 'bob', domain: 'localhost' })).toBe(0);
});

it('RFC 6120 section 10.1: messages from another shard are kept in order, however long each takes', async () => {
  const answers: (() => void)[] = [];
  const scene = new ModuleScene(() => new Promise((resolve) => answers.push(() => resolve(true))));
  const messages = offlineStore.memory();
  await scene.start(modOffline, { access_max_user_messages: 'none' }, { messages });
  for (const id of ['1', '2', '3'])
    scene.arrives('message', { to: 'bob@localhost', from: 'alice@localhost/a', id }, 'body');
  // The answers come in another order than the questions, as far as they are asked at once.
  for (let round = 0; round < 3; round++) {
    await settled();
    for (const answer of answers.splice(0).reverse()) answer();
  }
  await settled();
  const kept = await messages.load({ local: 'bob', domain: 'localhost' });
  expect(kept.map(({ xml }) => / id='(\d)'/.exec(xml)?.[1])).toEqual(['1', '2', '3']);
});

it('a flood for one account that nobody reads is bounded', async () => {
  const scene = new ModuleScene(() => new Promise(() => {}));
  const alice = await scene.enter('alice@localhost/a');
  for (let id = 0; id < 1_001; id++)
    scene.arrives('message', { to: 'bob@localhost', from: 'alice@localhost/a', id: String(id) });
  expect(alice.got).toEqual(['error']);
});
