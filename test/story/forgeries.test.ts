/** What a client writes in the name of others, or in quantities that nobody needs. */
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { archive, forwarded } from '../support/story/archive.js';
import { handled, stored } from '../support/story/fence.js';
import { stories } from '../support/story/story.js';

const DELAY = 'urn:xmpp:delay';
const STAMP = '2002-09-10T23:08:25Z';
const delay = (from: string) => `<delay xmlns='${DELAY}' stamp='${STAMP}'${from}/>`;
const wrapped = (from: string, to: string) =>
  `<forwarded xmlns='urn:xmpp:forward:0'>${delay('')}<message xmlns='jabber:client' from='${from}' to='${to}' type='chat' id='inner'><body>pay</body></message></forwarded>`;
const messages = (all: readonly Element[]) => all.filter((one) => one.is('message'));
const condition = (answer: Element) => answer.getChild('error')?.getChildElements()[0]?.getName();

async function comeBack(actor: Actor, port: number): Promise<{ back: Actor; came: Element[] }> {
  const back = await actor.another(port);
  await back.available();
  await stored(back);
  return { back, came: messages(await back.hasReceived()) };
}

stories('XEP-0203 section 5: delays in the name of others', (story) => {
  story(
    'those of our domains, and of who is at home there, are taken out; those of the sender and of other servers stay',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await bob.available();
      const forged = ['localhost', 'LOCALHOST', 'other.example', 'vjud.localhost', bob.bare, 'room@vjud.localhost/x'];
      const honest = ['', ` from='${alice.bare}'`, ` from='${alice.jid}'`, " from='elsewhere.example'"];
      for (const from of forged.map((one) => ` from='${one}'`))
        alice.send(
          `<message to='${bob.jid}' type='chat' id='${from.slice(7, -1)}'><body>x</body>${delay(from)}</message>`,
        );
      alice.send(
        `<message to='${bob.jid}' type='chat' id='honest'><body>x</body>${honest.map(delay).join('')}</message>`,
      );
      alice.send(`<presence to='${bob.jid}'>${delay(" from='localhost'")}</presence>`);
      const presence = await bob.receives(`<presence from='${alice.jid}'/>`);
      expect(presence.getChild('delay')).toBeUndefined();
      const came = messages(await bob.hasReceived(alice));
      expect(came.map((one) => [one.attrs['id'], one.getChildren('delay', DELAY).length])).toEqual([
        ...forged.map((from) => [from, 0]),
        ['honest', 4],
      ]);
    },
  );

  story(
    'such a message is archived all the same, and is told to have waited since it came',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.leave();
      alice.send(`<message to='${bob.bare}' type='chat' id='m'><body>x</body>${delay(" from='localhost'")}</message>`);
      await handled(alice, bob.bare);
      const { back, came } = await comeBack(bob, port);
      const [mark, ...others] = came[0]?.getChildren('delay', DELAY) ?? [];
      expect(others).toEqual([]);
      expect(mark?.attrs['from']).toBe('localhost');
      expect(Math.abs(Date.now() - Date.parse(mark?.attrs['stamp']))).toBeLessThan(60_000);
      expect((await archive(back)).bodies).toEqual(['x']);
      back.vanish();
    },
  );
});

stories('XEP-0297: forwarded stanzas', (story) => {
  story(
    'section 7.1: what is in one is never taken for a message of its own, now or later',
    { alice: 1, bob: 1, boss: 1 },
    async ({ alice, bob, boss }, { port }) => {
      await Promise.all([bob.available(), boss.available()]);
      const xml = `<message to='${bob.bare}' type='chat' id='outer'><body>see</body>${wrapped(boss.jid, bob.bare)}</message>`;
      alice.send(xml);
      const came = await bob.receives("<message id='outer'/>");
      expect(came.attrs['from']).toBe(alice.jid);
      await bob.leave();
      alice.send(xml);
      await handled(alice, bob.bare);
      const later = await comeBack(bob, port);
      expect(later.came.map(({ attrs }) => [attrs['id'], attrs['from']])).toEqual([['outer', alice.jid]]);
      const { results } = await archive(later.back);
      expect(results.map((one) => forwarded(one).attrs['from'])).toEqual([alice.jid, alice.jid]);
      expect((await archive(boss)).ids).toEqual([]);
      expect(messages(await boss.hasReceived(alice))).toEqual([]);
      later.back.vanish();
    },
  );

  story(
    'XEP-0313 section 8.2: what looks like a result of an archive comes from who wrote it, and is not archived',
    { alice: 1, bob: 1, boss: 1 },
    async ({ alice, bob, boss }) => {
      await bob.available();
      const result = `<result xmlns='urn:xmpp:mam:2' id='1' queryid='q'>${wrapped(boss.jid, bob.bare)}</result>`;
      alice.send(`<message to='${bob.jid}' id='forged'>${result}<body>x</body></message>`);
      expect((await bob.receives("<message id='forged'/>")).attrs['from']).toBe(alice.jid);
      expect((await archive(bob)).ids).toEqual([]);
    },
  );
});

stories('Huge forms and lists', (story) => {
  const form = (fields: string, type: string) =>
    `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>${type}</value></field>${fields}</x>`;
  const field = (name: string, value: string) => `<field var='${name}'><value>${value}</value></field>`;
  const many = (count: number, of: (index: number) => string) =>
    Array.from({ length: count }, (_, n) => of(n)).join('');

  story('XEP-0055: a search by a thousand fields finds by those that there are', { alice: 1 }, async ({ alice }) => {
    const ask = (fields: string) =>
      alice.asks(
        `<iq type='set' to='vjud.localhost'><query xmlns='jabber:iq:search'>${form(fields, 'jabber:iq:search')}</query></iq>`,
      );
    const found = async (fields: string) =>
      (await ask(fields)).getChild('query')?.getChild('x')?.getChildren('item').length;
    await alice.asks(`<iq type='set'><vCard xmlns='vcard-temp'><NICKNAME>n-${alice.username}</NICKNAME></vCard></iq>`);
    const own = field('nick', `n-${alice.username}`);
    expect(await found(own)).toBe(1);
    expect(await found(many(1_000, (n) => field(`x${n}`, 'y')) + own)).toBe(1);
    expect(await found(many(1_000, () => own))).toBe(1);
    expect(await found(many(1_000, (n) => field(`x${n}`, 'y')))).toBe(0);
    expect(await found(field('nick', `${'*'.repeat(50_000)}`))).toBe(0);
  });

  story('XEP-0050: a command gets no larger by a large form', { alice: 1 }, async ({ alice }) => {
    const fields = many(1_000, (n) => field(`x${n}`, 'y'));
    const answer = await alice.asks(
      `<iq type='set' to='localhost'><command xmlns='http://jabber.org/protocol/commands' node='ping'>${form(fields, 'x')}</command></iq>`,
    );
    expect(answer.getChild('command')?.attrs['status']).toBe('completed');
  });

  story('XEP-0013: as many items as fit into a request are looked for', { alice: 1 }, async ({ alice }) => {
    const items = many(800, (n) => `<item action='view' node='${n}'/>`);
    const answer = await alice.asks(
      `<iq type='get'><offline xmlns='http://jabber.org/protocol/offline'>${items}</offline></iq>`,
    );
    expect(condition(answer)).toBe('item-not-found');
  });

  story(
    'RFC 6121 section 2.3.3: one contact at a time, and no more groups than are of use',
    { alice: 1 },
    async (actors) => {
      const { alice } = actors;
      const set = (items: string) => alice.asks(`<iq type='set'><query xmlns='jabber:iq:roster'>${items}</query></iq>`);
      expect(condition(await set(many(500, (n) => `<item jid='c${n}@localhost'/>`)))).toBe('bad-request');
      const groups = many(500, (n) => `<group>${n}</group>`);
      expect(condition(await set(`<item jid='c@localhost'>${groups}</item>`))).toBe('not-acceptable');
      const list = await alice.asks("<iq type='get'><query xmlns='jabber:iq:roster'/></iq>");
      expect(list.getChild('query')?.getChildElements()).toEqual([]);
    },
  );

  story('XEP-0191: a blocklist has an end, and is not half written', { alice: 1 }, async ({ alice }) => {
    const items = many(1_001, (n) => `<item jid='c${n}@localhost'/>`);
    const answer = await alice.asks(`<iq type='set'><block xmlns='urn:xmpp:blocking'>${items}</block></iq>`);
    expect(condition(answer)).toBe('resource-constraint');
    const list = await alice.asks("<iq type='get'><blocklist xmlns='urn:xmpp:blocking'/></iq>");
    expect(list.getChild('blocklist')?.getChildElements()).toEqual([]);
  });

  story('XEP-0049: what is asked for and not there stays as small as the question', { alice: 1 }, async ({ alice }) => {
    const wanted = many(1_000, (n) => `<a xmlns='urn:test:${n}'/>`);
    const answer = await alice.asks(`<iq type='get'><query xmlns='jabber:iq:private'>${wanted}</query></iq>`);
    expect(answer.attrs['type']).toBe('result');
    expect(answer.toString().length).toBeLessThan(60_000);
  });
});
