/** XEP-0441: what an account wants to have archived. */
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { archive } from '../support/story/archive.js';
import { handled } from '../support/story/fence.js';
import { befriend, stories } from '../support/story/story.js';

const MAM = 'urn:xmpp:mam:2';

function prefs(fallback: string, always: readonly string[] = [], never: readonly string[] = []): string {
  const list = (name: string, jids: readonly string[]) =>
    `<${name}>${jids.map((jid) => `<jid>${jid}</jid>`).join('')}</${name}>`;
  return `<prefs xmlns='${MAM}' default='${fallback}'>${list('always', always)}${list('never', never)}</prefs>`;
}

function set(actor: Actor, content: string): Promise<Element> {
  return actor.asks(`<iq type='set'>${content}</iq>`);
}

async function get(actor: Actor): Promise<unknown> {
  return shown(await actor.asks(`<iq type='get'><prefs xmlns='${MAM}'/></iq>`));
}

function shown(answer: Element): unknown {
  const element = answer.getChild('prefs', MAM);
  const list = (name: string) =>
    element
      ?.getChild(name)
      ?.getChildren('jid')
      .map((jid) => jid.getText())
      .sort();
  return [element?.attrs['default'], list('always'), list('never')];
}

async function say(from: Actor, to: Actor, body: string): Promise<void> {
  from.send(`<message to='${to.jid}' type='chat'><body>${body}</body></message>`);
  await to.receives(`<message><body>${body}</body></message>`);
}

stories('XEP-0441', (story) => {
  story('section 2.1: preferences are shown as they were set', { alice: 2 }, async ({ alice, alice2 }) => {
    expect(await get(alice)).toEqual(['always', [], []]);
    const wish = prefs('roster', ['Romeo@Montague.lit'], ['juliet@capulet.lit/balcony', 'montague.lit']);
    const expected = ['roster', ['romeo@montague.lit'], ['juliet@capulet.lit/balcony', 'montague.lit']];
    expect(shown(await set(alice, wish))).toEqual(expected);
    expect(await get(alice2!)).toEqual(expected);
    await set(alice2!, `<prefs xmlns='${MAM}' default='never'/>`);
    expect(await get(alice)).toEqual(['never', [], []]);
  });

  story(
    'section 2.1.1: never and always decide for each side on its own',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await set(alice, prefs('never'));
      await say(alice, bob, 'one');
      await say(bob, alice, 'two');
      await set(alice, prefs('always'));
      await say(bob, alice, 'three');
      expect((await archive(alice)).bodies).toEqual(['three']);
      expect((await archive(bob)).bodies).toEqual(['one', 'two', 'three']);
    },
  );

  story(
    'section 2.1.1: roster takes conversations with contacts alone, online or not',
    { alice: 1, bob: 1, eve: 1 },
    async ({ alice, bob, eve }, { port }) => {
      for (const actor of [alice, bob]) await actor.available();
      await befriend(alice, bob);
      await set(alice, prefs('roster'));
      await say(bob, alice, 'contact');
      await say(eve, alice, 'stranger');
      await say(alice, eve, 'to a stranger');
      await alice.leave();
      for (const [actor, body] of [
        [bob, 'contact again'],
        [eve, 'stranger again'],
      ] as const) {
        actor.send(`<message to='${alice.bare}' type='chat'><body>${body}</body></message>`);
        await handled(actor, alice.bare);
      }
      const back = await alice.another(port);
      expect((await archive(back)).bodies).toEqual(['contact', 'contact again']);
      back.vanish();
    },
  );

  story(
    'section 2.3.1: a bare address stands for all its resources, a full one for itself',
    { alice: 1, bob: 2, carol: 1 },
    async ({ alice, bob, bob2, carol }) => {
      await set(alice, prefs('always', [bob2!.jid], [bob.bare, carol.jid]));
      await say(bob, alice, 'never');
      await say(bob2!, alice, 'always');
      await say(alice, carol, 'never either');
      expect((await archive(alice)).bodies).toEqual(['always']);
    },
  );

  story('section 2.1: an entry on both lists is never archived', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await set(alice, prefs('always', [bob.bare], [bob.bare]));
    await say(bob, alice, 'no');
    expect([await get(alice), (await archive(alice)).bodies]).toEqual([['always', [], [bob.bare]], []]);
  });

  story('bad preferences are refused and change nothing', { alice: 1 }, async ({ alice }) => {
    await set(alice, prefs('never'));
    const many = Array.from({ length: 1_001 }, (_, index) => `u${index}@a.lit`);
    for (const [content, condition] of [
      [`<prefs xmlns='${MAM}'/>`, 'bad-request'],
      [prefs('sometimes'), 'bad-request'],
      [prefs('constructor'), 'bad-request'],
      [prefs('always', ['@']), 'jid-malformed'],
      [prefs('always', [''], []), 'jid-malformed'],
      [prefs('always', many), 'policy-violation'],
    ] as const) {
      const answer = await set(alice, content);
      expect(answer.getChild('error')?.getChild(condition), content.slice(0, 90)).toBeDefined();
    }
    expect(await get(alice)).toEqual(['never', [], []]);
  });
});
