/** XEP-0016: privacy lists. */
import { expect } from 'vitest';
import {
  actively,
  byDefault,
  deny,
  fails,
  getPrivacy,
  isShutOut,
  items,
  jid,
  named,
  names,
  PRIVACY,
  reaches,
  setPrivacy,
  succeeds,
} from '../support/story/privacy.js';
import { stories } from '../support/story/story.js';

stories('XEP-0016 section 2.3: retrieving lists', (story) => {
  story('names come with the active and the default list in front', { alice: 2 }, async ({ alice, alice2 }) => {
    expect(names(await getPrivacy(alice))).toEqual([]);
    for (const name of ['public', 'private', 'special'])
      succeeds(await setPrivacy(alice, `<list name='${name}'>${deny(1, '', jid('tybalt@there.example'))}</list>`));
    succeeds(await setPrivacy(alice, "<active name='private'/>"));
    succeeds(await setPrivacy(alice, "<default name='public'/>"));
    expect(names(await getPrivacy(alice)).slice(0, 2)).toEqual(['active private', 'default public']);
    expect(
      names(await getPrivacy(alice))
        .slice(2)
        .sort(),
    ).toEqual(['list private', 'list public', 'list special']);
    expect(names(await getPrivacy(alice2))[0]).toBe('default public');
  });

  story('a list comes back as it was written, in its order', { alice: 1 }, async ({ alice }) => {
    const written =
      "<item type='subscription' value='both' action='allow' order='10'/>" +
      "<item type='jid' value='Tybalt@There.example/Pda' action='deny' order='3'><message/><presence-in/></item>" +
      "<item action='deny' order='2147483647'><iq/><presence-out/></item>";
    succeeds(await setPrivacy(alice, `<list name='public'>${written}</list>`));
    expect(items(await getPrivacy(alice, "<list name='public'/>"))).toEqual([
      { type: 'jid', value: 'tybalt@there.example/Pda', action: 'deny', order: '3', kinds: 'message presence-in' },
      { type: 'subscription', value: 'both', action: 'allow', order: '10', kinds: '' },
      { action: 'deny', order: '2147483647', kinds: 'iq presence-out' },
    ]);
  });

  story('one at a time, and only one that exists', { alice: 1 }, async ({ alice }) => {
    fails(await getPrivacy(alice, "<list name='The Empty Set'/>"), 'item-not-found', 'cancel');
    fails(await getPrivacy(alice, "<list name='a'/><list name='b'/>"), 'bad-request', 'modify');
    fails(await getPrivacy(alice, '<list/>'), 'bad-request', 'modify');
    fails(await getPrivacy(alice, "<active name='a'/>"), 'bad-request', 'modify');
  });
});

stories('XEP-0016 section 2.1: what a request may be', (story) => {
  story('one child, and items that mean something', { alice: 1 }, async ({ alice }) => {
    const item = deny(1);
    const wrong = [
      '',
      "<active name='a'/><default name='a'/>",
      `<list>${item}</list>`,
      `<list name=''>${item}</list>`,
      `<lists name='a'>${item}</lists>`,
      `<list name='a'>${item}${item}</list>`,
      `<list name='a'><entry action='deny' order='1'/></list>`,
      "<list name='a'><item action='deny'/></list>",
      "<list name='a'><item order='1'/></list>",
      "<list name='a'><item action='block' order='1'/></list>",
      "<list name='a'><item action='deny' order='-1'/></list>",
      "<list name='a'><item action='deny' order='1.5'/></list>",
      "<list name='a'><item action='deny' order='4294967296'/></list>",
      "<list name='a'><item type='jid' action='deny' order='1'/></list>",
      "<list name='a'><item type='jid' value='@' action='deny' order='1'/></list>",
      "<list name='a'><item type='subscription' value='half' action='deny' order='1'/></list>",
      "<list name='a'><item type='mood' value='bad' action='deny' order='1'/></list>",
      "<list name='a'><item action='deny' order='1'><presence/></item></list>",
      "<list name='a'><item action='deny' order='1'><constructor/></item></list>",
    ];
    for (const content of wrong) fails(await setPrivacy(alice, content), 'bad-request', 'modify');
    expect(names(await getPrivacy(alice))).toEqual([]);
  });

  story('a group has to be one of the contact list', { alice: 1 }, async ({ alice }) => {
    const list = `<list name='a'>${deny(1, '', "type='group' value='Foes'")}</list>`;
    fails(await setPrivacy(alice, list), 'item-not-found', 'cancel');
    await alice.asks(
      "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='x@there.example'><group>Foes</group></item></query></iq>",
    );
    succeeds(await setPrivacy(alice, list));
  });

  story('a list and the number of lists have limits', { alice: 1 }, async ({ alice }) => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, order) => `<item action='deny' order='${order}'/>`);
    fails(await setPrivacy(alice, `<list name='long'>${many(1001).join('')}</list>`), 'resource-constraint');
    succeeds(await setPrivacy(alice, `<list name='long'>${many(1000).join('')}</list>`));
    for (let count = 1; count < 20; count++)
      succeeds(await setPrivacy(alice, `<list name='l${count}'>${deny(1)}</list>`));
    fails(await setPrivacy(alice, `<list name='l20'>${deny(1)}</list>`), 'resource-constraint');
    succeeds(await setPrivacy(alice, `<list name='l19'>${deny(2)}</list>`));
    fails(await setPrivacy(alice, `<list name='${'n'.repeat(1024)}'>${deny(1)}</list>`), 'not-acceptable');
  });
});

stories('XEP-0016 section 2.4: active lists', (story) => {
  story(
    'apply to their session alone, from the answer on, and go with it',
    { alice: 2, bob: 1 },
    async ({ alice, alice2, bob }, server) => {
      await alice.available();
      await alice2.available();
      await actively(alice, deny(1, '<message/>', jid(bob.bare)));
      await isShutOut(bob, alice.jid);
      await reaches(bob, alice2);
      succeeds(await setPrivacy(alice, '<active/>'));
      await reaches(bob, alice);
      succeeds(await setPrivacy(alice, "<active name='mine'/>"));
      await alice.leave();
      const again = await alice.another(server.port, alice.resource);
      await reaches(bob, again);
      again.vanish();
    },
  );

  story('have to exist', { alice: 1 }, async ({ alice }) => {
    fails(await setPrivacy(alice, "<active name='The Empty Set'/>"), 'item-not-found', 'cancel');
  });

  story(
    'section 2.2: take the place of the default list, and are not added to it',
    { alice: 1, bob: 1, carol: 1 },
    async ({ alice, bob, carol }) => {
      await byDefault(alice, deny(1, '', jid(bob.bare)));
      await actively(alice, deny(1, '', jid(carol.bare)));
      await reaches(bob, alice);
      await isShutOut(carol, alice.jid);
    },
  );

  story(
    'section 2.2: a message to the account reaches those sessions whose list lets it',
    { alice: 2, bob: 1 },
    async ({ alice, alice2, bob }) => {
      await alice.available();
      await alice2.available();
      await alice.receives(`<presence from='${alice2.jid}'/>`);
      await actively(alice, deny(1, '<message/>', jid(bob.bare)));
      await reaches(bob, alice2, alice.bare);
      expect(named('message', await alice.hasReceived(), alice)).toEqual([]);
      await actively(alice2, deny(1, '<message/>', jid(bob.bare)));
      await isShutOut(bob, alice.bare);
    },
  );
});

stories('XEP-0016 section 2.5: the default list', (story) => {
  story('applies to all sessions, and while there is none', { alice: 2, bob: 1 }, async (actors, server) => {
    const { alice, alice2, bob } = actors;
    await alice2.leave();
    await byDefault(alice, deny(1, '', jid(bob.bare)));
    await isShutOut(bob, alice.jid);
    await alice.leave();
    await isShutOut(bob, alice.bare);
    const again = await alice.another(server.port);
    await isShutOut(bob, again.jid);
    succeeds(await setPrivacy(again, '<default/>'));
    await reaches(bob, again);
    expect(names(await getPrivacy(again))).toEqual(['list rules']);
    again.vanish();
  });

  story('has to exist', { alice: 1 }, async ({ alice }) => {
    fails(await setPrivacy(alice, "<default name='The Empty Set'/>"), 'item-not-found', 'cancel');
  });

  story('does not change while it applies to another resource', { alice: 2 }, async ({ alice, alice2 }) => {
    for (const name of ['one', 'two'])
      succeeds(await setPrivacy(alice, `<list name='${name}'>${deny(9, '<iq/>')}</list>`));
    succeeds(await setPrivacy(alice, "<default name='one'/>"));
    fails(await setPrivacy(alice, "<default name='two'/>"), 'conflict', 'cancel');
    fails(await setPrivacy(alice, '<default/>'), 'conflict', 'cancel');
    succeeds(await setPrivacy(alice, "<default name='one'/>"));
    succeeds(await setPrivacy(alice2, "<active name='two'/>"));
    succeeds(await setPrivacy(alice, "<default name='two'/>"));
    expect(names(await getPrivacy(alice))[0]).toBe('default two');
  });
});

stories('XEP-0016 sections 2.6 to 2.8: editing and removing', (story) => {
  story(
    'an edit is pushed to all sessions by name, and is in force for those that use the list',
    { alice: 2, bob: 1, carol: 1 },
    async ({ alice, alice2, bob, carol }) => {
      await actively(alice, deny(1, '', jid(bob.bare)));
      succeeds(await setPrivacy(alice2, `<list name='mine'>${deny(1, '', jid(carol.bare))}</list>`));
      for (const session of [alice, alice2]) {
        const push = await session.receives(
          `<iq type='set' id='*' from='${alice.bare}'><query xmlns='${PRIVACY}'/></iq>`,
        );
        expect(push.getChild('query')?.toString()).toBe(`<query xmlns="${PRIVACY}"><list name="mine"/></query>`);
      }
      await reaches(bob, alice);
      await isShutOut(carol, alice.jid);
    },
  );

  story('a list that is removed is gone, and pushed', { alice: 2 }, async ({ alice, alice2 }) => {
    succeeds(await setPrivacy(alice, `<list name='a'>${deny(1)}</list>`));
    await alice2.receives(`<iq type='set'><query xmlns='${PRIVACY}'><list name='a'/></query></iq>`);
    succeeds(await setPrivacy(alice, "<list name='a'/>"));
    await alice2.receives(`<iq type='set'><query xmlns='${PRIVACY}'><list name='a'/></query></iq>`);
    fails(await getPrivacy(alice, "<list name='a'/>"), 'item-not-found');
    fails(await setPrivacy(alice, "<list name='a'/>"), 'item-not-found', 'cancel');
  });

  story(
    'a list that applies to another resource stays, active or default; one of the own may go',
    { alice: 2, bob: 1 },
    async ({ alice, alice2, bob }) => {
      await actively(alice2, deny(1, '', jid(bob.bare)));
      fails(await setPrivacy(alice, "<list name='mine'/>"), 'conflict', 'cancel');
      succeeds(await setPrivacy(alice2, "<list name='mine'/>"));
      await reaches(bob, alice2);
      succeeds(await setPrivacy(alice, `<list name='all'>${deny(1, '', jid(bob.bare))}</list>`));
      succeeds(await setPrivacy(alice, "<default name='all'/>"));
      fails(await setPrivacy(alice, "<list name='all'/>"), 'conflict', 'cancel');
      await alice2.leave();
      succeeds(await setPrivacy(alice, "<list name='all'/>"));
      expect(names(await getPrivacy(alice))).toEqual([]);
      await reaches(bob, alice);
    },
  );
});
