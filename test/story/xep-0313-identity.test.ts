/** XEP-0313 and bad input: what is not the client's to say or to see, and requests that are not as they should be. */
import { expect } from 'vitest';
import { Actor } from '../support/story/actor.js';
import { archive, converse, forwarded, queryXml, refused } from '../support/story/archive.js';
import { stories } from '../support/story/story.js';

const MAM = 'urn:xmpp:mam:2';
const delay = (from: string) => `<delay xmlns='urn:xmpp:delay' from='${from}' stamp='2001-01-01T00:00:00Z'/>`;

stories('XEP-0313 section 8', (story) => {
  story(
    'section 8.2: a result that somebody makes up comes in his own name, and gets into no archive',
    { alice: 1, eve: 1 },
    async ({ alice, eve }) => {
      const said = `<message xmlns='jabber:client' from='bob@localhost/x' to='${alice.jid}'><body>I owe you</body></message>`;
      const content = `<forwarded xmlns='urn:xmpp:forward:0'>${delay('localhost')}${said}</forwarded>`;
      eve.send(`<message to='${alice.jid}'><result xmlns='${MAM}' id='C0' queryid='q'>${content}</result></message>`);
      const came = await alice.receives('<message><result/></message>');
      expect(came.attrs['from']).toBe(eve.jid);
      eve.send(`<message to='${alice.jid}' type='chat' id='end'><body>end</body></message>`);
      await alice.receives(`<message id='end'/>`);
      for (const actor of [alice, eve]) expect((await archive(actor)).bodies).toEqual(['end']);
    },
  );

  story(
    'section 8.2: nobody sends a result, or anything else, in the name of an archive',
    { alice: 1, eve: 1 },
    async ({ alice, eve }) => {
      eve.send(`<message from='${alice.bare}' to='${alice.jid}'><result xmlns='${MAM}' id='C0'/></message>`);
      await eve.client.closed();
      expect((await alice.hasReceived()).filter((stanza) => stanza.is('message'))).toEqual([]);
    },
  );

  story(
    'a delay that a client makes up puts no message into the past of an archive',
    { alice: 1, eve: 1 },
    async ({ alice, eve }) => {
      // In the name of the server it is taken out; in his own name it says that the message has been archived when it was new.
      for (const from of ['localhost', eve.jid])
        eve.send(`<message to='${alice.jid}' type='chat'><body>by ${from}</body>${delay(from)}</message>`);
      await converse(eve, alice, ['now']);
      for (const actor of [alice, eve]) {
        expect((await archive(actor, { fields: { end: '2020-01-01T00:00:00Z' } })).bodies).toEqual([]);
        const { bodies, results } = await archive(actor);
        expect(bodies).toEqual(['by localhost', 'now']);
        expect(forwarded(results[0]!).getChild('delay')).toBeUndefined();
      }
    },
  );

  story(
    'section 8.1: rooms, services and the server have no archive that a client may read',
    { alice: 1 },
    async ({ alice }) => {
      for (const to of ['localhost', 'other.example', 'conference.localhost']) {
        const answer = await alice.asks(queryXml({ to }, 'q'));
        expect(answer.attrs['type'], to).toBe('error');
      }
    },
  );

  story(
    'section 4.2: the query id comes back to the letter, and what was sent as it was written',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      const rich =
        `<body xml:lang='pl'>&lt;b&gt; &amp;&#x142; 'quoted' "twice"</body>` +
        `<p:x xmlns:p='urn:example:p' p:a='1&gt;2'><p:y/><z xmlns='urn:example:z'>t<![CDATA[<&>]]></z></p:x>`;
      alice.send(`<message to='${bob.jid}' type='chat' id='a&amp;&lt;b' xml:lang='en'>${rich}</message>`);
      const came = await bob.receives('<message><body/></message>');
      came.remove('stanza-id', 'urn:xmpp:sid:0');
      const queryId = `&lt;q&gt; &amp; &apos;'`.replace("'", '&quot;');
      for (const actor of [alice, bob]) {
        const answer = await actor.asks(queryXml({}, queryId));
        expect(answer.attrs['type']).toBe('result');
        const [result] = actor.client.takeAll().flatMap((stanza) => stanza.getChild('result', MAM) ?? []);
        expect(result?.attrs['queryid']).toBe(`<q> & '"`);
        const kept = forwarded(result!);
        expect(kept.attrs).toMatchObject({ id: 'a&<b', 'xml:lang': 'en', from: alice.jid });
        expect(kept.children.map(String)).toEqual(came.children.map(String));
      }
    },
  );

  story('forms and sets that are not as they should be are refused', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await converse(alice, bob, ['one', 'two', 'three']);
    const { ids } = await archive(alice);
    const type = `<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:0</value></field>`;
    const foreign = `<x xmlns='jabber:x:data' type='submit'>${type}</x>`;
    const cases: [Parameters<typeof refused>[1], string][] = [
      [{ more: foreign }, 'bad-request'],
      [{ fields: { ids: Array.from({ length: 501 }, (_, index) => (index + 1).toString(32)) } }, 'policy-violation'],
      [{ fields: { ids: [ids[0]!, 'C0'] } }, 'item-not-found'],
      [{ fields: { start: '2020-13-01T00:00:00Z' } }, 'bad-request'],
      [{ fields: { end: '99999999999' } }, 'bad-request'],
      [{ set: `<max>1.5</max>` }, 'bad-request'],
      [{ set: `<max>99999999999999999999</max>` }, 'bad-request'],
      [{ set: `<after>${'V'.repeat(60)}</after>` }, 'item-not-found'],
      [{ set: `<after>&#x1F422;</after>` }, 'item-not-found'],
      [{ set: `<after>${ids[0]} OR 1=1</after>` }, 'item-not-found'],
    ];
    for (const [query, condition] of cases) {
      const answer = await refused(alice, query);
      expect(answer.getChild('error')?.getChild(condition), JSON.stringify(query).slice(0, 200)).toBeDefined();
    }
    const both = await archive(alice, { set: `<after>${ids[0]}</after><before>${ids[2]}</before>` });
    expect(both.bodies).toEqual(['two']);
    const nothing = await archive(alice, { set: `<after>${ids[2]}</after><before>${ids[0]}</before>` });
    expect([nothing.bodies, nothing.isComplete]).toEqual([[], true]);
    const like = await archive(alice, { fields: { with: bob.bare.replace(/^../, '%_') } });
    expect(like.bodies).toEqual([]);
  });

  story(
    'whoever gets the name of an account that is gone does not get its archive',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await converse(alice, bob, ['secret']);
      await converse(bob, alice, ['another']);
      await alice.asks(`<iq type='set'><prefs xmlns='${MAM}' default='never'/></iq>`);
      alice.send(`<iq type='set' id='gone'><query xmlns='jabber:iq:register'><remove/></query></iq>`);
      await alice.client.closed();
      const heir = await Actor.join(port, { username: alice.username, domain: alice.domain, password: 'another' });
      const prefs = await heir.asks(`<iq type='get'><prefs xmlns='${MAM}'/></iq>`);
      expect([(await archive(heir)).bodies, prefs.getChild('prefs')?.attrs['default']]).toEqual([[], 'always']);
      await converse(bob, heir, ['to the heir']);
      expect((await archive(heir)).bodies).toEqual(['to the heir']);
      expect((await archive(bob)).bodies).toEqual(['secret', 'another', 'to the heir']);
      heir.vanish();
    },
  );

  story(
    'each of many queries at once is answered, in full or with an error',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await converse(alice, bob, ['one', 'two']);
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, index) => alice.asks(queryXml({}, `q${index}`))),
      );
      const counts = new Map<string, number>();
      for (const stanza of alice.client.takeAll()) {
        const query = stanza.getChild('result', MAM)?.attrs['queryid'];
        if (query !== undefined) counts.set(query, (counts.get(query) ?? 0) + 1);
      }
      for (const [index, answer] of answers.entries()) {
        const isRefused = answer.getChild('error')?.getChild('resource-constraint') !== undefined;
        expect(counts.get(`q${index}`) ?? 0).toBe(isRefused ? 0 : 2);
        expect(answer.attrs['type']).toBe(isRefused ? 'error' : 'result');
      }
      expect(counts.size).toBeGreaterThanOrEqual(20);
    },
  );
});
