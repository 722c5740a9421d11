/** RFC 6121 section 2: contact lists. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Element } from 'ltx';
import { describe, expect, it } from 'vitest';
import { Actor } from '../support/story/actor.js';
import { onBothEngines } from '../support/story/both-engines.js';
import { withOptions } from '../support/story/options.js';
import { ENGINES, startServer } from '../support/story/server.js';
import { befriend, storiesOverAll, teller } from '../support/story/story.js';

const ROSTER = 'jabber:iq:roster';

async function fetchRoster(actor: Actor, ver?: string): Promise<Element> {
  return actor.asks(`<iq type='get'><query xmlns='${ROSTER}'${ver === undefined ? '' : ` ver='${ver}'`}/></iq>`);
}

function items(answer: Element): Element[] {
  return answer.getChild('query', ROSTER)?.getChildren('item') ?? [];
}

function setItem(actor: Actor, item: string): Promise<Element> {
  return actor.asks(`<iq type='set'><query xmlns='${ROSTER}'>${item}</query></iq>`);
}

function condition(answer: Element): string | undefined {
  return answer.getChild('error')?.getChildElements()[0]?.getName();
}

storiesOverAll('RFC 6121 section 2.1 to 2.5', (story) => {
  story('section 2.2: a new account has an empty list', { alice: 1 }, async ({ alice }) => {
    const answer = await fetchRoster(alice);
    expect(answer.attrs['type']).toBe('result');
    expect(items(answer)).toEqual([]);
  });

  story(
    'section 2.3: an item is added, kept and pushed to every session that has the list',
    { alice: 3 },
    async ({ alice, alice2, alice3 }) => {
      await fetchRoster(alice);
      await fetchRoster(alice2);
      const answer = await setItem(
        alice,
        "<item jid='bob@localhost' name='Bob'><group>Friends</group><group>Work</group></item>",
      );
      expect(answer.attrs['type']).toBe('result');
      expect(answer.getChildElements()).toEqual([]);
      const pushed =
        "<item jid='bob@localhost' name='Bob' subscription='none'><group>Friends</group><group>Work</group></item>";
      for (const session of [alice, alice2]) {
        const push = await session.receives(`<iq type='set' id='*'><query xmlns='${ROSTER}'>${pushed}</query></iq>`);
        expect(push.attrs['to']).toBe(session.jid);
        expect([undefined, session.bare]).toContain(push.attrs['from']);
        session.send(`<iq type='result' id='${push.attrs['id']}'/>`);
      }
      expect(await alice3.hasReceived()).toEqual([]);
      const [item, ...more] = items(await fetchRoster(alice3));
      expect(more).toEqual([]);
      expect(item?.attrs).toMatchObject({ jid: 'bob@localhost', name: 'Bob', subscription: 'none' });
      expect(
        item
          ?.getChildren('group')
          .map((group) => group.getText())
          .sort(),
      ).toEqual(['Friends', 'Work']);
    },
  );

  story('section 2.4: an update takes the place of what was there', { alice: 1 }, async ({ alice }) => {
    await fetchRoster(alice);
    await setItem(alice, "<item jid='bob@localhost' name='Bob'><group>Friends</group></item>");
    await setItem(alice, "<item jid='bob@localhost' name='Robert'/>");
    await alice.receives(`<iq type='set'><query><item jid='bob@localhost' name='Robert'/></query></iq>`);
    const [item] = items(await fetchRoster(alice));
    expect(item?.attrs['name']).toBe('Robert');
    expect(item?.getChildren('group')).toEqual([]);
  });

  story('section 2.4: an address is the same however it is written', { alice: 1 }, async ({ alice }) => {
    await setItem(alice, "<item jid='BOB@Localhost'/>");
    await setItem(alice, "<item jid='bob@localhost' name='B'/>");
    expect(items(await fetchRoster(alice)).map((item) => item.attrs['jid'])).toEqual(['bob@localhost']);
  });

  story('section 2.1.2.5: what a client says of the subscription is ignored', { alice: 1 }, async ({ alice }) => {
    await setItem(alice, "<item jid='bob@localhost' subscription='both' ask='subscribe' approved='true'/>");
    const [item] = items(await fetchRoster(alice));
    expect(item?.attrs['subscription']).toBe('none');
    expect(item?.attrs['ask']).toBeUndefined();
  });

  story('section 2.5: a contact is removed and the others hear of it', { alice: 2 }, async ({ alice, alice2 }) => {
    await fetchRoster(alice2);
    await setItem(alice, "<item jid='bob@localhost'/>");
    expect((await setItem(alice, "<item jid='bob@localhost' subscription='remove'/>")).attrs['type']).toBe('result');
    await alice2.receives(`<iq type='set'><query><item jid='bob@localhost' subscription='remove'/></query></iq>`);
    expect(items(await fetchRoster(alice))).toEqual([]);
  });

  story('section 2.5.3: one who is not there cannot be removed', { alice: 1 }, async ({ alice }) => {
    expect(condition(await setItem(alice, "<item jid='bob@localhost' subscription='remove'/>"))).toBe('item-not-found');
  });

  story('section 2.3.3: what is wrong is refused, and nothing is kept of it', { alice: 1 }, async ({ alice }) => {
    const long = 'x'.repeat(1024);
    for (const [item, expected] of [
      ['', 'bad-request'],
      ["<item jid='a@localhost'/><item jid='b@localhost'/>", 'bad-request'],
      ['<item/>', 'bad-request'],
      ["<item jid='@localhost'/>", 'jid-malformed'],
      ["<item jid='a@localhost'><group>g</group><group>g</group></item>", 'bad-request'],
      ["<item jid='a@localhost'><group></group></item>", 'not-acceptable'],
      [`<item jid='a@localhost' name='${long}'/>`, 'not-acceptable'],
      [`<item jid='a@localhost'><group>${long}</group></item>`, 'not-acceptable'],
    ] as const) {
      const answer = await setItem(alice, item);
      expect(answer.attrs['type'], item).toBe('error');
      expect(condition(answer), item).toBe(expected);
    }
    expect(items(await fetchRoster(alice))).toEqual([]);
  });

  story('section 2.3.3: nobody touches the list of another', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    const get = await alice.asks(`<iq type='get' to='${bob.bare}'><query xmlns='${ROSTER}'/></iq>`);
    expect(condition(get)).toBe('forbidden');
    const set = await alice.asks(
      `<iq type='set' to='${bob.bare}'><query xmlns='${ROSTER}'><item jid='x@localhost'/></query></iq>`,
    );
    expect(condition(set)).toBe('forbidden');
    expect(items(await fetchRoster(bob))).toEqual([]);
  });

  story(
    'section 2.1.6: a push is what the server sends; one from a peer changes nothing',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await fetchRoster(bob);
      alice.send(
        `<iq type='set' id='x' to='${bob.jid}'><query xmlns='${ROSTER}'><item jid='evil@localhost'/></query></iq>`,
      );
      const forged = await bob.receives(`<iq type='set' id='x'><query xmlns='${ROSTER}'/></iq>`);
      expect(forged.attrs['from']).toBe(alice.jid);
      expect(items(await fetchRoster(bob))).toEqual([]);
    },
  );
});

storiesOverAll('RFC 6121 section 2.6: versions', (story) => {
  story('a client that knows the present one gets an empty result', { alice: 1 }, async ({ alice }) => {
    await setItem(alice, "<item jid='bob@localhost'/>");
    const first = await fetchRoster(alice, '');
    const ver = first.getChild('query')?.attrs['ver'] as string;
    expect(ver).toBeTruthy();
    expect(items(first)).toHaveLength(1);
    const again = await fetchRoster(alice, ver);
    expect(again.attrs['type']).toBe('result');
    expect(again.getChildElements()).toEqual([]);
  });

  story('a push carries the version that the list has from then on', { alice: 1 }, async ({ alice }) => {
    const before = (await fetchRoster(alice, '')).getChild('query')?.attrs['ver'] as string;
    await setItem(alice, "<item jid='bob@localhost'/>");
    const push = await alice.receives(`<iq type='set'><query xmlns='${ROSTER}' ver='*'/></iq>`);
    const ver = push.getChild('query')?.attrs['ver'] as string;
    expect(ver).not.toBe(before);
    expect((await fetchRoster(alice, ver)).getChildElements()).toEqual([]);
    expect(items(await fetchRoster(alice, before))).toHaveLength(1);
  });

  story('without `ver` the whole list comes', { alice: 1 }, async ({ alice }) => {
    await setItem(alice, "<item jid='bob@localhost'/>");
    expect(items(await fetchRoster(alice))).toHaveLength(1);
  });
});

storiesOverAll('RFC 6121 section 2.6.1', (story) => {
  story('the feature is announced once it can be used', { alice: 1 }, async ({ alice }) => {
    const [before = '', after = ''] = alice.client.text.split('<success');
    expect(before).not.toContain('urn:xmpp:features:rosterver');
    expect(after).toContain('urn:xmpp:features:rosterver');
  });
});

/** What stays when the server goes: told with digests, and with versions that are stored. */
describe.each(ENGINES)('RFC 6121 section 2.6: a version outlives a restart of the server [%s]', (engine) => {
  it.each([[[]], [['store_current_id = true']]])('with options %j', async (options) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'meerkat-roster-'));
    const config = withOptions('mod_roster', ...options)(engine);
    let server = await startServer({ config, dataDir });
    try {
      const alice = await Actor.join(server.port, { username: 'alice', domain: 'localhost', password: 'a' });
      const bob = await Actor.join(server.port, { username: 'bob', domain: 'localhost', password: 'b' });
      await alice.available();
      await bob.available();
      await befriend(alice, bob);
      await setItem(alice, `<item jid='${bob.bare}' name='Bob'><group>G</group></item>`);
      const ver = (await fetchRoster(alice, '')).getChild('query')?.attrs['ver'] as string;
      await server.stop();
      server = await startServer({ config, dataDir });

      const back = await Actor.login(server.port, alice);
      expect((await fetchRoster(back, ver)).getChildElements()).toEqual([]);
      const [item] = items(await fetchRoster(back));
      expect(item?.attrs).toMatchObject({ jid: bob.bare, name: 'Bob', subscription: 'both' });
      await setItem(back, "<item jid='new@localhost'/>");
      expect(items(await fetchRoster(back, ver))).toHaveLength(2);
    } finally {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});

onBothEngines(
  'RFC 6121 section 2.6.1, versions off',
  (engine) => withOptions('mod_roster')(engine).replace('versioning = true', 'versioning = false'),
  (server) => {
    const story = teller(server);
    story('no feature, no versions', { alice: 1 }, async ({ alice }) => {
      expect(alice.client.text).not.toContain('urn:xmpp:features:rosterver');
      const answer = await fetchRoster(alice, '');
      expect(answer.getChild('query')?.attrs['ver']).toBeUndefined();
      await setItem(alice, "<item jid='bob@localhost'/>");
      const push = await alice.receives(`<iq type='set'><query xmlns='${ROSTER}'/></iq>`);
      expect(push.getChild('query')?.attrs['ver']).toBeUndefined();
    });
  },
);

onBothEngines('mod_roster.max_items', withOptions('mod_roster', 'max_items = 2'), (server) => {
  const story = teller(server);
  story('a full list takes changes, but nobody new', { alice: 1 }, async ({ alice }) => {
    await fetchRoster(alice);
    for (const name of ['bob', 'carol']) await setItem(alice, `<item jid='${name}@localhost'/>`);
    expect(condition(await setItem(alice, "<item jid='dave@localhost'/>"))).toBe('resource-constraint');
    expect((await setItem(alice, "<item jid='bob@localhost' name='Bob'/>")).attrs['type']).toBe('result');
    alice.send("<presence to='dave@localhost' type='subscribe' id='s'/>");
    await alice.receives("<presence type='error' id='s'><error type='wait'><resource-constraint/></error></presence>");
    alice.send("<presence to='carol@localhost' type='subscribe'/>");
    await alice.receives("<iq type='set'><query><item jid='carol@localhost' ask='subscribe'/></query></iq>");
    await setItem(alice, "<item jid='bob@localhost' subscription='remove'/>");
    expect((await setItem(alice, "<item jid='dave@localhost'/>")).attrs['type']).toBe('result');
    expect(items(await fetchRoster(alice))).toHaveLength(2);
  });

  story(
    'requests of strangers are bounded too, and take no place on the list',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      const others = await Promise.all([0, 1].map((index) => joins(port, index)));
      for (const other of [...others, bob]) {
        other.send(`<presence to='${alice.bare}' type='subscribe'/>`);
        // Asked at the same place, after it.
        await other.asks(
          `<iq type='get' to='${alice.bare}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
        );
      }
      await setItem(alice, "<item jid='dave@localhost'/>");
      await alice.available();
      for (const other of others) await alice.receives(`<presence type='subscribe' from='${other.bare}'/>`);
      await setItem(alice, "<item jid='dave@localhost' name='Dave'/>");
      expect((await alice.hasReceived()).filter((element) => element.attrs['type'] === 'subscribe')).toEqual([]);
      for (const other of others) other.vanish();
    },
  );
});

function joins(port: number, index: number): Promise<Actor> {
  const username = `s${index}-${Math.random().toString(36).slice(2)}`;
  return Actor.join(port, { username, domain: 'localhost', password: 'secret' });
}

storiesOverAll('RFC 6121 section 2.3.3', (story) => {
  story('the names of one item are bounded together', { alice: 1 }, async ({ alice }) => {
    const groups = Array.from({ length: 5 }, (_, index) => `<group>${index}${'g'.repeat(1_000)}</group>`).join('');
    expect(condition(await setItem(alice, `<item jid='bob@localhost'>${groups}</item>`))).toBe('not-acceptable');
  });
});
