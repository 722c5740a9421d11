/** XEP-0049: private XML. */
import type { Element } from 'ltx';
import { expect } from 'vitest';
import { Actor } from '../support/story/actor.js';
import { onBothEngines } from '../support/story/both-engines.js';
import { withOptions } from '../support/story/options.js';
import { stories, teller } from '../support/story/story.js';

function get(actor: Actor, content: string, to = ''): Promise<Element> {
  return actor.asks(`<iq type='get' ${to}><query xmlns='jabber:iq:private'>${content}</query></iq>`);
}

function set(actor: Actor, content: string, to = ''): Promise<Element> {
  return actor.asks(`<iq type='set' ${to}><query xmlns='jabber:iq:private'>${content}</query></iq>`);
}

stories('XEP-0049', (story) => {
  story(
    'section 2.1 and 2.2: what one session keeps, another finds as it was',
    { alice: 2 },
    async ({ alice, alice2 }) => {
      const answer = await set(
        alice,
        "<exodus xmlns='exodus:prefs'><nick a='&lt;1&gt;'>Hamlet &amp; co</nick><o xmlns='urn:test:other'/></exodus>",
      );
      expect(answer.attrs['type']).toBe('result');
      expect(answer.getChildElements()).toEqual([]);
      const kept = (await get(alice2, "<exodus xmlns='exodus:prefs'/>"))
        .getChild('query', 'jabber:iq:private')
        ?.getChild('exodus', 'exodus:prefs');
      expect(kept?.getChildText('nick')).toBe('Hamlet & co');
      expect(kept?.getChild('nick')?.attrs['a']).toBe('<1>');
      expect(kept?.getChild('o', 'urn:test:other')).toBeDefined();
    },
  );

  story('section 2.2: what was never kept comes back empty', { alice: 1 }, async ({ alice }) => {
    const query = (await get(alice, "<nothing xmlns='urn:test:nothing'/>")).getChild('query');
    expect(query?.getChild('nothing', 'urn:test:nothing')?.children).toEqual([]);
  });

  story('each namespace holds one element: the last', { alice: 1 }, async ({ alice }) => {
    await set(alice, "<a xmlns='urn:test:a'>1</a><b xmlns='urn:test:b'>1</b>");
    await set(alice, "<a xmlns='urn:test:a'>2</a>");
    const query = (await get(alice, "<a xmlns='urn:test:a'/><b xmlns='urn:test:b'/>")).getChild('query');
    expect(query?.getChildText('a', 'urn:test:a')).toBe('2');
    expect(query?.getChildText('b', 'urn:test:b')).toBe('1');
  });

  story('section 2.3: what is wrong is refused, and nothing of it is kept', { alice: 1 }, async ({ alice }) => {
    expect((await set(alice, '')).getChild('error')?.getChild('bad-request')).toBeDefined();
    expect((await get(alice, '')).getChild('error')?.getChild('bad-request')).toBeDefined();
    for (const wrong of ['<own/>', `<long xmlns='${'x'.repeat(251)}'/>`]) {
      const answer = await set(alice, `<good xmlns='urn:test:good'>1</good>${wrong}`);
      expect(answer.getChild('error')?.getChild('not-acceptable')).toBeDefined();
    }
    const query = (await get(alice, "<good xmlns='urn:test:good'/>")).getChild('query');
    expect(query?.getChildText('good', 'urn:test:good')).toBe('');
  });

  story('section 2.3: nobody reads or writes that of another', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await set(bob, "<secret xmlns='urn:test:secret'>s</secret>");
    for (const answer of [
      await get(alice, "<secret xmlns='urn:test:secret'/>", `to='${bob.bare}'`),
      await set(alice, "<secret xmlns='urn:test:secret'>mine</secret>", `to='${bob.bare}'`),
    ]) {
      expect(answer.getChildElements()).toHaveLength(1);
      expect(answer.getChild('error')?.getChild('forbidden')).toBeDefined();
    }
    const kept = (await get(bob, "<secret xmlns='urn:test:secret'/>")).getChild('query');
    expect(kept?.getChildText('secret', 'urn:test:secret')).toBe('s');
  });

  story('a namespace that is asked for many times is answered once', { alice: 1 }, async ({ alice }) => {
    await set(alice, `<a xmlns='urn:test:a'>${'x'.repeat(20_000)}</a>`);
    const query = (await get(alice, `${"<a xmlns='urn:test:a'/>".repeat(500)}<b xmlns='urn:test:b'/>`)).getChild(
      'query',
    );
    expect(query?.getChildElements().map((one) => one.getName())).toEqual(['a', 'b']);
  });

  story('it goes with the account', { alice: 1 }, async ({ alice }, { port }) => {
    await set(alice, "<secret xmlns='urn:test:secret'>s</secret>");
    await alice.asks("<iq type='set'><query xmlns='jabber:iq:register'><remove/></query></iq>");
    await alice.client.closed();
    const again = await Actor.join(port, alice);
    const query = (await get(again, "<secret xmlns='urn:test:secret'/>")).getChild('query');
    expect(query?.getChildText('secret', 'urn:test:secret')).toBe('');
    again.vanish();
  });
});

onBothEngines('XEP-0049, limits', withOptions('mod_private', 'max_size = 1000', 'max_elements = 3'), (server) => {
  const story = teller(server);
  const element = (name: string, size: number) => `<${name} xmlns='urn:test:${name}'>${'x'.repeat(size)}</${name}>`;
  const isFull = (answer: Element) => answer.getChild('error')?.getChild('resource-constraint') !== undefined;

  story(
    'max_size: an account keeps no more than that, and nothing of what is too much',
    { alice: 1 },
    async ({ alice }) => {
      expect((await set(alice, element('a', 400))).attrs['type']).toBe('result');
      expect((await set(alice, element('b', 400))).attrs['type']).toBe('result');
      expect(isFull(await set(alice, element('c', 400)))).toBe(true);
      expect(isFull(await set(alice, `${element('a', 1)}${element('c', 900)}`))).toBe(true);
      const query = (await get(alice, element('a', 0) + element('c', 0))).getChild('query');
      expect(query?.getChildText('a', 'urn:test:a')).toHaveLength(400);
      expect(query?.getChildText('c', 'urn:test:c')).toBe('');
      expect((await set(alice, element('a', 10))).attrs['type']).toBe('result');
      expect((await set(alice, element('c', 400))).attrs['type']).toBe('result');
    },
  );

  story(
    'max_elements: what is there may change, a namespace more may not come',
    { alice: 2 },
    async ({ alice, alice2 }) => {
      expect(isFull(await set(alice, ['a', 'b', 'c', 'd'].map((name) => element(name, 1)).join('')))).toBe(true);
      expect((await set(alice, ['a', 'b', 'c'].map((name) => element(name, 1)).join(''))).attrs['type']).toBe('result');
      expect(isFull(await set(alice2, element('d', 1)))).toBe(true);
      expect((await set(alice2, element('c', 5))).attrs['type']).toBe('result');
    },
  );

  story('many at once get no more than one after another', { alice: 2 }, async ({ alice, alice2 }) => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const answers = await Promise.all(names.map((name, index) => set(index % 2 ? alice : alice2, element(name, 1))));
    expect(answers.filter(isFull)).toHaveLength(3);
  });
});
