/** XEP-0198 section 5: sessions that outlive their connections, and go on with another one. */
import { expect } from 'vitest';
import { type Actor, bind } from '../support/story/actor.js';
import { handled, stored } from '../support/story/fence.js';
import {
  acknowledge,
  acknowledged,
  bodies,
  chat,
  condition,
  enable,
  lose,
  resume,
  returning,
  SM,
  stanzasUntilNow,
} from '../support/story/managed.js';
import type { RawClient } from '../support/story/raw-client.js';
import { befriend, storiesOverAll } from '../support/story/story.js';

/** What this actor has sent to the other one, who need not be there, has been worked on. */
async function sentBehind(sender: Actor, to: Actor, body: string): Promise<void> {
  sender.send(chat(to.jid, body));
  await handled(sender, to.bare);
}

storiesOverAll('XEP-0198 section 5', (story) => {
  story(
    'a resumed stream brings what was missed, in order, each marked with when',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.available();
      const { id } = await enable(bob);
      alice.send(chat(bob.jid, 'one'));
      await bob.receives(`<message id='one'/>`);
      bob.send(chat(alice.jid, 'hello'));
      await alice.receives(`<message id='hello'/>`);
      await lose(bob);
      for (const body of ['two', 'three', 'four']) await sentBehind(alice, bob, body);

      const { client } = await returning(port, bob);
      const resumed = await resume(client, id, 1);
      expect(resumed.attrs).toEqual({ xmlns: SM, previd: id, h: '1' });
      const missed = await stanzasUntilNow(client);
      expect(bodies(missed)).toEqual(['two', 'three', 'four']);
      for (const message of missed) {
        expect(message.attrs).toMatchObject({ from: alice.jid, to: bob.jid });
        const [delay, ...more] = message.getChildren('delay', 'urn:xmpp:delay');
        expect(delay?.attrs['from']).toBe('localhost');
        expect(Math.abs(Date.now() - Date.parse(delay?.attrs['stamp']))).toBeLessThan(60_000);
        expect(more).toEqual([]);
      }
      // The counters go on where they were: one message, one ping.
      expect(await acknowledged(client)).toBe(2);
      client.send(chat(alice.jid, 'again here'));
      await alice.receives(`<message from='${bob.jid}' id='again here'/>`);
      client.destroy();
    },
  );

  story(
    'nobody sees the session go, and what contacts do meanwhile is told',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await alice.available();
      await bob.available();
      await befriend(alice, bob);
      const { id } = await enable(bob);
      await alice.hasReceived();
      await lose(bob);
      alice.send('<presence><show>away</show></presence>');
      await handled(alice, bob.bare);
      const { client } = await returning(port, bob);
      expect((await resume(client, id, 0)).getName()).toBe('resumed');
      const missed = await stanzasUntilNow(client);
      expect(missed.filter((one) => one.is('presence')).map((one) => one.getChildText('show'))).toEqual(['away']);
      const seen = (await alice.hasReceived(alice)).filter((one) => one.attrs['from'] === bob.jid);
      expect(seen).toEqual([]);
      client.destroy();
    },
  );

  story('only what the client has not had is sent again', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    const { id } = await enable(bob);
    for (const body of ['one', 'two', 'three', 'four']) alice.send(chat(bob.jid, body));
    await bob.receives(`<message id='four'/>`);
    acknowledge(bob.client, 1);
    await lose(bob);
    const { client } = await returning(port, bob);
    await resume(client, id, 3);
    expect(bodies(await stanzasUntilNow(client))).toEqual(['four']);
    client.destroy();
  });

  story('over TLS and from another address, too', { alice: 1, bob: 1 }, async ({ alice, bob }, { tlsPort }) => {
    const { id } = await enable(bob);
    await lose(bob);
    await sentBehind(alice, bob, 'safe');
    const { client } = await returning(tlsPort, bob, { tls: {}, from: '127.0.0.7' });
    await resume(client, id, 0);
    expect(bodies(await stanzasUntilNow(client))).toEqual(['safe']);
    client.destroy();
  });

  story(
    'a connection that is still open ends with conflict',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.available();
      const { id } = await enable(bob);
      bob.client.socket.pause();
      await sentBehind(alice, bob, 'lost');
      const { client } = await returning(port, bob);
      expect((await resume(client, id, 0)).attrs['h']).toBe('0');
      const missed = bodies(await stanzasUntilNow(client));
      expect(missed).toEqual(['lost']);
      bob.client.socket.resume();
      expect(await bob.client.fails()).toBe('conflict');
      await sentBehind(alice, bob, 'next');
      expect(bodies(await stanzasUntilNow(client))).toEqual(['next']);
      client.destroy();
    },
  );

  story('it can be done again and again', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    const { id } = await enable(bob);
    await lose(bob);
    for (let round = 1; round <= 5; round++) {
      await sentBehind(alice, bob, String(round));
      const { client } = await returning(port, bob);
      // One message and one ping were answered in each round before.
      expect((await resume(client, id, 2 * (round - 1))).attrs['h']).toBe(String(round - 1));
      expect(bodies(await stanzasUntilNow(client))).toEqual([String(round)]);
      client.socket.end();
      await client.closed();
    }
  });

  story("somebody else's stream is not there", { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    const { id } = await enable(bob);
    await lose(bob);
    const thief = await returning(port, alice);
    const refusal = await resume(thief.client, id, 0);
    expect(condition(refusal)).toBe('item-not-found');
    expect(refusal.attrs['h']).toBeUndefined();
    const unknown = await resume(thief.client, 'no-such-id', 0);
    expect(String(unknown)).toBe(String(refusal));
    thief.client.destroy();
    const { client } = await returning(port, bob);
    expect((await resume(client, id, 0)).getName()).toBe('resumed');
    client.destroy();
  });

  story('who cannot resume may bind a resource at once', { alice: 1 }, async ({ alice }, { port }) => {
    const { client } = await returning(port, alice);
    expect(condition(await resume(client, 'no-such-id', 0))).toBe('item-not-found');
    expect(await bind(client, 'fresh')).toBe(`${alice.bare}/fresh`);
    client.send(`<enable xmlns='${SM}' resume='true'/>`);
    expect((await client.next((one) => one.is('enabled', SM))).attrs['id']).toBeDefined();
    client.destroy();
  });

  story('a request without a name or a count is refused', { alice: 1 }, async ({ alice }, { port }) => {
    const { client } = await returning(port, alice);
    for (const attributes of ["previd='x'", "h='0'", "previd='x' h='-1'", "previd='x' h='4294967296'"]) {
      client.send(`<resume xmlns='${SM}' ${attributes}/>`);
      expect(condition(await client.next((one) => one.is('failed', SM)))).toBe('bad-request');
    }
    client.destroy();
  });

  story(
    'a count that is too high ends the newcomer, not the session',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      const { id } = await enable(bob);
      await lose(bob);
      await sentBehind(alice, bob, 'kept');
      const liar = await returning(port, bob);
      liar.client.send(`<resume xmlns='${SM}' previd='${id}' h='2'/>`);
      expect(await liar.client.fails()).toBe('undefined-condition');
      expect(liar.client.text).toContain('handled-count-too-high');
      const { client } = await returning(port, bob);
      await resume(client, id, 0);
      expect(bodies(await stanzasUntilNow(client))).toEqual(['kept']);
      client.destroy();
    },
  );

  story(
    'section 7: a stream that was ended cannot be resumed',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.available();
      const { id } = await enable(bob);
      await bob.leave();
      const { client } = await returning(port, bob);
      expect(condition(await resume(client, id, 0))).toBe('item-not-found');
      client.destroy();
      alice.send(chat(bob.jid, 'later'));
      await handled(alice, bob.bare);
      const back = await bob.another(port);
      await back.available();
      await back.receives(`<message id='later'/>`);
      back.vanish();
    },
  );

  story('nor one that was not meant to be', { alice: 1 }, async ({ alice }, { port }) => {
    await alice.available();
    await enable(alice, '');
    const other = await alice.another(port);
    await other.available();
    await lose(alice);
    await other.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
    other.vanish();
  });

  story('nor one that ended with an error', { alice: 1 }, async ({ alice }, { port }) => {
    const { id } = await enable(alice);
    alice.send('<message><not-closed></message>');
    expect(await alice.client.fails()).toBe('not-well-formed');
    const { client } = await returning(port, alice);
    expect(condition(await resume(client, id, 0))).toBe('item-not-found');
    client.destroy();
  });

  story(
    'whoever binds its resource replaces it, and gets what it had not',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.available();
      const { id } = await enable(bob);
      await lose(bob);
      await sentBehind(alice, bob, 'waiting');
      const heir = await bob.another(port, bob.resource);
      await heir.available();
      await stored(heir);
      expect(bodies(await heir.hasReceived())).toEqual(['waiting']);
      const { client } = await returning(port, bob);
      expect(condition(await resume(client, id, 0))).toBe('item-not-found');
      client.destroy();
      heir.vanish();
    },
  );

  story('of many who want it at once one gets it', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    const { id } = await enable(bob);
    await lose(bob);
    await sentBehind(alice, bob, 'prize');
    const all = await Promise.all(Array.from({ length: 8 }, () => returning(port, bob)));
    for (const { client } of all) client.send(`<resume xmlns='${SM}' previd='${id}' h='0'/>`);
    const last = async () => all.filter(({ client }) => !client.isClosed && !client.text.endsWith('</stream:stream>'));
    await Promise.all(all.map(({ client }) => client.until(() => /<resumed|conflict/.test(client.text), 'an answer')));
    // Whoever is not the last one to come is sent away.
    while ((await last()).length > 1) await new Promise((resolve) => setImmediate(resolve));
    const [winner] = await last();
    expect(bodies(await stanzasUntilNow((winner as { client: RawClient }).client))).toEqual(['prize']);
    await sentBehind(alice, bob, 'more');
    expect(bodies(await stanzasUntilNow((winner as { client: RawClient }).client))).toEqual(['more']);
    for (const { client } of all) client.destroy();
  });

  story('many sessions come back at once', { alice: 1 }, async ({ alice }, { port }) => {
    const lost: { actor: Actor; id: string }[] = [];
    for (let number = 0; number < 9; number++) {
      const actor = await alice.another(port);
      const { id } = await enable(actor);
      await lose(actor);
      lost.push({ actor, id });
    }
    for (const { actor } of lost) alice.send(chat(actor.jid, actor.resource));
    await handled(alice, alice.bare);
    await Promise.all(
      lost.map(async ({ actor, id }) => {
        const { client } = await returning(port, actor);
        await resume(client, id, 0);
        expect(bodies(await stanzasUntilNow(client))).toEqual([actor.resource]);
        client.destroy();
      }),
    );
  });

  story('a client that goes while it asks may ask again', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    const { id } = await enable(bob);
    await lose(bob);
    await sentBehind(alice, bob, 'kept');
    for (let number = 0; number < 5; number++) {
      const { client } = await returning(port, bob);
      client.send(`<resume xmlns='${SM}' previd='${id}' h='0'/>`);
      client.destroy();
    }
    const { client } = await returning(port, bob);
    expect((await resume(client, id, 0)).getName()).toBe('resumed');
    expect(bodies(await stanzasUntilNow(client))).toEqual(['kept']);
    client.destroy();
  });

  story(
    'what the client sent before its connection broke counts',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      const { id } = await enable(bob);
      // To somebody who is away: each has to be stored first.
      await alice.leave();
      bob.send(Array.from({ length: 20 }, (_, index) => chat(alice.bare, String(index))).join(''));
      bob.client.socket.end();
      await bob.client.closed();
      const { client } = await returning(port, bob);
      const h = Number((await resume(client, id, 0)).attrs['h']);
      // What was not taken in is sent again, as section 5 has it.
      for (let index = h; index < 20; index++) client.send(chat(alice.bare, String(index)));
      expect(await acknowledged(client)).toBe(20);
      const back = await alice.another(port);
      await back.available();
      await stored(back);
      expect(bodies(await back.hasReceived())).toEqual(Array.from({ length: 20 }, (_, index) => String(index)));
      back.vanish();
      client.destroy();
    },
  );
});
