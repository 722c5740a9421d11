/** XEP-0016: what privacy lists do to stanzas. */
import { expect } from 'vitest';
import { Actor } from '../support/story/actor.js';
import {
  actively,
  bounced,
  byDefault,
  deny,
  fails,
  friends,
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
import { befriend, stories } from '../support/story/story.js';

const PING = "<ping xmlns='urn:xmpp:ping'/>";

stories('XEP-0016 section 2.2: rules', (story) => {
  story('the first item that fits decides', { alice: 1, bob: 2 }, async ({ alice, bob, bob2 }) => {
    const allow = `<item ${jid(bob.jid)} action='allow' order='1'/>`;
    await byDefault(alice, deny(5, '', jid(bob.bare)) + allow);
    await reaches(bob, alice);
    await isShutOut(bob2, alice.jid);
  });

  story('without an item that fits, everything passes', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await byDefault(alice, deny(1, '', jid('tybalt@there.example')));
    await reaches(bob, alice);
  });

  story(
    'subscription and group follow the contact list as it changes',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await alice.available();
      await bob.available();
      await byDefault(alice, deny(1, '<message/>', "type='subscription' value='none'"));
      await isShutOut(bob, alice.jid);
      await befriend(alice, bob);
      await reaches(bob, alice);
      const put = (group: string) =>
        alice.asks(
          `<iq type='set'><query xmlns='jabber:iq:roster'><item jid='${bob.bare}'><group>${group}</group></item></query></iq>`,
        );
      await put('Foes');
      succeeds(await setPrivacy(alice, `<list name='rules'>${deny(1, '', "type='group' value='Foes'")}</list>`));
      await isShutOut(bob, alice.jid);
      await put('Friends');
      await reaches(bob, alice);
      await put('Foes');
      await alice.leave();
      await isShutOut(bob, alice.bare);
    },
  );

  story(
    'nothing keeps the resources of an account from each other, or from the server',
    { alice: 2, bob: 1 },
    async ({ alice, alice2, bob }) => {
      await byDefault(alice, deny(1));
      await reaches(alice, alice2);
      await reaches(alice, alice2, alice2.jid);
      await alice2.available();
      await alice.available();
      await alice2.receives(`<presence from='${alice.jid}'/>`);
      succeeds(await alice.asks(`<iq type='get' to='localhost'>${PING}</iq>`));
      await isShutOut(bob, alice.jid);
      fails(await bounced(alice, bob.jid), 'not-acceptable', 'cancel');
    },
  );
});

stories('XEP-0016 sections 2.9 to 2.13: kinds of stanzas', (story) => {
  story('message: what comes in, and nothing else', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await friends(alice, bob);
    await byDefault(alice, deny(3, '<message/>', jid(bob.bare)));
    await isShutOut(bob, alice.jid);
    await reaches(alice, bob);
    alice.send('<presence><status>there</status></presence>');
    await bob.receives(`<presence from='${alice.jid}'><status>there</status></presence>`);
    bob.send('<presence><status>here</status></presence>');
    await alice.receives(`<presence from='${bob.jid}'><status>here</status></presence>`);
    bob.send(`<iq type='get' id='q' to='${alice.jid}'>${PING}</iq>`);
    await alice.receives(`<iq type='get' id='q' from='${bob.jid}'/>`);
  });

  story(
    'presence-in: notifications, but no subscriptions; what was seen goes',
    { alice: 1, bob: 1, carol: 1 },
    async ({ alice, bob, carol }) => {
      await friends(alice, bob);
      await carol.available();
      await byDefault(alice, deny(7, '<presence-in/>'));
      await alice.receives(`<presence type='unavailable' from='${bob.bare}'/>`);
      bob.send('<presence><show>away</show></presence>');
      await reaches(bob, alice);
      expect(named('presence', await alice.hasReceived(), alice)).toEqual([]);
      carol.send(`<presence type='subscribe' to='${alice.bare}'/>`);
      await alice.receives(`<presence type='subscribe' from='${carol.bare}'/>`);
      succeeds(await setPrivacy(alice, '<default/>'));
      await alice.receives(`<presence from='${bob.jid}'><show>away</show></presence>`);
    },
  );

  story(
    'presence-out: contacts see us go, and nothing after that; all else passes',
    { alice: 1, bob: 2 },
    async ({ alice, bob, bob2 }) => {
      await friends(alice, bob);
      await byDefault(alice, deny(13, '<presence-out/>', jid(bob.bare)));
      await bob.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
      alice.send('<presence><status>hidden</status></presence>');
      await reaches(alice, bob);
      expect(named('presence', await bob.hasReceived(), bob)).toEqual([]);
      alice.send(`<presence to='${bob.jid}' id='d'/>`);
      await alice.receives("<presence type='error' id='d'/>");
      await bob2.available();
      await reaches(bob2, alice);
      // As if nobody were there.
      const seen = named('presence', await bob2.hasReceived(), bob2).map(({ attrs }) => attrs['from']);
      for (const address of [alice.jid, alice.bare]) expect(seen).not.toContain(address);
      succeeds(await setPrivacy(alice, '<default/>'));
      await bob.receives(`<presence from='${alice.jid}'><status>hidden</status></presence>`);
    },
  );

  story('iq: what comes in; answers without a word', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await byDefault(alice, deny(29, '<iq/>', jid(bob.bare)));
    for (const to of [alice.bare, alice.jid])
      fails(await bob.asks(`<iq type='get' to='${to}'>${PING}</iq>`), 'service-unavailable', 'cancel');
    alice.send(`<iq type='get' id='q' to='${bob.jid}'>${PING}</iq>`);
    await bob.receives(`<iq type='get' id='q' from='${alice.jid}'/>`);
    bob.send(`<iq type='result' id='q' to='${alice.jid}'/>`);
    await reaches(bob, alice);
    const answers = (await alice.hasReceived()).filter(({ attrs }) => attrs['id'] === 'q');
    expect(answers).toEqual([]);
  });

  story('all: both ways, subscriptions included', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await alice.available();
    await bob.available();
    await byDefault(alice, deny(23, '', jid(bob.bare)));
    bob.send(`<presence type='subscribe' to='${alice.bare}'/>`);
    await isShutOut(bob, alice.jid);
    fails(await bounced(alice, bob.jid), 'not-acceptable', 'cancel');
    fails(await alice.asks(`<iq type='get' to='${bob.jid}'>${PING}</iq>`), 'not-acceptable', 'cancel');
    alice.send(`<presence type='subscribe' id='s' to='${bob.bare}'/>`);
    await alice.receives("<presence type='error' id='s'/>");
    for (const one of [alice, bob]) expect(named('presence', await one.hasReceived(), one)).toEqual([]);
  });
});

stories('XEP-0126: invisibility', (story) => {
  story(
    'a session with an active list that denies presence-out is seen by nobody, while others of the account are',
    { alice: 2, bob: 1 },
    async ({ alice, alice2, bob }) => {
      await friends(alice, bob);
      await actively(alice2, deny(1, '<presence-out/>'), 'invisible');
      await alice2.available();
      alice2.send('<presence><show>dnd</show></presence>');
      await alice.receives(`<presence from='${alice2.jid}'><show>dnd</show></presence>`);
      await reaches(alice2, bob);
      expect(named('presence', await bob.hasReceived(), bob)).toEqual([]);
      succeeds(await setPrivacy(alice2, '<active/>'));
      await bob.receives(`<presence from='${alice2.jid}'><show>dnd</show></presence>`);
      succeeds(await setPrivacy(alice2, "<active name='invisible'/>"));
      await bob.receives(`<presence type='unavailable' from='${alice2.jid}'/>`);
      await alice2.leave();
      await alice.receives(`<presence type='unavailable' from='${alice2.jid}'/>`);
      await reaches(alice, bob);
      expect(named('presence', await bob.hasReceived(), bob)).toEqual([]);
    },
  );
});

stories('XEP-0016: whose lists they are', (story) => {
  story('nobody reads or writes those of somebody else', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await byDefault(alice, deny(1, '<iq/>', jid('tybalt@there.example')));
    const payloads = [
      ['get', ''],
      ['get', "<list name='rules'/>"],
      ['set', `<list name='rules'>${deny(1)}</list>`],
      ['set', "<list name='rules'/>"],
      ['set', '<default/>'],
      ['set', "<active name='rules'/>"],
    ];
    for (const [type, content] of payloads)
      for (const to of [alice.bare, 'nobody@localhost'])
        fails(
          await bob.asks(`<iq type='${type}' to='${to}'><query xmlns='${PRIVACY}'>${content}</query></iq>`),
          'forbidden',
          'auth',
        );
    expect(names(await getPrivacy(alice))).toEqual(['default rules', 'list rules']);
    expect(items(await getPrivacy(alice, "<list name='rules'/>"))).toHaveLength(1);
    expect(names(await getPrivacy(bob))).toEqual([]);
  });

  story(
    'a list of an account that is removed is not that of the next',
    { alice: 1, bob: 1 },
    async (actors, server) => {
      const { alice, bob } = actors;
      await byDefault(alice, deny(1, '', jid(bob.bare)));
      alice.send("<iq type='set' id='gone'><query xmlns='jabber:iq:register'><remove/></query></iq>");
      await alice.client.closed();
      await isShutOut(bob, alice.bare);
      const { username, domain, password } = alice;
      const next = await Actor.join(server.port, { username, domain, password });
      await reaches(bob, next);
      expect(names(await getPrivacy(next))).toEqual([]);
      next.vanish();
    },
  );
});
