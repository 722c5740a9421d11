/** XEP-0191: unblocking, and the blocklist as a privacy list. */
import { expect } from 'vitest';
import {
  BLOCKING,
  blocking,
  blocklist,
  blocks,
  byDefault,
  fails,
  friends,
  getPrivacy,
  isShutOut,
  named,
  reaches,
  setPrivacy,
  succeeds,
} from '../support/story/privacy.js';
import { stories } from '../support/story/story.js';

stories('XEP-0191 sections 3.4 and 3.5: unblock', (story) => {
  story(
    'an unblocked contact is shown our presence again, and reaches us',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await friends(alice, bob);
      await blocklist(alice);
      await blocks(alice, bob.bare);
      await bob.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
      await alice.receives(`<presence type='unavailable' from='${bob.bare}'/>`);
      alice.send('<presence><status>new</status></presence>');
      succeeds(await blocking(alice, 'unblock', bob.bare));
      await bob.receives(`<presence from='${alice.jid}'><status>new</status></presence>`);
      await alice.receives(`<presence from='${bob.jid}'/>`);
      await alice.receives(`<iq type='set'><unblock xmlns='${BLOCKING}'><item jid='${bob.bare}'/></unblock></iq>`);
      await reaches(bob, alice, alice.bare);
      await reaches(alice, bob);
      expect(await blocklist(alice)).toEqual([]);
    },
  );

  story('somebody who is no subscriber is shown nothing', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await alice.available();
    await bob.available();
    await blocks(alice, bob.bare);
    succeeds(await blocking(alice, 'unblock', bob.bare));
    await reaches(alice, bob);
    expect(named('presence', await bob.hasReceived(), bob)).toEqual([]);
  });

  story(
    'an empty command unblocks everybody',
    { alice: 2, bob: 1, carol: 1 },
    async ({ alice, alice2, bob, carol }) => {
      await blocks(alice, bob.bare, carol.bare);
      await blocklist(alice2);
      succeeds(await blocking(alice, 'unblock'));
      const push = await alice2.receives(`<iq type='set'><unblock xmlns='${BLOCKING}'/></iq>`);
      expect(push.getChild('unblock')?.getChildElements()).toEqual([]);
      await reaches(bob, alice);
      await reaches(carol, alice);
      expect(await blocklist(alice)).toEqual([]);
    },
  );

  story('others stay blocked; who was not blocked is no error', { alice: 1, bob: 1, carol: 1 }, async (actors) => {
    const { alice, bob, carol } = actors;
    await blocks(alice, bob.bare, carol.bare);
    succeeds(await blocking(alice, 'unblock', carol.bare, 'nobody@localhost'));
    await isShutOut(bob, alice.bare);
    await reaches(carol, alice);
  });
});

stories('XEP-0191 section 5: privacy lists', (story) => {
  story(
    'the blocklist is the default list, and what the list says besides stays',
    { alice: 1, bob: 1 },
    async (actors) => {
      const { alice, bob } = actors;
      const rules = "<item type='subscription' value='none' action='deny' order='1'><iq/></item>";
      await byDefault(alice, rules);
      await blocks(alice, bob.bare);
      const list = (await getPrivacy(alice, "<list name='rules'/>")).getChild('query')?.getChild('list');
      const items = list?.getChildElements().map(({ attrs }) => [attrs['type'], attrs['value'], attrs['action']]);
      expect(items).toEqual([
        ['jid', bob.bare, 'deny'],
        ['subscription', 'none', 'deny'],
      ]);
      succeeds(await blocking(alice, 'unblock'));
      await reaches(bob, alice);
      fails(
        await bob.asks(`<iq type='get' to='${alice.jid}'><ping xmlns='urn:xmpp:ping'/></iq>`),
        'service-unavailable',
      );
    },
  );

  story(
    'what a privacy list blocks altogether shows in the blocklist, at once',
    { alice: 2 },
    async ({ alice, alice2 }) => {
      await blocks(alice, 'one@there.example');
      await blocklist(alice2);
      const items =
        "<item type='jid' value='two@there.example' action='deny' order='1'/>" +
        "<item type='jid' value='three@there.example' action='deny' order='2'><message/></item>";
      succeeds(await setPrivacy(alice, `<list name='blocking'>${items}</list>`));
      await alice2.receives(`<iq type='set'><block xmlns='${BLOCKING}'><item jid='two@there.example'/></block></iq>`);
      await alice2.receives(
        `<iq type='set'><unblock xmlns='${BLOCKING}'><item jid='one@there.example'/></unblock></iq>`,
      );
      expect(await blocklist(alice)).toEqual(['two@there.example']);
    },
  );
});

stories('XEP-0191 section 6: matching of addresses', (story) => {
  story('a full address blocks one resource', { alice: 1, bob: 2 }, async ({ alice, bob, bob2 }) => {
    await blocks(alice, bob.jid);
    await isShutOut(bob, alice.jid);
    await reaches(bob2, alice);
  });

  story('a domain blocks everybody there, except on the own account', { alice: 2, bob: 1 }, async (actors) => {
    const { alice, alice2, bob } = actors;
    await blocks(alice, 'localhost');
    await isShutOut(bob, alice.jid);
    await reaches(alice2, alice);
  });

  story('domain/resource blocks that resource of everybody there', { alice: 1, bob: 2 }, async (actors) => {
    const { alice, bob, bob2 } = actors;
    await blocks(alice, `localhost/${bob.resource}`);
    await isShutOut(bob, alice.jid);
    await reaches(bob2, alice);
  });
});

stories('XEP-0191: whose blocklist it is', (story) => {
  story('nobody reads or writes that of somebody else', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await blocks(alice, 'romeo@montague.example');
    const payloads = [
      ['get', `<blocklist xmlns='${BLOCKING}'/>`],
      ['set', `<block xmlns='${BLOCKING}'><item jid='iago@shakespeare.example'/></block>`],
      ['set', `<unblock xmlns='${BLOCKING}'/>`],
    ];
    for (const [type, payload] of payloads) {
      const answers = [];
      for (const to of [alice.bare, 'nobody@localhost'])
        answers.push(await bob.asks(`<iq type='${type}' to='${to}'>${payload}</iq>`));
      for (const answer of answers) fails(answer, 'forbidden', 'auth');
    }
    expect(await blocklist(alice)).toEqual(['romeo@montague.example']);
    expect(await blocklist(bob)).toEqual([]);
  });
});
