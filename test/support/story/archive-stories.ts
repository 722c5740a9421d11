/** What XEP-0313 says of archives of accounts, told on whatever server there is. */
import { expect } from 'vitest';
import { archive, converse, forwarded, refused } from './archive.js';
import { handled, stored } from './fence.js';
import type { Tell } from './story.js';

const words = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);

export function archiveStories(story: Tell<{ readonly port: number }>): void {
  story(
    'section 4.2: both sides find a message as it was sent, with the time and an id',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      const [came] = await converse(alice, bob, ['hello']);
      for (const actor of [alice, bob]) {
        const { results, isComplete, count } = await archive(actor);
        expect([results.length, isComplete, count]).toEqual([1, true, '1']);
        const [result] = results;
        const message = forwarded(result!);
        expect(message.attrs).toMatchObject({ from: alice.jid, to: bob.jid, type: 'chat', id: 'id-hello' });
        expect(message.getChildText('body')).toBe('hello');
        expect(message.getChild('stanza-id')).toBeUndefined();
        const stamp = result?.getChild('forwarded')?.getChild('delay', 'urn:xmpp:delay')?.attrs['stamp'];
        expect(Math.abs(Date.now() - Date.parse(stamp))).toBeLessThan(60_000);
      }
      const { ids } = await archive(bob);
      // Section 3.4: the recipient is told the id of its own archive; XEP-0359 names the owner.
      expect(came?.getChild('stanza-id', 'urn:xmpp:sid:0')?.attrs).toMatchObject({ by: bob.bare, id: ids[0] });
    },
  );

  story(
    'section 4.3: pages follow each other by after, before and index, and the last one says so',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await converse(alice, bob, words(7));
      const first = await archive(alice, { set: '<max>3</max>' });
      expect([first.bodies, first.isComplete, first.count, first.index]).toEqual([['m0', 'm1', 'm2'], false, '7', '0']);
      expect([first.first, first.last]).toEqual([first.ids[0], first.ids[2]]);
      const second = await archive(alice, { set: `<max>3</max><after>${first.last}</after>` });
      expect([second.bodies, second.isComplete, second.index]).toEqual([['m3', 'm4', 'm5'], false, '3']);
      const third = await archive(alice, { set: `<max>3</max><after>${second.last}</after>` });
      expect([third.bodies, third.isComplete, third.index, third.count]).toEqual([['m6'], true, '6', '7']);
      const nothing = await archive(alice, { set: `<max>3</max><after>${third.last}</after>` });
      expect([nothing.bodies, nothing.isComplete, nothing.first]).toEqual([[], true, undefined]);
      const last = await archive(alice, { set: '<max>3</max><before/>' });
      expect([last.bodies, last.isComplete, last.index]).toEqual([['m4', 'm5', 'm6'], false, '4']);
      const previous = await archive(alice, { set: `<max>9</max><before>${last.first}</before>` });
      expect([previous.bodies, previous.isComplete]).toEqual([['m0', 'm1', 'm2', 'm3'], true]);
      const byIndex = await archive(alice, { set: '<max>2</max><index>5</index>' });
      expect([byIndex.bodies, byIndex.isComplete, byIndex.index]).toEqual([['m5', 'm6'], true, '5']);
    },
  );

  story(
    'XEP-0059 section 2: max 0 asks for the count alone, and a max beyond the limit is cut',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await converse(alice, bob, words(55));
      const none = await archive(alice, { set: '<max>0</max>' });
      expect([none.results.length, none.count, none.isComplete]).toEqual([0, '55', false]);
      for (const set of ['<max>4294967295</max>', '<max>50</max>', undefined]) {
        const page = await archive(alice, set === undefined ? {} : { set });
        expect([page.results.length, page.isComplete, page.count]).toEqual([50, false, '55']);
      }
      for (const set of ['<max>-1</max>', '<max>many</max>', '<max>4294967296</max>', '<index>-1</index>']) {
        const answer = await refused(alice, { set });
        expect(answer.getChild('error')?.getChild('bad-request'), set).toBeDefined();
      }
      const far = await archive(alice, { set: '<index>9999</index>' });
      expect([far.results.length, far.isComplete]).toEqual([0, true]);
      const beyond = await refused(alice, { set: '<index>4294967295</index>' });
      expect(beyond.getChild('error')?.getChild('policy-violation')).toBeDefined();
    },
  );

  story(
    'sections 4.1.4 and 4.3.2: an id that is not in the archive is item-not-found',
    { alice: 1, bob: 1, carol: 1 },
    async ({ alice, bob, carol }) => {
      await converse(alice, bob, ['one']);
      await converse(bob, carol, ['other']);
      const [foreign] = (await archive(carol)).ids;
      for (const id of ['0', 'no such id', foreign!, 'VVVVVVVVVVVVVVVVVV']) {
        for (const query of [
          { set: `<after>${id}</after>` },
          { set: `<before>${id}</before>` },
          ...['before-id', 'after-id', 'ids'].map((field) => ({ fields: { [field]: id } })),
        ]) {
          const answer = await refused(alice, query);
          expect(answer.getChild('error')?.getChild('item-not-found'), JSON.stringify(query)).toBeDefined();
        }
      }
    },
  );

  story(
    'section 4.1: filters by address, by time and by id go together',
    { alice: 1, bob: 1, carol: 1 },
    async ({ alice, bob, carol }) => {
      await converse(alice, bob, ['to-bob']);
      await converse(alice, carol, ['to-carol']);
      await converse(bob, alice, ['from-bob']);
      const all = await archive(alice);
      expect(all.bodies).toEqual(['to-bob', 'to-carol', 'from-bob']);
      const ask = async (fields: Record<string, string | string[]>) => (await archive(alice, { fields })).bodies;
      expect(await ask({ with: bob.bare })).toEqual(['to-bob', 'from-bob']);
      expect(await ask({ with: bob.jid })).toEqual(['to-bob', 'from-bob']);
      expect(await ask({ with: `${bob.bare}/elsewhere` })).toEqual([]);
      // Section 4.1.1: with oneself means messages to oneself, not everything.
      expect(await ask({ with: alice.bare })).toEqual([]);
      const stamps = all.results.map((one) => one.getChild('forwarded')?.getChild('delay')?.attrs['stamp'] as string);
      expect(await ask({ start: stamps[1]! })).toEqual(['to-carol', 'from-bob']);
      expect(await ask({ end: stamps[1]! })).toEqual(['to-bob', 'to-carol']);
      expect(await ask({ start: stamps[1]!, end: stamps[1]!, with: carol.bare })).toEqual(['to-carol']);
      expect(await ask({ start: '2999-01-01T00:00:00Z' })).toEqual([]);
      expect(await ask({ end: '1969-01-01T00:00:00Z' })).toEqual([]);
      expect(await ask({ 'after-id': all.ids[0]! })).toEqual(['to-carol', 'from-bob']);
      expect(await ask({ 'before-id': all.ids[2]!, with: bob.bare })).toEqual(['to-bob']);
      expect(await ask({ ids: [all.ids[2]!, all.ids[0]!] })).toEqual(['to-bob', 'from-bob']);
    },
  );

  story('section 4.3.4: a flipped page comes backwards', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await converse(alice, bob, words(5));
    const page = await archive(alice, { set: '<max>3</max>', more: '<flip-page/>' });
    expect([page.bodies, page.isComplete]).toEqual([['m2', 'm1', 'm0'], false]);
  });

  story('section 5: metadata tell the ends of the archive', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    const ask = async () =>
      (await alice.asks("<iq type='get'><metadata xmlns='urn:xmpp:mam:2'/></iq>")).getChild('metadata');
    expect((await ask())?.getChildElements()).toEqual([]);
    await converse(alice, bob, words(3));
    const { ids, results } = await archive(alice);
    const metadata = await ask();
    const stamp = (index: number) => results[index]?.getChild('forwarded')?.getChild('delay')?.attrs['stamp'];
    expect(metadata?.getChild('start')?.attrs).toEqual({ id: ids[0], timestamp: stamp(0) });
    expect(metadata?.getChild('end')?.attrs).toEqual({ id: ids[2], timestamp: stamp(2) });
  });

  story('section 4.1.6: the form lists its fields, and others are refused', { alice: 1 }, async ({ alice }) => {
    const form = await alice.asks("<iq type='get'><query xmlns='urn:xmpp:mam:2'/></iq>");
    const fields = form.getChild('query')?.getChild('x', 'jabber:x:data')?.getChildren('field') ?? [];
    expect(fields.map((field) => field.attrs['var'])).toEqual(
      expect.arrayContaining(['with', 'start', 'end', 'before-id', 'after-id', 'ids', 'include-groupchat']),
    );
    const refusals = [
      [{ 'urn:example:colour': 'red' }, 'feature-not-implemented'],
      [{ start: 'yesterday' }, 'bad-request'],
      [{ with: '@' }, 'bad-request'],
      [{ 'include-groupchat': 'perhaps' }, 'bad-request'],
    ] as const;
    for (const [query, condition] of refusals) {
      const answer = await refused(alice, { fields: query as Record<string, string> });
      expect(answer.getChild('error')?.getChild(condition), JSON.stringify(query)).toBeDefined();
    }
  });

  story(
    "section 8.1: somebody else's archive is forbidden, whether the account is there or not",
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await converse(alice, bob, ['secret']);
      for (const to of [bob.bare, 'nobody-at-all@localhost']) {
        for (const content of [
          "type='set'><query xmlns='urn:xmpp:mam:2'/>",
          "type='get'><metadata xmlns='urn:xmpp:mam:2'/>",
          "type='get'><prefs xmlns='urn:xmpp:mam:2'/>",
          "type='set'><prefs xmlns='urn:xmpp:mam:2' default='never'/>",
        ]) {
          const answer = await alice.asks(`<iq to='${to}' ${content}</iq>`);
          expect(answer.getChild('error')?.getChild('forbidden'), content).toBeDefined();
        }
      }
      expect((await archive(bob)).bodies).toEqual(['secret']);
    },
  );

  story('section 6.1.1: what is no conversation is not archived', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    const body = '<body>not for long</body>';
    const hint = (name: string) => `<${name} xmlns='urn:xmpp:hints'/>`;
    const sent = [
      `<message to='${bob.jid}' type='headline'>${body}</message>`,
      `<message to='${bob.jid}' type='chat'>${body}${hint('no-store')}</message>`,
      `<message to='${bob.jid}' type='chat'>${body}${hint('no-permanent-store')}</message>`,
      `<message to='${bob.jid}' type='chat'>${body}<delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z'/></message>`,
      `<message to='${bob.jid}' type='chat'>${body}<result xmlns='urn:xmpp:mam:2' id='1'/></message>`,
      `<message to='${bob.jid}' type='chat'>${body}<received xmlns='urn:xmpp:carbons:2'/></message>`,
      `<message to='${bob.jid}' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`,
      `<message to='${bob.jid}' type='chat'><markable xmlns='urn:xmpp:chat-markers:0'/></message>`,
      `<message to='${bob.jid}' type='chat'/>`,
    ];
    for (const xml of sent) alice.send(xml);
    const kept = [
      `<message to='${bob.jid}'><body>plain</body></message>`,
      `<message to='${bob.jid}' type='chat'><event xmlns='urn:example:event'/>${hint('store')}</message>`,
      `<message to='${bob.jid}' type='chat'><displayed xmlns='urn:xmpp:chat-markers:0' id='1'/></message>`,
    ];
    for (const xml of kept) alice.send(xml);
    await bob.receives("<message><displayed xmlns='urn:xmpp:chat-markers:0'/></message>");
    for (const actor of [alice, bob]) expect((await archive(actor)).bodies).toEqual(['plain', undefined, undefined]);
  });

  story(
    'section 6.1.1: a message to somebody who is away is archived once, and comes later under the same id',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.leave();
      alice.send(`<message to='${bob.bare}' type='chat'><body>later</body></message>`);
      await handled(alice, bob.bare);
      const back = await bob.another(port);
      await back.available();
      const came = await back.receives('<message><body>later</body></message>');
      await stored(back);
      const { ids, bodies } = await archive(back);
      expect(bodies).toEqual(['later']);
      expect(came.getChild('stanza-id')?.attrs).toMatchObject({ by: bob.bare, id: ids[0] });
      back.vanish();
    },
  );

  story('section 6.1.1: several devices, one entry', { alice: 1, bob: 2 }, async ({ alice, bob, bob2 }) => {
    for (const actor of [bob, bob2]) await actor!.available();
    alice.send(`<message to='${bob.bare}' type='chat'><body>to all</body></message>`);
    const ids = [];
    for (const actor of [bob, bob2]) {
      const came = await actor!.receives('<message><body>to all</body></message>');
      ids.push(came.getChild('stanza-id')?.attrs['id']);
    }
    const page = await archive(bob);
    expect([page.bodies, ids]).toEqual([['to all'], [page.ids[0], page.ids[0]]]);
  });

  story(
    'section 4.1.1: what one sends to oneself is archived once, and found by the own address',
    { alice: 2, bob: 1 },
    async ({ alice, alice2, bob }) => {
      for (const actor of [alice, alice2]) await actor!.available();
      await converse(alice, bob, ['to bob']);
      alice.send(`<message to='${alice2!.jid}' type='chat'><body>note</body></message>`);
      const came = await alice2!.receives('<message><body>note</body></message>');
      const page = await archive(alice, { fields: { with: alice.bare } });
      expect(page.bodies).toEqual(['note']);
      expect(came.getChild('stanza-id')?.attrs).toMatchObject({ by: alice.bare, id: page.ids[0] });
    },
  );

  story(
    'a message for an account that is not there leaves a row with its sender alone',
    { alice: 1 },
    async ({ alice }) => {
      alice.send(`<message to='nobody-${Date.now()}@localhost' type='chat'><body>hello?</body></message>`);
      await alice.receives(`<message type='error'/>`);
      expect((await archive(alice)).bodies).toEqual(['hello?']);
    },
  );

  story('the version before is answered in its own namespace', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await converse(alice, bob, ['old']);
    expect((await archive(alice, { ns: 'urn:xmpp:mam:1' })).bodies).toEqual(['old']);
  });

  story('XEP-0431: a search finds words in any order', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await converse(alice, bob, ['My cat, was eaten by: my dog?!?', 'the cat sleeps', 'nothing']);
    const ask = async (text: string) =>
      (await archive(alice, { fields: { '{urn:xmpp:fulltext:0}fulltext': text } })).bodies;
    expect(await ask('DOG cat')).toEqual(['My cat, was eaten by: my dog?!?']);
    expect(await ask('cat')).toEqual(['My cat, was eaten by: my dog?!?', 'the cat sleeps']);
    expect(await ask('%')).toEqual((await archive(alice)).bodies);
  });
}
