/** XEP-0359: ids that the archive gives, and those that somebody else has made in its name. */
import type { Element } from 'ltx';
import { describe, expect, it } from 'vitest';
import { Actor } from '../support/story/actor.js';
import { archive, forwarded } from '../support/story/archive.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { withOptions } from '../support/story/options.js';
import { storyConfig } from '../support/story/server.js';
import { stories, teller } from '../support/story/story.js';

const SID = 'urn:xmpp:sid:0';
const id = (by: string, value: string) => `<stanza-id xmlns='${SID}' by='${by}' id='${value}'/>`;
const origin = (value: string) => `<origin-id xmlns='${SID}' id='${value}'/>`;

function idsIn(message: Element): [string, string][] {
  return message.getChildren('stanza-id', SID).map(({ attrs }) => [attrs['by'], attrs['id']]);
}

async function say(from: Actor, to: Actor, content: string): Promise<Element> {
  const mark = Math.random().toString(36).slice(2);
  from.send(`<message to='${to.jid}' type='chat' id='${mark}'>${content}</message>`);
  return to.receives(`<message id='${mark}'/>`);
}

stories('XEP-0359', (story) => {
  story(
    'section 3, rule 2: an id in the name of anybody who lives here is taken away, wherever it is from',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      const forged = [id(bob.bare, 'F1'), id(alice.bare, 'F2'), id('localhost', 'F3'), id(`${bob.bare}/x`, 'F4')];
      const others = id('room@conference.elsewhere.lit', 'R1');
      const spelt = id(bob.bare.toUpperCase().replace('LOCALHOST', 'LocalHost'), 'F5');
      const came = await say(alice, bob, `<body>hi</body>${forged.join('')}${others}${spelt}${id(' ', 'x')}`);
      const [own] = (await archive(bob)).ids;
      expect(own).not.toMatch(/^F/);
      expect(idsIn(came).filter(([by]) => by.includes('localhost'))).toEqual([[bob.bare, own]]);
      expect(idsIn(came)).toContainEqual(['room@conference.elsewhere.lit', 'R1']);
      for (const actor of [alice, bob]) {
        const kept = String(forwarded((await archive(actor)).results[0]!));
        expect(kept).not.toMatch(/F[1-5]/);
        expect(kept).toContain('R1');
      }
    },
  );

  story(
    'section 3, rule 2: the same holds for messages that leave nothing in the archive, and section 2.2: an origin id stays',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      const content = `<active xmlns='http://jabber.org/protocol/chatstates'/>`;
      const came = await say(alice, bob, `${content}${id(bob.bare, 'F1')}${origin('o1')}`);
      expect(idsIn(came)).toEqual([]);
      expect(came.getChild('origin-id', SID)?.attrs['id']).toBe('o1');
    },
  );

  story(
    'section 3, rule 4: each message has one id of its archive, unique and in order',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      const given: string[] = [];
      for (let number = 0; number < 30; number++) {
        const ids = idsIn(await say(alice, bob, `<body>${number}</body>`));
        expect(ids.map(([by]) => by)).toEqual([bob.bare]);
        given.push(ids[0]![1]);
      }
      expect((await archive(bob)).ids).toEqual(given);
      const values = given.map((text) => [...text].reduce((sum, digit) => sum * 32n + BigInt(parseInt(digit, 32)), 0n));
      expect(values).toEqual([...new Set(values)].sort((one, other) => (one < other ? -1 : 1)));
    },
  );

  story(
    'XEP-0313 section 3.4: the id in the archive of one side is not told to the other',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      const came = await say(alice, bob, '<body>hi</body>');
      const [mine] = (await archive(alice)).ids;
      expect(String(came)).not.toContain(mine);
    },
  );
});

const ownServers: readonly [
  string,
  (engine: 'native' | 'portable') => string,
  (alice: Actor, bob: Actor) => Promise<void>,
][] = [
  [
    'no_stanzaid_element leaves the element out; the archive is kept',
    withOptions('mod_mam', 'no_stanzaid_element = true'),
    async (alice, bob) => {
      const came = await say(alice, bob, `<body>hi</body>${id(bob.bare, 'F1')}`);
      expect(idsIn(came)).toEqual([]);
      expect((await archive(bob)).bodies).toEqual(['hi']);
    },
  ],
  [
    'same_mam_id_for_peers gives both archives one id, which no client can choose',
    withOptions('mod_mam.pm', 'same_mam_id_for_peers = true'),
    async (alice, bob) => {
      const came = await say(alice, bob, `<body>hi</body>${id(bob.bare, 'V')}`);
      const [mine, his] = [await archive(alice), await archive(bob)];
      expect([mine.ids, idsIn(came)]).toEqual([his.ids, [[bob.bare, his.ids[0]]]]);
      expect(his.ids[0]).not.toBe('V');
    },
  ],
  [
    'mod_stanzaid gives every message an id, both archives the same, and the element is kept in them',
    (engine) => `${storyConfig({ engine, shards: 2 })}\n[modules.mod_stanzaid]\n`,
    async (alice, bob) => {
      const came = await say(alice, bob, `<body>hi</body>${id(bob.bare, 'V')}`);
      const [mine, his] = [await archive(alice), await archive(bob)];
      expect([mine.ids, idsIn(came)]).toEqual([his.ids, [[bob.bare, his.ids[0]]]]);
      const chatState = await say(alice, bob, `<active xmlns='http://jabber.org/protocol/chatstates'/>`);
      expect(idsIn(chatState).map(([by]) => by)).toEqual([bob.bare]);
      expect((await archive(bob)).ids.length).toBe(1);
    },
  ],
];

describe('XEP-0359 options', () => {
  for (const [claim, config, plot] of ownServers) {
    onBothEngines(claim.slice(0, 24), config, (server) => {
      const story = teller(server);
      story(claim, { alice: 1, bob: 1 }, ({ alice, bob }) => plot(alice!, bob!));
    });
  }
});

/** A domain without an archive beside one that has them. */
const BESIDE = `
[modules.mod_mam]
  [modules.mod_mam.pm]
    same_mam_id_for_peers = true
[[host_config]]
  host = "plain.example"
  [host_config.modules]
    [host_config.modules.mod_ping]
    [host_config.modules.mod_presence]
    [host_config.modules.mod_register]
    [host_config.modules.mod_roster]
`;

onBothEngines(
  'XEP-0359 where only some domains have archives',
  (engine) => ownConfig({ engine, shards: 2, hosts: ['localhost', 'plain.example'], rest: BESIDE }),
  (server) => {
    it('section 3, rule 2: ids that were made up where nobody took them away are taken away here', async () => {
      const join = (username: string, domain: string) =>
        Actor.join(server().port, { username, domain, password: 'a secret' });
      const [mallory, bob] = [await join('mallory', 'plain.example'), await join('bob', 'localhost')];
      const forged = `${id(bob.bare, '7VVVVVVVVVVVV')}${id('localhost', 'F2')}`;
      const came = await say(mallory, bob, `<body>hi</body>${forged}`);
      const next = await say(mallory, bob, '<body>again</body>');
      const { ids, bodies, results } = await archive(bob);
      expect(bodies).toEqual(['hi', 'again']);
      expect([came, next].map(idsIn)).toEqual(ids.map((own) => [[bob.bare, own]]));
      expect(String(forwarded(results[0]!))).not.toContain('stanza-id');
      for (const actor of [mallory, bob]) actor.vanish();
    });

    it('`same_mam_id_for_peers`: those that an archive here has made are believed', async () => {
      const join = (username: string) =>
        Actor.join(server().port, { username, domain: 'localhost', password: 'a secret' });
      const [alice, carol] = [await join('alice'), await join('carol')];
      await say(alice, carol, '<body>hi</body>');
      expect((await archive(alice)).ids).toEqual((await archive(carol)).ids);
      for (const actor of [alice, carol]) actor.vanish();
    });
  },
);
