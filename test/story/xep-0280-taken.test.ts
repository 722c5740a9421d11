/** XEP-0280 with XEP-0198: what one client did not take and another has a copy of is neither lost nor doubled. */
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { handled, stored } from '../support/story/fence.js';
import { acknowledge, acknowledged, enable as manage, stanzasUntilNow } from '../support/story/managed.js';
import { stories } from '../support/story/story.js';

/** The message goes to the first; the second gets a copy. Both with stream management. */
async function both(phone: Actor, laptop: Actor): Promise<void> {
  for (const actor of [phone, laptop]) {
    await actor.available();
    await actor.asks(`<iq type='set'><enable xmlns='urn:xmpp:carbons:2'/></iq>`);
  }
  await stanzasUntilNow(phone.client);
  for (const actor of [phone, laptop]) await manage(actor);
}

/** A message for the phone, which reaches both. */
async function say(alice: Actor, phone: Actor, laptop: Actor, more = ''): Promise<void> {
  alice.send(`<message to='${phone.jid}' type='chat' id='m'><body>m</body>${more}</message>`);
  await phone.receives(`<message id='m'/>`);
  await laptop.receives('<message><received/></message>');
}

/** Ends the stream with all that has come unacknowledged; what becomes of that is done when this resolves. */
async function leave(actor: Actor, alice: Actor): Promise<void> {
  await actor.leave();
  await handled(alice, actor.bare);
}

/** Messages that somebody who comes now is given. */
async function waiting(actor: Actor, port: number): Promise<string[]> {
  const back = await actor.another(port);
  await back.available();
  await stored(back);
  const found = (await back.hasReceived()).filter((one) => one.is('message')).map(String);
  back.vanish();
  return found;
}

const messages = async (actor: Actor) => (await stanzasUntilNow(actor.client)).filter((one) => one.is('message'));

stories('XEP-0198 section 4 with copies', (story) => {
  story(
    'who has a copy does not get the message as well when the session that had it ends',
    { alice: 1, bob: 2 },
    async ({ alice, bob, bob2 }) => {
      await both(bob, bob2);
      await say(alice, bob, bob2);
      await leave(bob, alice);
      await bob2.receives(`<presence type='unavailable' from='${bob.jid}'/>`);
      expect(await messages(bob2)).toEqual([]);
    },
  );

  story(
    'when neither took it, it is kept once, as it was sent',
    { alice: 1, bob: 2 },
    async ({ alice, bob, bob2 }, { port }) => {
      await both(bob, bob2);
      await say(alice, bob, bob2);
      for (const actor of [bob, bob2]) await leave(actor, alice);
      const found = await waiting(bob, port);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(/^<message [^>]*from="alice/);
      expect(found[0]).toContain('<body>m</body>');
      expect(found[0]).toContain('urn:xmpp:delay');
      expect(await waiting(bob, port)).toEqual([]);
    },
  );

  story(
    'the same in the other order, and for one whose client was inactive',
    { alice: 1, bob: 2 },
    async ({ alice, bob, bob2 }, { port }) => {
      await both(bob, bob2);
      bob2.send("<inactive xmlns='urn:xmpp:csi:0'/>");
      // Everything else would be held, too.
      await acknowledged(bob2.client);
      alice.send(`<message to='${bob.jid}' type='chat' id='m'><body>m</body></message>`);
      await bob.receives(`<message id='m'/>`);
      for (const actor of [bob2, bob]) await leave(actor, alice);
      expect(await waiting(bob, port)).toHaveLength(1);
    },
  );

  story(
    'nor is one doubled that comes when no more can be held for an inactive client',
    { alice: 1, bob: 2 },
    async ({ alice, bob, bob2 }) => {
      await both(bob, bob2);
      bob.send("<inactive xmlns='urn:xmpp:csi:0'/>");
      await acknowledged(bob.client);
      const ids = Array.from({ length: 21 }, (_, index) => `m${index}`);
      for (const id of ids) alice.send(`<message to='${bob.bare}' type='chat' id='${id}'><body>m</body></message>`);
      for (const id of ids) {
        await bob.receives(`<message id='${id}'/>`);
        await bob2.receives(`<message id='${id}'/>`);
      }
      await leave(bob, alice);
      await bob2.receives(`<presence type='unavailable' from='${bob.jid}'/>`);
      expect(await messages(bob2)).toEqual([]);
    },
  );

  story(
    'what one client has acknowledged comes to nobody again, whoever goes',
    { alice: 1, bob: 2 },
    async ({ alice, bob, bob2 }, { port }) => {
      await both(bob, bob2);
      // Without an archive nothing could tell that the second one is the same.
      await say(alice, bob, bob2, "<no-permanent-store xmlns='urn:xmpp:hints'/>");
      acknowledge(bob2.client, 1);
      await stanzasUntilNow(bob2.client);
      for (const actor of [bob, bob2]) await leave(actor, alice);
      expect(await waiting(bob, port)).toEqual([]);
    },
  );
});
