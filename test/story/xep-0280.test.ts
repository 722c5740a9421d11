/** XEP-0280: what one client of an account sends and receives, the others get copies of. */
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { archive } from '../support/story/archive.js';
import { handled } from '../support/story/fence.js';
import { lose, enable as manage, resume, returning } from '../support/story/managed.js';
import { stories } from '../support/story/story.js';

const CARBONS = 'urn:xmpp:carbons:2';
const wants = (actor: Actor, name = 'enable', ns = CARBONS) =>
  actor.asks(`<iq type='set'><${name} xmlns='${ns}'/></iq>`);
const chat = (to: string, id: string, more = '') =>
  `<message to='${to}' type='chat' id='${id}'><body>${id}</body>${more}</message>`;

/** What is in a copy: the message, and the direction that it went. */
function copied(stanza: Element): { direction: string; message: Element } | undefined {
  const [content] = stanza.getChildElements();
  if (content?.getNS() !== CARBONS) return undefined;
  const message = content.getChild('forwarded', 'urn:xmpp:forward:0')?.getChild('message', 'jabber:client');
  return message && { direction: content.getName(), message };
}

/** Direction and id of the copies that have come, and ids of what is no copy. */
async function came(actor: Actor, peer?: Actor): Promise<string[]> {
  const all = (await actor.hasReceived(peer)).filter((one) => one.is('message'));
  return all.map((one) => {
    const copy = copied(one);
    return copy ? `${copy.direction} ${copy.message.attrs['id']}` : one.attrs['id'];
  });
}

/** Available, with copies wanted; what came with that is taken away. */
async function enter(...actors: Actor[]): Promise<void> {
  for (const actor of actors) {
    await actor.available();
    expect((await wants(actor)).attrs['type']).toBe('result');
  }
  for (const actor of actors) await actor.hasReceived();
}

stories('XEP-0280 choosing', (story) => {
  story('section 3: the account says that it can copy, by all the rules', { alice: 1 }, async ({ alice }) => {
    for (const to of ['localhost', alice.bare]) {
      const info = await alice.asks(
        `<iq type='get' to='${to}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
      );
      const features = info.getChild('query')?.getChildren('feature') ?? [];
      expect(features.map(({ attrs }) => attrs['var'])).toEqual(
        expect.arrayContaining([CARBONS, 'urn:xmpp:carbons:1', 'urn:xmpp:carbons:rules:0']),
      );
    }
  });

  story(
    'section 10.1: it may be enabled and disabled again and again, by each client for itself',
    { alice: 1, bob: 3 },
    async ({ alice, bob, bob2, bob3 }) => {
      await Promise.all([alice, bob, bob2, bob3].map((one) => one.available()));
      for (const name of ['disable', 'enable', 'enable']) {
        const answer = await wants(bob2, name);
        expect([answer.attrs['type'], answer.getChildElements().length]).toEqual(['result', 0]);
      }
      alice.send(chat(bob.jid, 'one'));
      await handled(alice, bob.bare);
      expect(await came(bob2, alice)).toEqual(['received one']);
      expect(await came(bob3, alice)).toEqual([]);
      for (const name of ['disable', 'disable']) expect((await wants(bob2, name)).attrs['type']).toBe('result');
      alice.send(chat(bob.jid, 'two'));
      await handled(alice, bob.bare);
      expect(await came(bob2, alice)).toEqual([]);
      expect(await came(bob, alice)).toEqual(['one', 'two']);
    },
  );

  story('it ends with the session', { alice: 1, bob: 2 }, async ({ alice, bob, bob2 }, { port }) => {
    await enter(alice, bob, bob2);
    await bob2.leave();
    const back = await bob.another(port, bob2.resource);
    await back.available();
    alice.send(chat(bob.jid, 'm'));
    await handled(alice, bob.bare);
    expect(await came(back, alice)).toEqual([]);
    back.vanish();
  });

  story(
    'sections 4 and 5: nobody chooses for somebody else, and the element is to be empty',
    { alice: 2, bob: 1 },
    async ({ alice, alice2, bob }) => {
      for (const name of ['enable', 'disable']) {
        const theirs = await bob.asks(`<iq type='set' to='${alice.bare}'><${name} xmlns='${CARBONS}'/></iq>`);
        expect(theirs.getChild('error')?.getChild('not-allowed')).toBeDefined();
        expect(theirs.getChild('error')?.attrs['type']).toBe('cancel');
      }
      const filled = await alice.asks(`<iq type='set'><enable xmlns='${CARBONS}'><x xmlns='urn:test'/></enable></iq>`);
      expect(filled.getChild('error')?.getChild('bad-request')).toBeDefined();
      const read = await alice.asks(`<iq type='get'><enable xmlns='${CARBONS}'/></iq>`);
      expect(read.getChild('error')?.getChild('not-allowed')).toBeDefined();
      const odd = await wants(alice, 'private');
      expect(odd.getChild('error')?.getChild('service-unavailable')).toBeDefined();
      alice2.send(chat(bob.jid, 'm'));
      await bob.receives("<message id='m'/>");
      expect(await came(alice, bob)).toEqual([]);
    },
  );
});

stories('XEP-0280 copies', (story) => {
  story(
    'section 7: a message for one client is copied to the others as it came, from the account itself',
    { alice: 1, bob: 2 },
    async ({ alice, bob, bob2 }) => {
      await enter(bob, bob2);
      alice.send(
        `<message to='${bob.jid}' type='chat' id='m' xml:lang='el'><body>&lt;ά&gt;</body><odd xmlns='urn:test:odd' a="'"/></message>`,
      );
      const copy = await bob2.receives(`<message><received xmlns='${CARBONS}'/></message>`);
      expect(copy.attrs).toMatchObject({ from: bob.bare, to: bob2.jid, type: 'chat' });
      const message = copied(copy)?.message;
      expect(message?.attrs).toMatchObject({ from: alice.jid, to: bob.jid, type: 'chat', id: 'm', 'xml:lang': 'el' });
      expect(message?.getChildText('body')).toBe('<ά>');
      expect(message?.getChild('odd', 'urn:test:odd')?.attrs['a']).toBe("'");
      await bob.receives("<message id='m'/>");
      expect(await came(bob, alice)).toEqual([]);
    },
  );

  story(
    'section 7: those that get the message itself get no copy of it',
    { alice: 1, bob: 3 },
    async ({ alice, bob, bob2, bob3 }) => {
      await enter(bob, bob2, bob3);
      await bob3.available('<priority>-1</priority>');
      await bob.hasReceived();
      await bob2.hasReceived();
      alice.send(chat(bob.bare, 'm'));
      await handled(alice, bob.bare);
      expect(await came(bob, alice)).toEqual(['m']);
      expect(await came(bob2, alice)).toEqual(['m']);
      expect(await came(bob3, alice)).toEqual(['received m']);
    },
  );

  story(
    'section 8: what one client sends is copied to the others, whether it has enabled that itself or not',
    { alice: 3, bob: 1 },
    async ({ alice, alice2, alice3, bob }) => {
      await enter(alice2);
      await bob.available();
      alice.send(chat(bob.bare, 'm'));
      const copy = await alice2.receives(`<message><sent xmlns='${CARBONS}'/></message>`);
      expect(copy.attrs).toMatchObject({ from: alice.bare, to: alice2.jid, type: 'chat' });
      expect(copied(copy)?.message.attrs).toMatchObject({ from: alice.jid, to: bob.bare, type: 'chat', id: 'm' });
      await bob.receives("<message id='m'/>");
      expect(await came(alice, bob)).toEqual([]);
      expect(await came(alice3, bob)).toEqual([]);
    },
  );

  story(
    'section 8: copies and messages come in the order in which they were sent, once each',
    { alice: 2, bob: 2 },
    async ({ alice, alice2, bob, bob2 }) => {
      await enter(alice, alice2, bob, bob2);
      const ids = Array.from({ length: 40 }, (_, index) => `m${index}`);
      for (const id of ids) alice.send(chat(bob.jid, id));
      await handled(alice, bob.bare);
      expect(await came(bob, alice)).toEqual(ids);
      expect(await came(bob2, alice)).toEqual(ids.map((id) => `received ${id}`));
      expect(await came(alice2, alice)).toEqual(ids.map((id) => `sent ${id}`));
    },
  );

  story('a note to oneself comes to each client once', { alice: 3 }, async ({ alice, alice2, alice3 }) => {
    await enter(alice, alice2, alice3);
    alice.send(chat(alice2.jid, 'full'));
    await alice2.receives("<message id='full'/>");
    expect(await came(alice3, alice)).toEqual(['received full']);
    expect(await came(alice2)).toEqual([]);
    expect(await came(alice)).toEqual([]);
    alice.send(chat(alice.bare, 'bare'));
    await alice.receives("<message id='bare'/>");
    for (const one of [alice2, alice3]) expect(await came(one, alice)).toEqual(['bare']);
  });

  story(
    'COMPAT: in the first version the message stands beside the direction',
    { alice: 1, bob: 2 },
    async ({ alice, bob, bob2 }) => {
      await bob.available();
      await wants(bob2, 'enable', 'urn:xmpp:carbons:1');
      alice.send(chat(bob.jid, 'm'));
      const copy = await bob2.receives("<message><received xmlns='urn:xmpp:carbons:1'/></message>");
      expect(copy.getChild('received')?.getChildElements()).toEqual([]);
      expect(copy.getChild('forwarded', 'urn:xmpp:forward:0')?.getChild('message')?.attrs['id']).toBe('m');
    },
  );

  story(
    'XEP-0313 section 3.5: a copy tells where the own archive has the message',
    { alice: 2, bob: 2 },
    async ({ alice, alice2, bob, bob2 }) => {
      await enter(alice, alice2, bob, bob2);
      alice.send(chat(bob.jid, 'm', `<stanza-id xmlns='urn:xmpp:sid:0' by='${alice.bare}' id='forged'/>`));
      for (const [one, direction] of [
        [alice2, 'sent'],
        [bob2, 'received'],
      ] as const) {
        const message = copied(await one.receives(`<message><${direction}/></message>`))?.message;
        const ids = message?.getChildren('stanza-id', 'urn:xmpp:sid:0').filter(({ attrs }) => attrs['by'] === one.bare);
        expect(ids?.map(({ attrs }) => attrs['id'])).toEqual((await archive(one)).ids);
      }
    },
  );

  story('copies are in no archive', { alice: 2, bob: 2 }, async ({ alice, alice2, bob, bob2 }) => {
    await enter(alice, alice2, bob, bob2);
    alice.send(chat(bob.jid, 'm'));
    await handled(alice, bob.bare);
    for (const one of [alice2, bob2]) expect((await archive(one)).bodies).toEqual(['m']);
  });
});

stories('XEP-0280 eligible messages', (story) => {
  const pure = (to: string, id: string, type: string, content: string) =>
    `<message to='${to}' id='${id}'${type && ` type='${type}'`}>${content}</message>`;
  const state = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
  const receipt = "<received xmlns='urn:xmpp:receipts' id='x'/>";
  const marker = "<displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>";
  const direct = "<x xmlns='jabber:x:conference' jid='room@muc.example'/>";
  const mediated = "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@b.example'/></x>";
  const room = "<x xmlns='http://jabber.org/protocol/muc#user'/>";
  const other = "<other xmlns='urn:test:other'/>";

  story('section 6.1: by type and content', { alice: 2, bob: 2 }, async ({ alice, alice2, bob, bob2 }) => {
    await enter(alice, alice2, bob, bob2);
    const send = (id: string, type: string, content: string) => alice.send(pure(bob.jid, id, type, content));
    send('chat', 'chat', other);
    send('normal with body', 'normal', '<body>x</body>');
    send('untyped with body', '', '<body>x</body>');
    send('normal without', '', other);
    send('receipt', '', receipt);
    send('state', '', state);
    send('marker', '', marker);
    send('headline', 'headline', '<body>x</body>');
    send('direct invitation', '', direct);
    send('mediated invitation', '', mediated);
    send('of a room', '', room + other);
    send('error of nothing', 'error', '<body>x</body>');
    await handled(alice, bob.bare);
    const both = ['chat', 'normal with body', 'untyped with body', 'receipt', 'state', 'marker'];
    const invitations = ['direct invitation', 'mediated invitation'];
    expect(await came(alice2, alice)).toEqual([...both, ...invitations].map((id) => `sent ${id}`));
    expect(await came(bob2, alice)).toEqual([...both, ...invitations, 'of a room'].map((id) => `received ${id}`));
  });

  story('section 6.1: never a groupchat message', { alice: 2, bob: 2 }, async ({ alice, alice2, bob, bob2 }) => {
    await enter(alice, alice2, bob, bob2);
    for (const content of ['<body>x</body>', state, direct, mediated])
      alice.send(pure(bob.jid, 'group', 'groupchat', content));
    await handled(alice, bob.bare);
    expect(await came(alice2, alice)).toEqual([]);
    expect(await came(bob2, alice)).toEqual([]);
  });

  story(
    'section 6.1: an error is copied when what it answers was',
    { alice: 2, bob: 2 },
    async ({ alice, alice2, bob, bob2 }) => {
      await enter(alice, alice2, bob, bob2);
      const refusal = "<error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
      alice.send(chat(bob.jid, 'copied'));
      alice.send(pure(bob.jid, 'not copied', 'headline', other));
      await handled(alice, bob.bare);
      await came(alice2, alice);
      await came(bob2, alice);
      for (const id of ['copied', 'not copied', 'unheard of'])
        bob.send(`<message to='${alice.jid}' type='error' id='${id}'>${refusal}</message>`);
      await handled(bob, alice.bare);
      expect(await came(alice2, bob)).toEqual(['received copied']);
      expect(await came(bob2, bob)).toEqual(['sent copied']);
    },
  );

  story('section 6.1: the error of a server is one, too', { alice: 2 }, async ({ alice, alice2 }) => {
    await enter(alice, alice2);
    alice.send(chat('nobody@localhost', 'lost'));
    const copies = [
      copied(await alice2.receives('<message><sent/></message>')),
      copied(await alice2.receives('<message><received/></message>')),
    ];
    expect(copies.map((copy) => [copy?.message.attrs['id'], copy?.message.attrs['type']])).toEqual([
      ['lost', 'chat'],
      ['lost', 'error'],
    ]);
  });

  story(
    'section 9: a message that is private, or not to be copied (XEP-0334), goes to nobody else, and says so still',
    { alice: 2, bob: 2 },
    async ({ alice, alice2, bob, bob2 }) => {
      await enter(alice, alice2, bob, bob2);
      const both = `<private xmlns='${CARBONS}'/><no-copy xmlns='urn:xmpp:hints'/>`;
      alice.send(chat(bob.jid, 'private', `<private xmlns='${CARBONS}'/>`));
      alice.send(chat(bob.jid, 'no-copy', "<no-copy xmlns='urn:xmpp:hints'/>"));
      alice.send(chat(bob.jid, 'both', both));
      alice.send(chat(bob.jid, 'other hint', "<store xmlns='urn:xmpp:hints'/>"));
      await handled(alice, bob.bare);
      const message = await bob.receives(`<message id='both'>${both}</message>`);
      expect(message.attrs['from']).toBe(alice.jid);
      expect(await came(alice2, alice)).toEqual(['sent other hint']);
      expect(await came(bob2, alice)).toEqual(['received other hint']);
    },
  );
});

stories('XEP-0280 identity', (story) => {
  const forged = (from: string, to: string) =>
    `<message type='chat' ${from} to='${to}' id='forged'><received xmlns='${CARBONS}'><forwarded xmlns='urn:xmpp:forward:0'>` +
    `<message xmlns='jabber:client' from='boss@localhost/x' to='${to}' type='chat'><body>pay</body></message></forwarded></received></message>`;

  story(
    'section 11: what claims to be a copy has the address of who sent it, is not copied, and is in no archive',
    { alice: 1, bob: 2, mallory: 1 },
    async ({ bob, bob2, mallory }) => {
      await enter(bob, bob2);
      for (const to of [bob.jid, bob.bare]) mallory.send(forged('', to));
      await handled(mallory, bob.bare);
      for (const one of [bob, bob2]) {
        const all = (await one.hasReceived(mallory)).filter((each) => each.is('message'));
        expect(all.map(({ attrs }) => attrs['from'])).toEqual(all.map(() => mallory.jid));
        expect(all.length).toBe(one === bob ? 2 : 1);
      }
      expect((await archive(bob)).ids).toEqual([]);
    },
  );

  story(
    'RFC 6120 section 8.1.2.1: with the address of another account it ends the stream of the forger',
    { bob: 1, mallory: 1 },
    async ({ bob, mallory }) => {
      await enter(bob);
      mallory.send(forged(`from='${bob.bare}'`, bob.jid));
      expect(await mallory.client.fails()).toBe('invalid-from');
      expect(await came(bob)).toEqual([]);
    },
  );

  story(
    'section 11: a client of the account itself cannot speak in its name either',
    { bob: 2 },
    async ({ bob, bob2 }) => {
      await enter(bob, bob2);
      bob2.send(forged(`from='${bob.bare}'`, bob.jid));
      expect((await bob.receives("<message id='forged'/>")).attrs['from']).toBe(bob2.jid);
    },
  );
});

stories('XEP-0280 and XEP-0198', (story) => {
  story(
    'a session that is resumed has its copies, and gets more',
    { alice: 1, bob: 2 },
    async ({ alice, bob, bob2 }, { port }) => {
      await enter(bob, bob2);
      const { id } = await manage(bob2);
      await lose(bob2);
      alice.send(chat(bob.jid, 'meanwhile'));
      await handled(alice, bob.bare);
      const { client } = await returning(port, bob2);
      expect((await resume(client, id, 0)).getName()).toBe('resumed');
      expect(copied(await client.next((one) => one.is('message')))?.message.attrs['id']).toBe('meanwhile');
      alice.send(chat(bob.jid, 'later'));
      expect(copied(await client.next((one) => one.is('message')))?.message.attrs['id']).toBe('later');
      client.destroy();
    },
  );

  story(
    'section 10.3: a copy that its client did not take goes nowhere else',
    { alice: 1, bob: 2 },
    async ({ alice, bob, bob2 }) => {
      await enter(bob, bob2);
      await manage(bob2);
      alice.send(chat(bob.jid, 'm'));
      await bob2.receives('<message><received/></message>');
      // The stream ends in order, with the copy unacknowledged.
      await bob2.leave();
      await handled(alice, bob.bare);
      await bob.receives(`<presence type='unavailable' from='${bob2.jid}'/>`);
      expect(await came(bob, alice)).toEqual(['m']);
      expect((await alice.hasReceived()).filter((one) => one.is('message'))).toEqual([]);
    },
  );
});
