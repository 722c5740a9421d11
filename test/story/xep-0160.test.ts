/** XEP-0160, with XEP-0203: messages for people who are away. */
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { onBothEngines } from '../support/story/both-engines.js';
import { handled, stored } from '../support/story/fence.js';
import { withOptions } from '../support/story/options.js';
import { stories, teller } from '../support/story/story.js';

/** Comes back and takes what was kept. */
async function collect(actor: Actor, port: number, presence = ''): Promise<{ back: Actor; messages: Element[] }> {
  const back = await actor.another(port);
  await back.available(presence);
  await stored(back);
  return { back, messages: (await back.hasReceived()).filter((element) => element.is('message')) };
}

const bodies = (messages: readonly Element[]) => messages.map((message) => message.getChildText('body'));

stories('XEP-0160', (story) => {
  story(
    'section 2: messages come in the order in which they were sent, each marked with when',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.leave();
      const sent = Array.from({ length: 50 }, (_, index) => String(index));
      for (const body of sent)
        alice.send(
          `<message to='${bob.bare}' type='${Number(body) % 2 ? 'chat' : 'normal'}' id='m${body}'><body>${body}</body></message>`,
        );
      await handled(alice, bob.bare);
      const { back, messages } = await collect(bob, port);
      expect(bodies(messages)).toEqual(sent);
      for (const message of messages) {
        expect(message.attrs['from']).toBe(alice.jid);
        const delay = message.getChild('delay', 'urn:xmpp:delay');
        expect(delay?.attrs['from']).toBe('localhost');
        const age = Date.now() - Date.parse(delay?.attrs['stamp']);
        expect(age).toBeGreaterThan(-2_000);
        expect(age).toBeLessThan(60_000);
      }
      back.vanish();
    },
  );

  story('RFC 6120 section 8.4: what they carry stays as it was', { alice: 1, bob: 1 }, async (actors, { port }) => {
    const { alice, bob } = actors as { alice: Actor; bob: Actor };
    await bob.leave();
    const content = `<x xmlns='urn:x' __proto__='p' constructor='c' a='&lt;&apos;'><y>z</y></x>`;
    alice.send(`<message to='${bob.bare}' __proto__='q' type='chat'><body>b</body>${content}</message>`);
    await handled(alice, bob.bare);
    const { back } = await collect(bob, port);
    expect(back.client.text).toMatch(/<message [^>]*__proto__='q'/);
    expect(back.client.text).toContain(content);
    back.vanish();
  });

  story('section 2: they are delivered once', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    await bob.leave();
    alice.send(`<message to='${bob.bare}' type='chat'><body>once</body></message>`);
    await handled(alice, bob.bare);
    const first = await collect(bob, port);
    expect(bodies(first.messages)).toEqual(['once']);
    await first.back.available('<show>away</show>');
    const second = await collect(bob, port);
    expect(second.messages).toEqual([]);
    expect(bodies((await first.back.hasReceived()).filter((element) => element.is('message')))).toEqual([]);
    first.back.vanish();
    second.back.vanish();
  });

  story(
    'section 2: a session of negative priority does not take them',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.leave();
      alice.send(`<message to='${bob.bare}' type='chat'><body>later</body></message>`);
      await handled(alice, bob.bare);
      const { back, messages } = await collect(bob, port, '<priority>-1</priority>');
      expect(messages).toEqual([]);
      await back.available('<priority>0</priority>');
      await back.receives('<message><body>later</body></message>');
      back.vanish();
    },
  );

  story('they are kept as they were sent', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    await bob.leave();
    alice.send(
      `<message to='${bob.bare}' type='chat' id='x' xml:lang='el'><body>&lt;ά&gt;</body><odd xmlns='urn:test:odd' a='1'/></message>`,
    );
    await handled(alice, bob.bare);
    const { back, messages } = await collect(bob, port);
    expect(messages[0]?.attrs).toMatchObject({ id: 'x', type: 'chat', 'xml:lang': 'el' });
    expect(bodies(messages)).toEqual(['<ά>']);
    expect(messages[0]?.getChild('odd', 'urn:test:odd')?.attrs['a']).toBe('1');
    back.vanish();
  });

  story(
    'section 3: what is about the moment only is not kept, and nobody is told',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.leave();
      alice.send(
        `<message to='${bob.bare}' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/><thread>t</thread></message>`,
      );
      alice.send(
        `<message to='${bob.bare}' type='chat'><body>hi</body><active xmlns='http://jabber.org/protocol/chatstates'/></message>`,
      );
      alice.send(`<message to='${bob.bare}' type='headline'><body>news</body></message>`);
      await handled(alice, bob.bare);
      expect(await alice.hasReceived()).toEqual([]);
      const { back, messages } = await collect(bob, port);
      expect(bodies(messages)).toEqual(['hi']);
      back.vanish();
    },
  );

  story('XEP-0023: one that has expired is not delivered', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    await bob.leave();
    alice.send(
      `<message to='${bob.bare}' type='chat'><body>old</body><x xmlns='jabber:x:expire' seconds='0'/></message>`,
    );
    alice.send(
      `<message to='${bob.bare}' type='chat'><body>new</body><x xmlns='jabber:x:expire' seconds='3600'/></message>`,
    );
    await handled(alice, bob.bare);
    const { back, messages } = await collect(bob, port);
    expect(bodies(messages)).toEqual(['new']);
    back.vanish();
  });

  story(
    'XEP-0334 section 4.2: no-store is not kept; who said something with it learns that it was not delivered',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.leave();
      const hint = (name: string) => `<${name} xmlns='urn:xmpp:hints'/>`;
      const send = (id: string, content: string) =>
        alice.send(`<message to='${bob.bare}' type='chat' id='${id}'>${content}</message>`);
      send('said', `<body>said</body>${hint('no-store')}`);
      send('shown', `<received xmlns='urn:xmpp:receipts' id='x'/>${hint('no-store')}`);
      send('private', `<body>private</body>${hint('no-permanent-store')}`);
      send('moment', `<composing xmlns='http://jabber.org/protocol/chatstates'/>${hint('no-copy')}`);
      send('wanted', `<composing xmlns='http://jabber.org/protocol/chatstates'/>${hint('store')}`);
      await handled(alice, bob.bare);
      const told = (await alice.hasReceived()).filter((element) => element.is('message'));
      expect(told.map(({ attrs }) => [attrs['id'], attrs['type']])).toEqual([['said', 'error']]);
      expect(told[0]?.getChild('error')?.getChild('service-unavailable')).toBeDefined();
      const { back, messages } = await collect(bob, port);
      expect(messages.map(({ attrs }) => attrs['id'])).toEqual(['private', 'wanted']);
      back.vanish();
    },
  );

  story(
    'XEP-0022 section 3: the sender is told when it asked for that; the recipient does not see that it did',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.leave();
      const asks = "<x xmlns='jabber:x:event'><offline/><composing/></x>";
      alice.send(`<message to='${bob.bare}' type='chat' id='m22'><body>x</body>${asks}</message>`);
      const event = await alice.receives(
        `<message from='${bob.bare}'><x xmlns='jabber:x:event'><offline/><id>m22</id></x></message>`,
      );
      expect(event.getChildElements()).toHaveLength(1);
      alice.send(`<message to='${bob.bare}'><x xmlns='jabber:x:event'><composing/><id>m1</id></x></message>`);
      await handled(alice, bob.bare);
      expect(await alice.hasReceived()).toEqual([]);
      const { back, messages } = await collect(bob, port);
      expect(bodies(messages)).toEqual(['x']);
      const events = messages[0]?.getChild('x', 'jabber:x:event')?.getChildElements();
      expect(events?.map((one) => one.getName())).toEqual(['composing']);
      back.vanish();
    },
  );

  story(
    'more than are read at once come in order, each once',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.leave();
      const sent = Array.from({ length: 450 }, (_, index) => String(index));
      for (const body of sent) alice.send(`<message to='${bob.bare}' type='chat'><body>${body}</body></message>`);
      await handled(alice, bob.bare);
      const back = await bob.another(port);
      await back.available();
      await back.receives(`<message><body>${sent.at(-1)}</body></message>`);
      await stored(back);
      const rest = (await back.hasReceived()).filter((element) => element.is('message'));
      expect(bodies(rest)).toEqual(sent.slice(0, -1));
      const again = await collect(back, port);
      expect(again.messages).toEqual([]);
      back.vanish();
      again.back.vanish();
    },
  );
});

const limited = withOptions('mod_offline', 'access_max_user_messages = "few"', 'store_groupchat_messages = true');
onBothEngines(
  'XEP-0160, options',
  (engine) => `${limited(engine)}\n[access]\n  few = [{acl = "all", value = 2}]\n`,
  (server) => {
    const story = teller(server);
    story(
      'access_max_user_messages: more than that get resource-constraint',
      { alice: 1, bob: 1 },
      async ({ alice, bob }, { port }) => {
        await bob.leave();
        for (const id of ['1', '2', '3'])
          alice.send(`<message to='${bob.bare}' type='chat' id='${id}'><body>${id}</body></message>`);
        const error = await alice.receives(`<message type='error' id='3' from='${bob.bare}'/>`);
        expect(error.getChild('error')?.attrs['type']).toBe('wait');
        expect(error.getChild('error')?.getChild('resource-constraint')).toBeDefined();
        const { back, messages } = await collect(bob, port);
        expect(bodies(messages)).toEqual(['1', '2']);
        back.vanish();
      },
    );

    story(
      'access_max_user_messages: what has expired makes room',
      { alice: 1, bob: 1 },
      async ({ alice, bob }, { port }) => {
        await bob.leave();
        const over = "<x xmlns='jabber:x:expire' seconds='0'/>";
        for (const [body, more] of Object.entries({ a: over, b: '', c: '', d: '' }))
          alice.send(`<message to='${bob.bare}' type='chat' id='${body}'><body>${body}</body>${more}</message>`);
        await alice.receives(`<message type='error' id='d'><error><resource-constraint/></error></message>`);
        const { back, messages } = await collect(bob, port);
        expect(bodies(messages)).toEqual(['b', 'c']);
        back.vanish();
      },
    );

    story(
      'store_groupchat_messages: those are kept as well',
      { alice: 1, bob: 1 },
      async ({ alice, bob }, { port }) => {
        await bob.leave();
        alice.send(`<message to='${bob.bare}' type='groupchat' id='g'><body>g</body></message>`);
        await alice.asks(`<iq type='get' to='${bob.bare}'><vCard xmlns='vcard-temp'/></iq>`);
        const { back } = await collect(bob, port).then(async ({ back, messages }) => {
          if (messages.length === 0) await back.receives("<message type='groupchat'><body>g</body></message>");
          else expect(bodies(messages)).toEqual(['g']);
          return { back };
        });
        expect((await alice.hasReceived()).filter((element) => element.is('message'))).toEqual([]);
        back.vanish();
      },
    );
  },
);

onBothEngines(
  'XEP-0160, without mod_offline',
  (engine) => withOptions('mod_offline')(engine).replace('[modules.mod_offline]\n', ''),
  (server) => {
    const story = teller(server);
    story(
      'RFC 6121 section 8.5.2.2.1: the sender learns that it was not delivered',
      { alice: 1, bob: 1 },
      async ({ alice, bob }) => {
        await bob.leave();
        alice.send(`<message to='${bob.bare}' type='chat' id='m'><body>x</body></message>`);
        await alice.receives(
          "<message type='error' id='m'><error type='cancel'><service-unavailable/></error></message>",
        );
      },
    );
  },
);

onBothEngines(
  'mod_offline_stub',
  (engine) => withOptions('mod_offline')(engine).replace('[modules.mod_offline]\n', '[modules.mod_offline_stub]\n'),
  (server) => {
    const story = teller(server);
    story(
      'a message that nobody reads is not answered, and not kept; one for nobody is',
      { alice: 1, bob: 1 },
      async ({ alice, bob }, { port }) => {
        await bob.leave();
        for (const type of ['chat', 'normal', 'groupchat'])
          alice.send(`<message to='${bob.bare}' type='${type}' id='${type}'><body>x</body></message>`);
        alice.send("<message to='nobody@localhost' type='chat' id='none'><body>x</body></message>");
        await alice.receives("<message type='error' id='none'><error><service-unavailable/></error></message>");
        await alice.asks(`<iq type='get' to='${bob.bare}'><vCard xmlns='vcard-temp'/></iq>`);
        const { back, messages } = await collect(bob, port);
        expect(messages).toEqual([]);
        expect((await alice.hasReceived()).filter((element) => element.is('message'))).toEqual([]);
        back.vanish();
      },
    );
  },
);
