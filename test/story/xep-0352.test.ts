/** XEP-0352: clients that nobody looks at are left in peace. */
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { archive } from '../support/story/archive.js';
import { onBothEngines } from '../support/story/both-engines.js';
import { handled, stored } from '../support/story/fence.js';
import { acknowledged, enable, lose, resume, returning } from '../support/story/managed.js';
import { withOptions } from '../support/story/options.js';
import { RawClient } from '../support/story/raw-client.js';
import { befriend, stories, teller } from '../support/story/story.js';

const CSI = 'urn:xmpp:csi:0';
const says = (actor: Actor, state: string) => actor.send(`<${state} xmlns='${CSI}'/>`);
const chat = (to: string, id: string, more = '') =>
  `<message to='${to}' type='chat' id='${id}'><body>${id}</body>${more}</message>`;
const state = (to: string, name: string) =>
  `<message to='${to}' type='chat'><${name} xmlns='http://jabber.org/protocol/chatstates'/></message>`;
const ids = (all: readonly Element[]) => all.filter((one) => one.is('message')).map(({ attrs }) => attrs['id']);

/** What the client has been sent; what answers the question is never held back. */
async function sentTo({ client }: Actor): Promise<Element[]> {
  client.send(`<question xmlns='${CSI}'/>`);
  await client.next((one) => one.is('question', CSI));
  return client.takeAll();
}

/** Available and inactive; what came with that is taken away. */
async function turnAway(actor: Actor): Promise<void> {
  await actor.available();
  await actor.hasReceived();
  says(actor, 'inactive');
  await sentTo(actor);
}

stories('XEP-0352', (story) => {
  story('section 4.1: the feature is offered after the login, not before', { alice: 1 }, async (actors, { port }) => {
    const stranger = await RawClient.connect(port);
    expect((await stranger.open()).getChild('csi', CSI)).toBeUndefined();
    stranger.destroy();
    const { client, features } = await returning(port, actors.alice);
    expect(features.getChild('csi', CSI)).toBeDefined();
    client.destroy();
  });

  story(
    'section 4.2: what is for an inactive client waits until it is active, each marked with when it came',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await turnAway(bob);
      const sent = ['a', 'b', 'c'];
      for (const id of sent) alice.send(chat(bob.bare, id));
      await handled(alice, bob.bare);
      expect(await sentTo(bob)).toEqual([]);
      says(bob, 'active');
      const came = await sentTo(bob);
      expect(ids(came)).toEqual(sent);
      for (const message of came) {
        const delay = message.getChild('delay', 'urn:xmpp:delay');
        expect(delay?.attrs['from']).toBe('localhost');
        expect(Math.abs(Date.now() - Date.parse(delay?.attrs['stamp']))).toBeLessThan(60_000);
      }
      alice.send(chat(bob.bare, 'd'));
      expect((await bob.receives("<message id='d'/>")).getChild('delay')).toBeUndefined();
    },
  );

  story('a client is active until it says something else', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await bob.available();
    says(bob, 'active');
    alice.send(chat(bob.bare, 'a'));
    await bob.receives("<message id='a'/>");
  });

  story('section 5: to say it again changes nothing', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await turnAway(bob);
    alice.send(chat(bob.bare, 'a'));
    await handled(alice, bob.bare);
    says(bob, 'inactive');
    expect(await sentTo(bob)).toEqual([]);
    alice.send(chat(bob.bare, 'b'));
    await handled(alice, bob.bare);
    says(bob, 'active');
    says(bob, 'active');
    expect(ids(await sentTo(bob))).toEqual(['a', 'b']);
  });

  story('section 5: presence of the client has nothing to do with it', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await turnAway(bob);
    bob.send('<presence><show>dnd</show></presence>');
    alice.send(chat(bob.bare, 'a'));
    await handled(alice, bob.bare);
    expect(await sentTo(bob)).toEqual([]);
    says(bob, 'active');
    await bob.receives("<message id='a'/>");
  });

  story(
    'section 5.1: what was held comes before the answer to what the client asks after that',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await turnAway(bob);
      for (const id of ['a', 'b']) alice.send(chat(bob.bare, id));
      await handled(alice, bob.bare);
      bob.send(
        `<active xmlns='${CSI}'/><iq type='get' to='localhost' id='ping'><ping xmlns='urn:xmpp:ping'/></iq><question xmlns='${CSI}'/>`,
      );
      const came = await sentTo(bob);
      expect(came.map(({ attrs }) => attrs['id'])).toEqual(expect.arrayContaining(['a', 'b']));
      expect(came.filter((one) => one.getNS() !== CSI).map(({ attrs }) => attrs['id'])).toEqual(['a', 'b', 'ping']);
    },
  );

  story(
    'COMPAT: twenty stanzas are held, whatever they are, and one more brings them all',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await turnAway(bob);
      const sent = Array.from({ length: 21 }, (_, index) => `m${index}`);
      for (const id of sent.slice(0, 19)) alice.send(chat(bob.bare, id));
      await handled(alice, bob.bare);
      bob.send("<iq type='get' to='localhost' id='own'><ping xmlns='urn:xmpp:ping'/></iq>");
      expect(await sentTo(bob)).toEqual([]);
      alice.send(chat(bob.bare, 'last'));
      await bob.receives("<message id='last'/>");
      const came = (await sentTo(bob)).map(({ attrs }) => attrs['id']);
      expect(came).toEqual([...sent.slice(0, 19), 'own']);
      alice.send(chat(bob.bare, 'next'));
      await handled(alice, bob.bare);
      expect(await sentTo(bob)).toEqual([]);
      says(bob, 'active');
      await bob.receives("<message id='next'/>");
    },
  );

  story('COMPAT: anything else in the namespace is a bad request', { alice: 1 }, async ({ alice }) => {
    says(alice, 'sleeping');
    const answer = await alice.client.next((one) => one.getNS() === CSI);
    expect([answer.getName(), answer.attrs['type']]).toEqual(['sleeping', 'error']);
    expect(answer.getChild('error')?.getChild('bad-request')).toBeDefined();
    expect((await alice.asks("<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>")).attrs['type']).toBe('result');
  });
});

stories('XEP-0352 when the session ends', (story) => {
  for (const how of ['in order', 'by a cut'] as const) {
    story(
      `${how}, messages that were held are kept for later, once, and requests are refused`,
      { alice: 1, bob: 1 },
      async ({ alice, bob }, { port }) => {
        await alice.available();
        await turnAway(bob);
        for (const id of ['a', 'b']) alice.send(chat(bob.jid, id));
        alice.send(`<iq type='get' id='question' to='${bob.jid}'><query xmlns='urn:test'/></iq>`);
        await handled(alice, bob.bare);
        if (how === 'in order') await bob.leave();
        else await lose(bob);
        const answer = await alice.receives("<iq type='error' id='question'/>");
        expect(answer.getChild('error')?.getChild('service-unavailable')).toBeDefined();
        await handled(alice, bob.bare);
        const back = await bob.another(port);
        await back.available();
        await stored(back);
        expect(ids(await back.hasReceived())).toEqual(['a', 'b']);
        expect((await archive(back)).bodies).toEqual(['a', 'b']);
        expect(ids(await alice.hasReceived())).toEqual([]);
        back.vanish();
      },
    );
  }

  story('what another client was given, too, is not given again', { alice: 1, bob: 2 }, async (actors, { port }) => {
    const { alice, bob, bob2 } = actors;
    await bob2.available();
    await turnAway(bob);
    await bob2.hasReceived();
    alice.send(chat(bob.bare, 'both'));
    alice.send(chat(bob.jid, 'one'));
    await handled(alice, bob.bare);
    await bob.leave();
    await bob2.receives("<message id='one'/>");
    await handled(alice, bob.bare);
    expect(ids(await bob2.hasReceived())).toEqual(['both']);
    await bob2.leave();
    const back = await bob.another(port);
    await back.available();
    await stored(back);
    expect(ids(await back.hasReceived())).toEqual([]);
    back.vanish();
  });
});

stories('XEP-0352 and XEP-0198', (story) => {
  story(
    'section 5.2: a session that is resumed is active, and gets what was held',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await turnAway(bob);
      const { id } = await enable(bob);
      alice.send(chat(bob.jid, 'a'));
      await handled(alice, bob.bare);
      await lose(bob);
      alice.send(chat(bob.jid, 'b'));
      await handled(alice, bob.bare);
      const { client } = await returning(port, bob);
      expect((await resume(client, id, 0)).getName()).toBe('resumed');
      const next = async () => (await client.next((one) => one.is('message'))).attrs['id'];
      expect([await next(), await next()]).toEqual(['a', 'b']);
      alice.send(chat(bob.jid, 'c'));
      expect(await next()).toBe('c');
      client.destroy();
    },
  );

  story('what is held counts once it is sent', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    await turnAway(bob);
    const { id } = await enable(bob);
    for (const each of ['a', 'b']) alice.send(chat(bob.jid, each));
    await handled(alice, bob.bare);
    expect(await acknowledged(bob.client)).toBe(0);
    says(bob, 'active');
    await bob.receives("<message id='b'/>");
    await lose(bob);
    const { client } = await returning(port, bob);
    expect((await resume(client, id, 1)).getName()).toBe('resumed');
    expect((await client.next((one) => one.is('message'))).attrs['id']).toBe('b');
    client.destroy();
  });

  story(
    'one that ends gives back, in order and once, what was not acknowledged and what was held',
    { alice: 1, bob: 2 },
    async ({ alice, bob, bob2 }, { port }) => {
      await bob2.available();
      await turnAway(bob);
      await bob2.hasReceived();
      says(bob, 'active');
      await enable(bob);
      alice.send(chat(bob.jid, 'sent'));
      await bob.receives("<message id='sent'/>");
      says(bob, 'inactive');
      await sentTo(bob);
      alice.send(chat(bob.bare, 'shared'));
      alice.send(chat(bob.jid, 'held'));
      await handled(alice, bob.bare);
      await bob2.leave();
      await bob.leave();
      await handled(alice, bob.bare);
      const back = await bob.another(port);
      await back.available();
      await stored(back);
      const came = ids(await back.hasReceived());
      expect(came).toEqual(['sent', 'shared', 'held']);
      back.vanish();
    },
  );
});

onBothEngines(
  'XEP-0352 hold = "unimportant"',
  withOptions('mod_csi', 'hold = "unimportant"', 'buffer_max = 3'),
  (at) => {
    const story = teller(at);

    story(
      'section 3.2: of presence the latest waits, and comes before the message that somebody writes',
      { alice: 1, bob: 1 },
      async ({ alice, bob }) => {
        await Promise.all([alice.available(), bob.available()]);
        await befriend(alice, bob);
        await bob.hasReceived(alice);
        says(bob, 'inactive');
        await sentTo(bob);
        for (const show of ['away', 'xa', 'dnd']) alice.send(`<presence><show>${show}</show></presence>`);
        await handled(alice, bob.bare);
        expect(await sentTo(bob)).toEqual([]);
        alice.send(chat(bob.bare, 'hi'));
        await bob.receives("<message id='hi'/>").then((message) => expect(message.getChild('delay')).toBeUndefined());
        const [presence, ...others] = await sentTo(bob);
        expect(presence?.getChildText('show')).toBe('dnd');
        expect(others).toEqual([]);
      },
    );

    story(
      'section 3.2: so do chat states, also in copies (XEP-0280); with a body they go out at once',
      { alice: 1, bob: 2 },
      async ({ alice, bob, bob2 }) => {
        await bob.available();
        await turnAway(bob2);
        await bob2.asks(`<iq type='set'><enable xmlns='urn:xmpp:carbons:2'/></iq>`);
        for (const name of ['composing', 'paused']) {
          alice.send(state(bob2.jid, name));
          alice.send(state(bob.jid, name));
        }
        await handled(alice, bob.bare);
        expect(await sentTo(bob2)).toEqual([]);
        alice.send(chat(bob2.jid, 'said', "<active xmlns='http://jabber.org/protocol/chatstates'/>"));
        await bob2.receives("<message id='said'/>");
        const came = await sentTo(bob2);
        expect(came.map((one) => one.attrs['from'])).toEqual([alice.jid, bob.bare]);
        expect(came.every((one) => one.toString().includes('<paused'))).toBe(true);
      },
    );

    story('requests, answers and subscriptions go out at once', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
      await turnAway(bob);
      expect((await bob.asks("<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>")).attrs['type']).toBe('result');
      alice.send(`<presence type='subscribe' to='${bob.bare}'/>`);
      await bob.receives(`<presence type='subscribe' from='${alice.bare}'/>`);
      alice.send(`<iq type='get' id='q' to='${bob.jid}'><query xmlns='urn:test'/></iq>`);
      await bob.receives("<iq type='get' id='q'/>");
    });

    story('no more of them is held than buffer_max says', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
      await turnAway(bob);
      const names = ['r1', 'r2', 'r3', 'r4'];
      for (const name of names)
        alice.send(`<presence to='${bob.jid}'><x xmlns='http://jabber.org/protocol/muc#user' n='${name}'/></presence>`);
      await handled(alice, bob.bare);
      const came = (await sentTo(bob)).map((one) => one.getChild('x')?.attrs['n']);
      expect(came).toEqual(names);
    });
  },
);
