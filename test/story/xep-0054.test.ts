/** XEP-0054: vCards. */
import { expect } from 'vitest';
import { Actor } from '../support/story/actor.js';
import { onBothEngines } from '../support/story/both-engines.js';
import { withOptions } from '../support/story/options.js';
import { stories, teller } from '../support/story/story.js';

const GET = "<vCard xmlns='vcard-temp'/>";

stories('XEP-0054', (story) => {
  story(
    'section 3.1: without one, item-not-found; of an account that does not exist, the same',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      for (const to of ['', `to='${alice.bare}'`, `to='${bob.bare}'`, "to='nobody@localhost'"]) {
        const answer = await alice.asks(`<iq type='get' ${to}>${GET}</iq>`);
        expect(answer.getChildElements()).toHaveLength(1);
        expect(answer.getChild('error')?.getChild('item-not-found'), to).toBeDefined();
      }
    },
  );

  story(
    'sections 3.2 and 3.3: it is kept as it was sent, and shown to everybody',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      const photo = 'A'.repeat(40_000);
      const card = `<vCard xmlns='vcard-temp'><FN>Alice &amp; Cie</FN><N><FAMILY>Liddell</FAMILY><GIVEN/></N><PHOTO><TYPE>image/png</TYPE><BINVAL>${photo}</BINVAL></PHOTO><odd xmlns='urn:test:odd' a='1'/></vCard>`;
      const set = await alice.asks(`<iq type='set'>${card}</iq>`);
      expect(set.attrs['type']).toBe('result');
      expect(set.getChildElements()).toEqual([]);
      for (const [asker, to] of [
        [alice, ''],
        [alice, `to='${alice.bare}'`],
        [bob, `to='${alice.bare}'`],
      ] as const) {
        const vcard = (await asker.asks(`<iq type='get' ${to}>${GET}</iq>`)).getChild('vCard', 'vcard-temp');
        expect(vcard?.getChildText('FN')).toBe('Alice & Cie');
        expect(vcard?.getChild('N')?.getChildText('FAMILY')).toBe('Liddell');
        expect(vcard?.getChild('PHOTO')?.getChildText('BINVAL')).toBe(photo);
        expect(vcard?.getChild('odd', 'urn:test:odd')?.attrs['a']).toBe('1');
      }
      // Sessions are not asked.
      expect((await alice.hasReceived(bob)).filter((element) => element.is('iq'))).toEqual([]);
    },
  );

  story('section 3.2: an update takes the place of all that was there', { alice: 1 }, async ({ alice }) => {
    await alice.asks("<iq type='set'><vCard xmlns='vcard-temp'><FN>A</FN><URL>u</URL></vCard></iq>");
    await alice.asks("<iq type='set'><vCard xmlns='vcard-temp'><FN>B</FN></vCard></iq>");
    const vcard = (await alice.asks(`<iq type='get'>${GET}</iq>`)).getChild('vCard');
    expect(vcard?.getChildElements().map((child) => child.getName())).toEqual(['FN']);
  });

  story('section 3.2: nobody sets that of another', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    for (const to of [bob.bare, 'localhost', 'nobody@localhost']) {
      const answer = await alice.asks(`<iq type='set' to='${to}'><vCard xmlns='vcard-temp'><FN>x</FN></vCard></iq>`);
      expect(answer.getChild('error')?.getChild('not-allowed'), to).toBeDefined();
    }
    expect((await bob.asks(`<iq type='get'>${GET}</iq>`)).attrs['type']).toBe('error');
  });

  story('a field that is searched for may have 1023 bytes', { alice: 1 }, async ({ alice }) => {
    const set = (name: string) => alice.asks(`<iq type='set'><vCard xmlns='vcard-temp'><FN>${name}</FN></vCard></iq>`);
    expect((await set('x'.repeat(1023))).attrs['type']).toBe('result');
    expect((await set('x'.repeat(1024))).getChild('error')?.getChild('bad-request')).toBeDefined();
    const kept = (await alice.asks(`<iq type='get'>${GET}</iq>`)).getChild('vCard');
    expect(kept?.getChildText('FN')).toHaveLength(1023);
  });

  story('the server has one, too', { alice: 1 }, async ({ alice }) => {
    for (const domain of ['localhost', 'vjud.localhost']) {
      const answer = await alice.asks(`<iq type='get' to='${domain}'>${GET}</iq>`);
      expect(answer.getChild('vCard')?.getChildText('FN')).toBe('Meerkat');
    }
  });

  story('it goes with the account', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    await alice.asks("<iq type='set'><vCard xmlns='vcard-temp'><FN>Gone</FN></vCard></iq>");
    await alice.asks("<iq type='set'><query xmlns='jabber:iq:register'><remove/></query></iq>");
    await alice.client.closed();
    const again = await Actor.join(port, alice);
    expect(
      (await again.asks(`<iq type='get'>${GET}</iq>`)).getChild('error')?.getChild('item-not-found'),
    ).toBeDefined();
    const found = await bob.asks(
      `<iq type='set' to='vjud.localhost'><query xmlns='jabber:iq:search'><x xmlns='jabber:x:data' type='submit'><field var='user'><value>${alice.username}</value></field></x></query></iq>`,
    );
    expect(found.getChild('query')?.getChild('x')?.getChildren('item')).toEqual([]);
    again.vanish();
  });
});

onBothEngines('XEP-0054, max_size', withOptions('mod_vcard', 'max_size = 1000'), (server) => {
  const story = teller(server);
  story('a vCard that is larger is refused, and the one before stays', { alice: 1 }, async ({ alice }) => {
    const set = (size: number) =>
      alice.asks(`<iq type='set'><vCard xmlns='vcard-temp'><DESC>${'x'.repeat(size)}</DESC></vCard></iq>`);
    expect((await set(900)).attrs['type']).toBe('result');
    const refused = await set(1000);
    expect(refused.getChild('error')?.attrs['type']).toBe('modify');
    expect(refused.getChild('error')?.getChild('policy-violation')).toBeDefined();
    const kept = (await alice.asks(`<iq type='get'>${GET}</iq>`)).getChild('vCard');
    expect(kept?.getChildText('DESC')).toHaveLength(900);
  });
});
