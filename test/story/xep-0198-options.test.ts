/** XEP-0198 with the options of mod_stream_management. */
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { onBothEngines } from '../support/story/both-engines.js';
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
import { withOptions } from '../support/story/options.js';
import { befriend, teller } from '../support/story/story.js';

const options = (...lines: readonly string[]) => withOptions('mod_stream_management', ...lines);

/** What the account finds when it comes back with a new session. */
async function finds(actor: Actor, port: number): Promise<Element[]> {
  const back = await actor.another(port);
  await back.available();
  await stored(back);
  const found = (await back.hasReceived()).filter((one) => one.is('message'));
  back.vanish();
  return found;
}

onBothEngines('resume_timeout and stale_h', options('resume_timeout = 1', 'stale_h.enabled = true'), (server) => {
  const story = teller(server);

  story(
    'section 4: not resumed in time, its stanzas go where they would without it',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await alice.available();
      await bob.available();
      await befriend(alice, bob);
      const { element } = await enable(bob);
      expect(element.attrs['max']).toBe('1');
      await lose(bob);
      alice.send(`${chat(bob.jid, 'one')}${chat(bob.bare, 'two')}`);
      alice.send(`<iq type='get' id='q' to='${bob.jid}'><odd xmlns='urn:test:odd'/></iq>`);
      await alice.receives(`<presence type='unavailable' from='${bob.jid}'/>`);
      await alice.receives(`<iq type='error' id='q'/>`);
      await handled(alice, bob.bare);
      const found = await finds(bob, port);
      expect(bodies(found)).toEqual(['one', 'two']);
      for (const message of found) expect(message.getChildren('delay', 'urn:xmpp:delay')).toHaveLength(1);
    },
  );

  story(
    'section 5: who comes too late is told what had been handled',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await alice.available();
      await bob.available();
      await befriend(alice, bob);
      const { id } = await enable(bob);
      bob.send(`${chat(alice.jid, 'one')}${chat(alice.jid, 'two')}`);
      await alice.receives(`<message id='two'/>`);
      await lose(bob);
      await alice.receives(`<presence type='unavailable' from='${bob.jid}'/>`);
      const { client } = await returning(port, bob);
      const failed = await resume(client, id, 0);
      expect(condition(failed)).toBe('item-not-found');
      expect(failed.attrs['h']).toBe('2');
      client.destroy();
      // Nobody else is.
      const other = await returning(port, alice);
      expect((await resume(other.client, id, 0)).attrs['h']).toBeUndefined();
      other.client.destroy();
    },
  );

  story('a session that was resumed in time stays', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    await bob.available();
    const { id } = await enable(bob);
    await lose(bob);
    const { client } = await returning(port, bob);
    await resume(client, id, 0);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    alice.send(chat(bob.jid, 'still'));
    await client.next((one) => one.attrs['id'] === 'still');
    client.destroy();
  });
});

onBothEngines('buffer_max', options('buffer_max = 5', 'buffer_max_bytes = 20000'), (server) => {
  const story = teller(server);

  story(
    'a flood ends a session that nobody reads, and is kept in order',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.available();
      const { id } = await enable(bob);
      await lose(bob);
      const all = Array.from({ length: 30 }, (_, index) => String(index));
      for (const body of all) alice.send(chat(bob.bare, body));
      await handled(alice, bob.bare);
      const { client } = await returning(port, bob);
      expect(condition(await resume(client, id, 0))).toBe('item-not-found');
      client.destroy();
      expect(bodies(await finds(bob, port))).toEqual(all);
    },
  );

  story('a client that acknowledges in time may be behind', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await enable(bob);
    for (let index = 1; index <= 20; index++) alice.send(chat(bob.jid, String(index)));
    await bob.receives(`<message id='20'/>`);
    acknowledge(bob.client, 20);
    await new Promise((resolve) => setTimeout(resolve, 5_500));
    alice.send(chat(bob.jid, 'next'));
    await bob.receives(`<message id='next'/>`);
  });

  story(
    'one that does not is closed with resource-constraint',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.available();
      await enable(bob);
      for (let index = 1; index <= 6; index++) alice.send(chat(bob.jid, String(index)));
      expect(await bob.client.fails()).toBe('resource-constraint');
      await handled(alice, bob.bare);
      expect(bodies(await finds(bob, port))).toEqual(['1', '2', '3', '4', '5', '6']);
    },
  );

  story('too many bytes end it at once', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    await bob.available();
    await enable(bob);
    const begin = Date.now();
    for (const letter of ['a', 'b', 'c']) alice.send(chat(bob.jid, letter.repeat(5_000)));
    expect(await bob.client.fails()).toBe('resource-constraint');
    expect(Date.now() - begin).toBeLessThan(4_000);
    await handled(alice, bob.bare);
    expect(bodies(await finds(bob, port)).map((body) => body?.[0])).toEqual(['a', 'b', 'c']);
  });
});

onBothEngines('ack', options('ack = false'), (server) => {
  teller(server)(
    'false: the server never asks, and still answers',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      const { id } = await enable(bob);
      for (const body of ['one', 'two']) alice.send(chat(bob.jid, body));
      await bob.receives(`<message id='two'/>`);
      bob.send(chat(alice.jid, 'hello'));
      expect(await acknowledged(bob.client)).toBe(1);
      expect(bob.client.text).not.toContain('<r ');
      await lose(bob);
      const { client } = await returning(port, bob);
      await resume(client, id, 1);
      expect(bodies(await stanzasUntilNow(client))).toEqual(['two']);
      expect(client.text).not.toContain('<r ');
      client.destroy();
    },
  );
});

onBothEngines('ack_freq', options('ack_freq = 3'), (server) => {
  teller(server)('3: asks behind every third stanza', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await enable(bob);
    for (let index = 1; index <= 7; index++) alice.send(chat(bob.jid, String(index)));
    await bob.receives(`<message id='7'/>`);
    expect(
      bob.client.text
        .match(/<r xmlns|id='\d'|id="\d"/g)
        ?.map((text) => (text[1] === 'r' ? 'r' : 's'))
        .join(''),
    ).toBe('sssrsssrs');
  });
});

onBothEngines('buffer', options('buffer = false'), (server) => {
  teller(server)('false: nothing is kept, so nothing can be resumed', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    const { element } = await enable(bob);
    expect(element.attrs).toEqual({ xmlns: SM });
    alice.send(chat(bob.jid, 'one'));
    await bob.receives(`<message id='one'/>`);
    acknowledge(bob.client, 1);
    bob.send(chat(alice.jid, 'hello'));
    expect(await acknowledged(bob.client)).toBe(1);
    acknowledge(bob.client, 2);
    expect(await bob.client.fails()).toBe('undefined-condition');
  });
});

onBothEngines('location', options('location = "[2001:db8::1]:5222"'), (server) => {
  teller(server)('section 3: tells where to come back', { alice: 1 }, async ({ alice }) => {
    expect((await enable(alice)).element.attrs['location']).toBe('[2001:db8::1]:5222');
  });
});
