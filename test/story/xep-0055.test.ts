/** XEP-0055: the user directory. */
import type { Element } from 'ltx';
import { expect } from 'vitest';
import { Actor } from '../support/story/actor.js';
import { onBothEngines } from '../support/story/both-engines.js';
import { withOptions } from '../support/story/options.js';
import { stories, teller } from '../support/story/story.js';

const SEARCH = 'jabber:iq:search';

function submit(actor: Actor, fields: Record<string, string>, more = '', to = 'vjud.localhost'): Promise<Element> {
  const form = Object.entries(fields).map(([name, value]) => `<field var='${name}'><value>${value}</value></field>`);
  return actor.asks(
    `<iq type='set' to='${to}'><query xmlns='${SEARCH}'><x xmlns='jabber:x:data' type='submit'>${form.join('')}</x>${more}</query></iq>`,
  );
}

/** The rows of a result, by the names of their fields. */
function rows(answer: Element): Record<string, string>[] {
  const form = answer.getChild('query', SEARCH)?.getChild('x', 'jabber:x:data');
  expect(form?.attrs['type']).toBe('result');
  return (form?.getChildren('item') ?? []).map((item) =>
    Object.fromEntries(
      item.getChildren('field').map((field) => [field.attrs['var'], field.getChildText('value') ?? '']),
    ),
  );
}

/** A word that no other story uses. */
function word(): string {
  return `w${Math.random().toString(36).slice(2, 10)}`;
}

function describeAs(actor: Actor, content: string): Promise<Element> {
  return actor.asks(`<iq type='set'><vCard xmlns='vcard-temp'>${content}</vCard></iq>`);
}

stories('XEP-0055', (story) => {
  story('section 2.1: the fields, plain and as a form', { alice: 1 }, async ({ alice }) => {
    const query = (await alice.asks(`<iq type='get' to='vjud.localhost'><query xmlns='${SEARCH}'/></iq>`)).getChild(
      'query',
      SEARCH,
    );
    expect(query?.getChildText('instructions')).toBeTruthy();
    for (const name of ['first', 'last', 'nick', 'email']) expect(query?.getChild(name)).toBeDefined();
    const form = query?.getChild('x', 'jabber:x:data');
    expect(form?.attrs['type']).toBe('form');
    expect(form?.getChildren('field').map(({ attrs }) => attrs['var'])).toEqual([
      'FORM_TYPE',
      'user',
      'fn',
      'first',
      'middle',
      'last',
      'nick',
      'bday',
      'ctry',
      'locality',
      'email',
      'orgname',
      'orgunit',
    ]);
  });

  story(
    'section 3: a form finds by any field, without regard to case; all of them have to fit',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      const mark = word();
      await describeAs(
        alice,
        `<FN>Alice ${mark}</FN><N><GIVEN>Alice</GIVEN><MIDDLE>M</MIDDLE><FAMILY>${mark}</FAMILY></N><NICKNAME>Al</NICKNAME><BDAY>1852-05-04</BDAY>` +
          '<ADR><CTRY>England</CTRY><LOCALITY>Oxford</LOCALITY></ADR><EMAIL><INTERNET/><USERID>alice@example.org</USERID></EMAIL><ORG><ORGNAME>Wonder</ORGNAME><ORGUNIT>Land</ORGUNIT></ORG>',
      );
      const expected = {
        jid: alice.bare,
        fn: `Alice ${mark}`,
        first: 'Alice',
        middle: 'M',
        last: mark,
        nick: 'Al',
        bday: '1852-05-04',
        ctry: 'England',
        locality: 'Oxford',
        email: 'alice@example.org',
        orgname: 'Wonder',
        orgunit: 'Land',
      };
      for (const [name, value] of Object.entries(expected)) {
        if (name === 'jid') continue;
        expect(rows(await submit(bob, { last: mark.toUpperCase(), [name]: value.toUpperCase() })), name).toEqual([
          expected,
        ]);
        expect(rows(await submit(bob, { last: mark, [name]: `${value}-not` })), name).toEqual([]);
      }
      expect(rows(await submit(bob, { user: alice.username }))).toEqual([expected]);
    },
  );

  story(
    'a star at the end finds what begins so; other signs stand for themselves',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      const mark = word();
      await describeAs(alice, `<NICKNAME>${mark}-100%_sure</NICKNAME>`);
      expect(rows(await submit(bob, { nick: `${mark}*` }))).toHaveLength(1);
      expect(rows(await submit(bob, { nick: mark }))).toEqual([]);
      expect(rows(await submit(bob, { nick: `${mark}-100%*` }))).toHaveLength(1);
      expect(rows(await submit(bob, { nick: `${mark}%*` }))).toEqual([]);
      expect(rows(await submit(bob, { nick: `${mark}_100*` }))).toEqual([]);
    },
  );

  story(
    'section 2.1: the plain way gives plain results, and an empty query for none',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      const mark = word();
      await describeAs(
        alice,
        `<N><GIVEN>A</GIVEN><FAMILY>${mark}</FAMILY></N><NICKNAME>n</NICKNAME><EMAIL>a@b</EMAIL>`,
      );
      const plain = (last: string) =>
        bob.asks(`<iq type='set' to='vjud.localhost'><query xmlns='${SEARCH}'><last>${last}</last></query></iq>`);
      const [item, ...more] = (await plain(mark)).getChild('query')?.getChildren('item') ?? [];
      expect(more).toEqual([]);
      expect(item?.attrs['jid']).toBe(alice.bare);
      expect(item?.getChildElements().map((field) => [field.getName(), field.getText()])).toEqual([
        ['first', 'A'],
        ['last', mark],
        ['nick', 'n'],
        ['email', 'a@b'],
      ]);
      expect((await plain(word())).getChild('query', SEARCH)?.getChildElements()).toEqual([]);
    },
  );

  story('a change of the vCard changes what is found', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    const mark = word();
    await describeAs(alice, `<FN>${mark}</FN>`);
    await describeAs(alice, '<URL>u</URL>');
    expect(rows(await submit(bob, { fn: mark }))).toEqual([]);
    // No field at all finds nobody, rather than everybody.
    expect(rows(await submit(bob, { fn: '' }))).toEqual([]);
  });

  story('the directory of a domain has the accounts of that domain', { alice: 1 }, async ({ alice }, { port }) => {
    const mark = word();
    const other = await Actor.join(port, { username: mark, domain: 'other.example', password: 'o' });
    await describeAs(other, `<FN>${mark}</FN>`);
    expect(rows(await submit(alice, { fn: mark }))).toEqual([]);
    expect(rows(await submit(alice, { fn: mark }, '', 'vjud.other.example'))).toMatchObject([{ jid: other.bare }]);
    other.vanish();
  });

  story('what is wrong is refused', { alice: 1 }, async ({ alice }) => {
    const set = (content: string, to = 'vjud.localhost') =>
      alice.asks(`<iq type='set' to='${to}'><query xmlns='${SEARCH}'>${content}</query></iq>`);
    expect((await set('')).getChild('error')?.getChild('bad-request')).toBeDefined();
    expect(
      (await set("<x xmlns='jabber:x:data' type='cancel'/>")).getChild('error')?.getChild('bad-request'),
    ).toBeDefined();
    expect(
      (await set("<x xmlns='jabber:x:data' type='result'/>")).getChild('error')?.getChild('bad-request'),
    ).toBeDefined();
    expect(
      (
        await set(
          "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>jabber:iq:register</value></field><field var='fn'><value>x</value></field></x>",
        )
      )
        .getChild('error')
        ?.getChild('bad-request'),
    ).toBeDefined();
    // Fields that there are not find nobody, however many there are.
    const unknown = Array.from({ length: 500 }, (_, index) => `<field var='odd-${index}'><value>x</value></field>`);
    expect(rows(await set(`<x xmlns='jabber:x:data' type='submit'>${unknown.join('')}</x>`))).toEqual([]);
    for (const to of ['someone@vjud.localhost', 'vjud.localhost/x']) {
      expect((await set('<last>x</last>', to)).getChild('error')?.getChild('service-unavailable')).toBeDefined();
    }
    alice.send("<message to='vjud.localhost' id='m'><body>hello?</body></message>");
    await alice.receives("<message type='error' id='m'><error><service-unavailable/></error></message>");
    const odd = await alice.asks("<iq type='get' to='vjud.localhost'><odd xmlns='urn:test:odd'/></iq>");
    expect(odd.getChild('error')?.getChild('service-unavailable')).toBeDefined();
  });

  story('XEP-0030: the service says what it is', { alice: 1 }, async ({ alice }) => {
    const query = (
      await alice.asks("<iq type='get' to='vjud.localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>")
    ).getChild('query');
    expect(query?.getChild('identity')?.attrs).toMatchObject({ category: 'directory', type: 'user' });
    expect(query?.getChildren('feature').map(({ attrs }) => attrs['var'])).toEqual(
      expect.arrayContaining(['jabber:iq:search', 'vcard-temp', 'http://jabber.org/protocol/disco#info']),
    );
  });
});

stories('XEP-0059 in the user directory', (story) => {
  story(
    'results come in pages, forwards, backwards and by number',
    { alice: 1, bob: 1, carol: 1 },
    async ({ alice, bob, carol }) => {
      const mark = word();
      for (const actor of [alice, bob, carol]) await describeAs(actor, `<FN>${mark}</FN>`);
      const all = [alice.bare, bob.bare, carol.bare].sort();
      const page = async (set: string) => {
        const answer = await submit(alice, { fn: mark }, `<set xmlns='http://jabber.org/protocol/rsm'>${set}</set>`);
        if (answer.attrs['type'] === 'error') return answer.getChild('error')?.getChildElements()[0]?.getName();
        const result = answer.getChild('query')?.getChild('set', 'http://jabber.org/protocol/rsm');
        expect(result?.getChildText('count')).toBe('3');
        const found = rows(answer).map(({ jid }) => jid as string);
        if (found.length > 0) {
          expect(result?.getChildText('first')).toBe(found[0]);
          expect(result?.getChildText('last')).toBe(found.at(-1));
          expect(result?.getChild('first')?.attrs['index']).toBe(String(all.indexOf(found[0] as string)));
        }
        return found;
      };
      expect(await page('<max>2</max>')).toEqual(all.slice(0, 2));
      expect(await page(`<max>2</max><after>${all[1]}</after>`)).toEqual(all.slice(2));
      expect(await page(`<max>1</max><before>${all[2]}</before>`)).toEqual(all.slice(1, 2));
      expect(await page('<max>2</max><before/>')).toEqual(all.slice(1));
      expect(await page('<max>1</max><index>1</index>')).toEqual(all.slice(1, 2));
      expect(await page('<max>0</max>')).toEqual([]);
      expect(await page('<max>1</max><after>nobody@localhost</after>')).toBe('item-not-found');
      expect(await page('<max>many</max>')).toBe('bad-request');
      expect(await page('<max>-1</max>')).toBe('bad-request');
      expect(await page('<max>4294967296</max>')).toBe('bad-request');
      expect(await page('<max>1</max><index>-1</index>')).toBe('bad-request');
      expect(await page('<max>4294967295</max>')).toEqual(all);
      expect(await page('<max>1</max><index>4294967295</index>')).toEqual([]);
      expect(await page('<max>1</max><after/>')).toEqual(all.slice(0, 1));
      expect(await page(`<max>2</max><after>${all[2]}</after>`)).toEqual([]);
      expect(await page(`<max>2</max><before>${all[0]}</before>`)).toEqual([]);
      expect(await page('<max>1</max><before>nobody@localhost</before>')).toBe('item-not-found');
      expect(await page('')).toEqual(all);
    },
  );
});

onBothEngines('XEP-0055, options', withOptions('mod_vcard', 'host = "people.@HOST@"', 'matches = 2'), (server) => {
  const story = teller(server);
  story(
    'host names the domain, matches limits what is found',
    { alice: 1, bob: 1, carol: 1 },
    async ({ alice, bob, carol }) => {
      const mark = word();
      for (const actor of [alice, bob, carol]) await describeAs(actor, `<FN>${mark}</FN>`);
      expect(rows(await submit(alice, { fn: mark }, '', 'people.localhost'))).toHaveLength(2);
      const nobody = await submit(alice, { fn: mark });
      expect(nobody.getChild('error')?.getChild('remote-server-not-found')).toBeDefined();
    },
  );
});

onBothEngines('XEP-0055, search off', withOptions('mod_vcard', 'search = false'), (server) => {
  const story = teller(server);
  story('there is no directory', { alice: 1 }, async ({ alice }) => {
    const nobody = await submit(alice, { fn: 'x' });
    expect(nobody.getChild('error')?.getChild('remote-server-not-found')).toBeDefined();
    const items = await alice.asks(
      "<iq type='get' to='localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
    );
    expect(items.getChild('query')?.getChildElements()).toEqual([]);
  });
});
