/** XEP-0013: offline messages looked at, fetched and removed one by one. */
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { handled } from '../support/story/fence.js';
import { stories } from '../support/story/story.js';

const OFFLINE = 'http://jabber.org/protocol/offline';
const INFO = 'http://jabber.org/protocol/disco#info';
const ITEMS = 'http://jabber.org/protocol/disco#items';

function disco(actor: Actor, about: string, to = ''): Promise<Element> {
  return actor.asks(`<iq type='get' ${to}><query xmlns='${about}' node='${OFFLINE}'/></iq>`);
}

function offline(actor: Actor, type: 'get' | 'set', content: string, to = ''): Promise<Element> {
  return actor.asks(`<iq type='${type}' ${to}><offline xmlns='${OFFLINE}'>${content}</offline></iq>`);
}

function items(actions: string, nodes: readonly (string | undefined)[]): string {
  return nodes.map((node) => `<item action='${actions}' node='${node}'/>`).join('');
}

async function headers(actor: Actor): Promise<Record<string, string | undefined>[]> {
  const query = (await disco(actor, ITEMS)).getChild('query', ITEMS);
  return (query?.getChildren('item') ?? []).map(({ attrs }) => ({ ...attrs }));
}

async function count(actor: Actor): Promise<string | null | undefined> {
  const query = (await disco(actor, INFO)).getChild('query', INFO);
  expect(query?.getChild('identity')?.attrs).toMatchObject({ category: 'automation', type: 'message-list' });
  expect(query?.getChild('feature')?.attrs['var']).toBe(OFFLINE);
  const fields = query?.getChild('x', 'jabber:x:data')?.getChildren('field') ?? [];
  expect(fields[0]?.getChildText('value')).toBe(OFFLINE);
  return fields.find(({ attrs }) => attrs['var'] === 'number_of_messages')?.getChildText('value');
}

const condition = (answer: Element) => answer.getChild('error')?.getChildElements()[0]?.getName();

async function messages(actor: Actor, peer?: Actor): Promise<Element[]> {
  return (await actor.hasReceived(peer)).filter((element) => element.is('message'));
}

const bodies = (found: readonly Element[]) => found.map((message) => message.getChildText('body'));

/** Bob goes, Alice writes, Bob comes back without presence. */
async function awayAndBack(alice: Actor, bob: Actor, port: number, texts: readonly string[]): Promise<Actor> {
  await bob.leave();
  for (const text of texts) alice.send(`<message to='${bob.bare}' type='chat'><body>${text}</body></message>`);
  await handled(alice, bob.bare);
  return bob.another(port);
}

stories('XEP-0013', (story) => {
  story('section 2.1: the server says that it can', { alice: 1 }, async ({ alice }) => {
    for (const to of ["to='localhost'", '']) {
      const answer = await alice.asks(`<iq type='get' ${to}><query xmlns='${INFO}'/></iq>`);
      const features = answer.getChild('query')?.getChildren('feature') ?? [];
      expect(features.map(({ attrs }) => attrs['var'])).toContain(OFFLINE);
    }
  });

  story('section 2.2: how many there are', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    expect(await count(bob)).toBe('0');
    const back = await awayAndBack(alice, bob, port, ['one', 'two', 'three']);
    expect(await count(back)).toBe('3');
    back.vanish();
  });

  story(
    'section 2.2: whoever has asked is not flooded, nor is another session while it is there; new messages come',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      const back = await awayAndBack(alice, bob, port, ['one', 'two']);
      await count(back);
      await back.available();
      const other = await back.another(port);
      await other.available('<priority>5</priority>');
      expect(await messages(back, alice)).toEqual([]);
      expect(await messages(other, alice)).toEqual([]);
      alice.send(`<message to='${bob.bare}' type='chat'><body>live</body></message>`);
      await other.receives('<message><body>live</body></message>');
      expect(await count(back)).toBe('2');
      await back.leave();
      await other.leave();
      const last = await bob.another(port);
      await last.available();
      await last.receives('<message><body>two</body></message>');
      last.vanish();
    },
  );

  story(
    'section 2.3: headers have the full address of the sender, and nodes in the order of arrival',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      const back = await awayAndBack(alice, bob, port, ['one', 'two', 'three']);
      const found = await headers(back);
      expect(found.map(({ jid, name }) => [jid, name])).toEqual(Array(3).fill([bob.bare, alice.jid]));
      const nodes = found.map(({ node }) => node as string);
      expect([...nodes].sort()).toEqual(nodes);
      expect(new Set(nodes).size).toBe(3);
      back.vanish();
    },
  );

  story('section 2.3: without messages the list is empty', { bob: 1 }, async ({ bob }) => {
    const answer = await disco(bob, ITEMS);
    expect(answer.attrs['type']).toBe('result');
    expect(answer.getChild('query', ITEMS)?.attrs['node']).toBe(OFFLINE);
    expect(answer.getChild('query', ITEMS)?.getChildElements()).toEqual([]);
  });

  story(
    'sections 2.4 and 2.5: what is viewed stays until it is removed',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      const back = await awayAndBack(alice, bob, port, ['one', 'two', 'three']);
      const nodes = (await headers(back)).map(({ node }) => node);
      for (let times = 0; times < 2; times++) {
        const answer = await offline(back, 'get', items('view', [nodes[2], nodes[0]]));
        expect(answer.attrs['type']).toBe('result');
        expect(answer.getChildElements()).toEqual([]);
        const seen = await messages(back);
        expect(bodies(seen)).toEqual(['one', 'three']);
        for (const [index, message] of seen.entries()) {
          expect(message.attrs).toMatchObject({ from: alice.jid, to: bob.bare, type: 'chat' });
          expect(message.getChild('offline', OFFLINE)?.getChild('item')?.attrs['node']).toBe(nodes[index * 2]);
          expect(message.getChild('delay', 'urn:xmpp:delay')?.attrs['from']).toBe('localhost');
        }
      }
      expect((await offline(back, 'set', items('remove', nodes.slice(0, 2)))).attrs['type']).toBe('result');
      expect((await headers(back)).map(({ node }) => node)).toEqual(nodes.slice(2));
      await back.leave();
      const last = await bob.another(port);
      await last.available();
      await last.receives('<message><body>three</body></message>');
      expect(bodies(await messages(last))).toEqual([]);
      last.vanish();
    },
  );

  story(
    'section 2.6: all of them at once, which is not a flood either',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      const back = await awayAndBack(alice, bob, port, ['one', 'two', 'three']);
      expect((await offline(back, 'get', '<fetch/>')).attrs['type']).toBe('result');
      expect(bodies(await messages(back))).toEqual(['one', 'two', 'three']);
      await back.available();
      expect(await messages(back, alice)).toEqual([]);
      expect(await count(back)).toBe('3');
      back.vanish();
    },
  );

  story('section 2.7: all of them are removed', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    const back = await awayAndBack(alice, bob, port, ['one', 'two']);
    const nodes = (await headers(back)).map(({ node }) => node);
    expect((await offline(back, 'set', '<purge/>')).attrs['type']).toBe('result');
    expect(await count(back)).toBe('0');
    expect(condition(await offline(back, 'get', items('view', nodes)))).toBe('item-not-found');
    expect((await offline(back, 'get', '<fetch/>')).attrs['type']).toBe('result');
    expect(await messages(back)).toEqual([]);
    back.vanish();
  });

  story(
    'what is not there is item-not-found, and then nothing is shown or removed',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      const back = await awayAndBack(alice, bob, port, ['one']);
      const [node] = (await headers(back)).map((header) => header['node']);
      for (const wrong of ['0000000000000000', '9007199254740991', 'x', '', `${node}0`]) {
        for (const [type, action] of [
          ['get', 'view'],
          ['set', 'remove'],
        ] as const)
          expect(condition(await offline(back, type, items(action, [node, wrong]))), wrong).toBe('item-not-found');
      }
      expect(await messages(back)).toEqual([]);
      expect(await count(back)).toBe('1');
      back.vanish();
    },
  );

  story('what is not understood is a bad request', { bob: 1 }, async ({ bob }) => {
    for (const [type, content] of [
      ['get', ''],
      ['set', ''],
      ['get', '<purge/>'],
      ['set', '<fetch/>'],
      ['get', '<fetch/><fetch/>'],
      ['set', `<purge/>${items('remove', ['1'])}`],
      ['get', items('remove', ['1'])],
      ['set', items('view', ['1'])],
      ['get', "<item node='1'/>"],
    ] as const)
      expect(condition(await offline(bob, type, content)), content).toBe('bad-request');
  });

  story(
    'section 3: nobody reads, counts or removes those of another, nor learns who exists',
    { alice: 1, bob: 1, carol: 1 },
    async ({ alice, bob, carol }, { port }) => {
      const back = await awayAndBack(alice, bob, port, ['secret']);
      const [node] = (await headers(back)).map((header) => header['node']);
      for (const account of [bob.bare, 'nobody@localhost']) {
        const to = `to='${account}'`;
        for (const answer of [
          await disco(carol, INFO, to),
          await disco(carol, ITEMS, to),
          await offline(carol, 'get', '<fetch/>', to),
          await offline(carol, 'get', items('view', [node]), to),
          await offline(carol, 'set', items('remove', [node]), to),
          await offline(carol, 'set', '<purge/>', to),
        ]) {
          expect(condition(answer)).toBe('forbidden');
          expect(answer.getChildElements()).toHaveLength(1);
        }
      }
      expect(condition(await offline(carol, 'get', items('view', [node])))).toBe('item-not-found');
      expect(await messages(carol)).toEqual([]);
      expect(await count(back)).toBe('1');
      back.vanish();
    },
  );
});
