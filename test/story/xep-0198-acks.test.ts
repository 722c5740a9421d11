/** XEP-0198: enabling stream management, and stanzas that are acknowledged in both directions. */
import { expect } from 'vitest';
import { authenticate, bind } from '../support/story/actor.js';
import { handled, stored } from '../support/story/fence.js';
import {
  acknowledge,
  acknowledged,
  bodies,
  chat,
  condition,
  enable,
  lose,
  returning,
  SM,
} from '../support/story/managed.js';
import { RawClient } from '../support/story/raw-client.js';
import { stories } from '../support/story/story.js';

const ENABLE = `<enable xmlns='${SM}' resume='true'/>`;
const RESUME = `<resume xmlns='${SM}' previd='some-id' h='0'/>`;
const answer = (client: RawClient) => client.next((one) => one.getNS() === SM);

stories('XEP-0198 enabling', (story) => {
  story('section 2: the feature is offered after the login, not before', { alice: 1 }, async ({ alice }, { port }) => {
    const stranger = await RawClient.connect(port);
    expect((await stranger.open()).getChild('sm', SM)).toBeUndefined();
    stranger.destroy();
    const { client, features } = await returning(port, alice);
    expect(features.getChild('sm', SM)).toBeDefined();
    client.destroy();
  });

  story('section 3: it is enabled, with an id only for who wants to resume', { alice: 1, bob: 1 }, async (actors) => {
    const plain = await enable(actors.alice, '');
    expect(plain.element.attrs).toEqual({ xmlns: SM });
    const { element, id } = await enable(actors.bob, "resume='1'");
    expect(element.attrs).toEqual({ xmlns: SM, resume: 'true', id, max: '600' });
    expect(id.length).toBeGreaterThanOrEqual(20);
    expect(id.length).toBeLessThan(4_000);
  });

  story('section 3: the client may wish for less time, not for more', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    expect((await enable(alice, "resume='true' max='30'")).element.attrs['max']).toBe('30');
    expect((await enable(bob, "resume='true' max='100000'")).element.attrs['max']).toBe('600');
  });

  story(
    'section 3: before a resource is bound it is refused, and the login goes on',
    { alice: 1 },
    async (actors, { port }) => {
      const client = await RawClient.connect(port);
      await client.open();
      for (const early of [ENABLE, RESUME]) {
        client.send(early);
        expect(condition(await answer(client))).toBe('unexpected-request');
      }
      await authenticate(client, actors.alice);
      await client.open();
      client.send(ENABLE);
      expect(condition(await answer(client))).toBe('unexpected-request');
      expect(await bind(client)).toContain(actors.alice.bare);
      client.send(ENABLE);
      expect((await answer(client)).getName()).toBe('enabled');
      client.destroy();
    },
  );

  story('section 3: a second attempt ends the stream', { alice: 1 }, async ({ alice }) => {
    await enable(alice);
    alice.send(ENABLE);
    expect(condition(await answer(alice.client))).toBe('unexpected-request');
    expect(await alice.client.fails()).toBe('policy-violation');
  });

  story(
    'section 6: what comes without it, or too late, is refused and the stream goes on',
    { alice: 1 },
    async ({ alice }) => {
      for (const early of [`<r xmlns='${SM}'/>`, `<a xmlns='${SM}' h='0'/>`, RESUME, `<odd xmlns='${SM}'/>`]) {
        alice.send(early);
        expect(condition(await answer(alice.client))).toBe('unexpected-request');
      }
      await enable(alice);
      alice.send(RESUME);
      expect(condition(await answer(alice.client))).toBe('unexpected-request');
      await alice.available();
    },
  );
});

stories('XEP-0198 section 4', (story) => {
  story('h counts the stanzas since it was enabled, and nothing else', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await alice.asks("<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
    await enable(alice);
    expect(await acknowledged(alice.client)).toBe(0);
    await alice.available();
    expect(await acknowledged(alice.client)).toBe(1);
    alice.send(
      `${chat(bob.jid, 'one')}${chat(bob.jid, 'two')}<iq type='get' id='x' to='localhost'><odd xmlns='odd'/></iq>`,
    );
    expect(await acknowledged(alice.client)).toBe(4);
    // Those that are refused were taken in all the same.
    alice.send(`<message to='@@' id='bad'><body>x</body></message><iq type='odd' id='y'/>`);
    expect(await acknowledged(alice.client)).toBe(6);
  });

  story('a burst is acknowledged in one', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await enable(alice);
    const all = Array.from({ length: 300 }, (_, index) => chat(bob.jid, String(index)));
    alice.send(all.join(''));
    expect(await acknowledged(alice.client)).toBe(300);
    await bob.receives(`<message id='299'/>`);
  });

  story('every request is answered, and counts what came before it', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await bob.leave();
    await enable(alice);
    const each = (index: number) => `${chat(bob.bare, String(index))}<r xmlns='${SM}'/>`;
    alice.send(Array.from({ length: 20 }, (_, index) => each(index)).join(''));
    const counts: number[] = [];
    for (let index = 0; index < 20; index++) counts.push(Number((await answer(alice.client)).attrs['h']));
    // The answer to a later one overtakes those that still wait to hear that all is safe by now: they tell as much, and none tells less.
    expect(counts).toEqual(counts.map((count, index) => Math.max(count, index + 1, ...counts.slice(0, index))));
    expect(counts.at(-1)).toBe(20);
  });

  story('the server asks behind each stanza that it sends', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await enable(alice);
    bob.send(chat(alice.jid, 'hello'));
    await alice.receives(`<message from='${bob.jid}'/>`);
    expect((await answer(alice.client)).getName()).toBe('r');
    acknowledge(alice.client, 1);
    await alice.asks("<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
    expect((await answer(alice.client)).getName()).toBe('r');
    acknowledge(alice.client, 2);
    expect(await acknowledged(alice.client)).toBe(1);
  });

  story(
    'section 6: who acknowledges more than there was is told, and the stream ends',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await enable(alice);
      bob.send(chat(alice.jid, 'hello'));
      await alice.receives(`<message from='${bob.jid}'/>`);
      acknowledge(alice.client, 2);
      const failed = alice.client.fails();
      const error = await alice.client.until(() => alice.client.text.includes('handled-count-too-high'), 'the reason');
      expect(error).toBeUndefined();
      expect(alice.client.text).toMatch(/handled-count-too-high xmlns=.urn:xmpp:sm:3. h=.2. send-count=.1./);
      expect(await failed).toBe('undefined-condition');
    },
  );

  story('an acknowledgement without a number ends the stream', { alice: 1 }, async ({ alice }) => {
    await enable(alice);
    alice.send(`<a xmlns='${SM}' h='many'/>`);
    expect(await alice.client.fails()).toBe('bad-format');
  });

  story(
    'what was not acknowledged when the stream ended is kept for the account',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.available();
      await enable(bob, '');
      for (const body of ['one', 'two', 'three']) alice.send(chat(bob.jid, body));
      await bob.receives(`<message id='three'/>`);
      acknowledge(bob.client, 1);
      await bob.leave();
      await handled(alice, bob.bare);
      const back = await bob.another(port);
      await back.available();
      await stored(back);
      const kept = (await back.hasReceived()).filter((one) => one.is('message'));
      expect(bodies(kept)).toEqual(['two', 'three']);
      for (const message of kept) expect(message.getChildren('delay', 'urn:xmpp:delay')).toHaveLength(1);
      back.vanish();
    },
  );

  story('it goes to another session that takes messages, once', { alice: 1, bob: 2 }, async ({ alice, bob, bob2 }) => {
    await bob.available('<priority>5</priority>');
    await bob2.available('<priority>1</priority>');
    await enable(bob, '');
    alice.send(chat(bob.bare, 'missed'));
    await bob.receives(`<message id='missed'/>`);
    await lose(bob);
    await bob2.receives(`<message id='missed' from='${alice.jid}'/>`);
    expect(bodies(await bob2.hasReceived(alice))).toEqual([]);
  });

  story('not to one that was given it as well', { alice: 1, bob: 2 }, async ({ alice, bob, bob2 }) => {
    await bob.available();
    await bob2.available();
    await enable(bob, '');
    alice.send(chat(bob.bare, 'both'));
    await bob.receives(`<message id='both'/>`);
    await bob2.receives(`<message id='both'/>`);
    await bob2.hasReceived();
    await lose(bob);
    await bob2.receives(`<presence type='unavailable' from='${bob.jid}'/>`);
    expect(bodies(await bob2.hasReceived(alice))).toEqual([]);
  });

  story('a request is answered by an error', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await enable(bob, '');
    alice.send(`<iq type='get' id='q' to='${bob.jid}'><odd xmlns='urn:test:odd'/></iq>`);
    await bob.client.next((one) => one.attrs['id'] === 'q');
    await lose(bob);
    const error = await alice.client.next((one) => one.attrs['id'] === 'q');
    expect(error.getChild('error')?.getChild('service-unavailable')).toBeDefined();
  });
});
