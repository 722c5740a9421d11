/** XEP-0424: messages that are taken back, in both archives. */
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { archive, forwarded } from '../support/story/archive.js';
import { stories } from '../support/story/story.js';

const RETRACT = 'urn:xmpp:message-retract:1';
const RETRACT_0 = 'urn:xmpp:message-retract:0';
const BY_STANZA_ID = 'urn:esl:message-retract-by-stanza-id:0';

async function send(from: Actor, to: Actor, id: string, content: string): Promise<Element> {
  from.send(`<message to='${to.jid}' type='chat' id='${id}'>${content}</message>`);
  return to.receives(`<message from='${from.jid}' id='${id}'/>`);
}

const retract = (id: string) => `<retract xmlns='${RETRACT}' id='${id}'/><store xmlns='urn:xmpp:hints'/>`;
const fastened = (id: string, ns: string) =>
  `<apply-to xmlns='urn:xmpp:fasten:0' id='${id}'><retract xmlns='${ns}'/></apply-to>`;

/** Everything in the archive: bodies, and of tombstones what is in them. */
async function content(actor: Actor): Promise<unknown[]> {
  const { results } = await archive(actor);
  return results.map((result) => {
    const message = forwarded(result);
    const grave = message.getChild('retracted');
    return grave ? grave : (message.getChildText('body') ?? 'no body');
  });
}

stories('XEP-0424', (story) => {
  story(
    'section 4: a tombstone takes the place of the message in both archives; the retraction stays',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await send(alice, bob, 'm1', '<body>wrong recipient</body><subject>secret</subject>');
      await send(alice, bob, 'm2', '<body>right</body>');
      const came = await send(alice, bob, 'r1', retract('m1'));
      expect(came.getChild('retract', RETRACT)?.attrs['id']).toBe('m1');
      for (const actor of [alice, bob]) {
        const { results, ids } = await archive(actor);
        const [grave, other, request] = results.map(forwarded);
        const tomb = grave!.getChild('retracted', RETRACT);
        expect(tomb?.attrs).toMatchObject({ id: 'r1' });
        expect(Math.abs(Date.now() - Date.parse(tomb?.attrs['stamp']))).toBeLessThan(60_000);
        expect(grave!.attrs).toMatchObject({ id: 'm1', from: alice.jid, to: bob.jid });
        expect(String(grave)).not.toMatch(/wrong|secret/);
        expect([other!.getChildText('body'), request!.getChild('retract')?.attrs['id'], ids.length]).toEqual([
          'right',
          'm1',
          3,
        ]);
        const found = await archive(actor, { fields: { '{urn:xmpp:fulltext:0}fulltext': 'wrong' } });
        expect(found.results).toEqual([]);
      }
    },
  );

  story(
    'section 5: nobody takes back what somebody else has said',
    { alice: 1, bob: 1, eve: 1 },
    async ({ alice, bob, eve }) => {
      await send(alice, bob, 'm1', '<body>mine</body>');
      await send(bob, alice, 'm2', '<body>his</body>');
      await send(bob, alice, 'r1', retract('m1'));
      await send(eve, bob, 'r2', retract('m1'));
      await send(eve, bob, 'r3', fastened('m1', RETRACT_0));
      expect(await content(alice)).toEqual(['mine', 'his', 'no body']);
      expect((await content(bob)).slice(0, 2)).toEqual(['mine', 'his']);
    },
  );

  story(
    'the older form names the origin id, of several messages the latest one is meant',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      const origin = `<origin-id xmlns='urn:xmpp:sid:0' id='o1'/>`;
      await send(alice, bob, 'm1', `<body>first</body>${origin}`);
      await send(alice, bob, 'm2', `<body>second</body>${origin}`);
      await send(alice, bob, 'r1', fastened('o1', RETRACT_0));
      for (const actor of [alice, bob]) {
        const [first, grave] = (await content(actor)) as [string, Element];
        expect(first).toBe('first');
        expect(grave.getNS()).toBe(RETRACT_0);
        expect(grave.getChild('origin-id', 'urn:xmpp:sid:0')?.attrs['id']).toBe('o1');
      }
    },
  );

  story(
    "MongooseIM's own form names the id that the archive gave; in the other archive it is another message's or none",
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await send(alice, bob, 'm1', '<body>secret</body>');
      await send(alice, bob, 'm2', '<body>kept</body>');
      const [id] = (await archive(alice)).ids;
      await send(alice, bob, 'r1', fastened(id!, BY_STANZA_ID));
      const [grave, kept] = (await content(alice)) as [Element, string];
      expect([grave.getNS(), grave.getChild('stanza-id')?.attrs, kept]).toMatchObject([
        BY_STANZA_ID,
        { id, by: alice.bare },
        'kept',
      ]);
      expect((await content(bob)).slice(0, 2)).toEqual(['secret', 'kept']);
    },
  );

  story('what names no message leaves all as it is', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await send(alice, bob, 'm1', '<body>kept</body>');
    for (const [index, wish] of [
      retract('unknown'),
      `<retract xmlns='${RETRACT}'/><store xmlns='urn:xmpp:hints'/>`,
      fastened('unknown', RETRACT_0),
      fastened('no/id', BY_STANZA_ID),
      fastened('V', BY_STANZA_ID),
    ].entries())
      await send(alice, bob, `r${index}`, wish);
    for (const actor of [alice, bob]) {
      expect((await content(actor))[0]).toBe('kept');
      expect(String(await content(actor))).not.toContain('retracted');
    }
  });
});
