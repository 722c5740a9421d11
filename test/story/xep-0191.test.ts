/** XEP-0191: the blocking command. */
import { expect } from 'vitest';
import {
  BLOCKING,
  blocking,
  blocklist,
  blocks,
  bounced,
  fails,
  friends,
  isShutOut,
  named,
  reaches,
  succeeds,
} from '../support/story/privacy.js';
import { stories } from '../support/story/story.js';

stories('XEP-0191 section 3.1: discovery', (story) => {
  story('the server says that it knows the command', { alice: 1 }, async ({ alice }) => {
    const answer = await alice.asks(
      "<iq type='get' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
    );
    const features = answer
      .getChild('query')
      ?.getChildren('feature')
      .map(({ attrs }) => attrs['var']);
    expect(features).toContain(BLOCKING);
    expect(features).toContain('jabber:iq:privacy');
  });
});

stories('XEP-0191 section 3.2: the blocklist', (story) => {
  story('is empty at first, then names who is blocked', { alice: 1 }, async ({ alice }) => {
    expect(await blocklist(alice)).toEqual([]);
    await blocks(alice, 'romeo@montague.example', 'iago@shakespeare.example/pda');
    await blocks(alice, 'montague.example');
    expect(await blocklist(alice)).toEqual([
      'iago@shakespeare.example/pda',
      'montague.example',
      'romeo@montague.example',
    ]);
  });

  story('outlives the sessions', { alice: 1 }, async ({ alice }, server) => {
    await blocks(alice, 'romeo@montague.example');
    await alice.leave();
    const again = await alice.another(server.port);
    expect(await blocklist(again)).toEqual(['romeo@montague.example']);
    again.vanish();
  });
});

stories('XEP-0191 section 3.3: block', (story) => {
  story('names at least one address, and only addresses', { alice: 1 }, async ({ alice }) => {
    fails(await blocking(alice, 'block'), 'bad-request', 'modify');
    fails(await alice.asks(`<iq type='set'><block xmlns='${BLOCKING}'><item/></block></iq>`), 'bad-request');
    fails(await blocking(alice, 'block', 'bob@localhost', '@'), 'jid-malformed');
    expect(await blocklist(alice)).toEqual([]);
  });

  story('addresses are compared in their canonical form, and kept once', { alice: 1 }, async ({ alice }) => {
    await blocks(alice, 'ROMEO@Montague.example', 'romeo@montague.example');
    await blocks(alice, 'Romeo@montague.EXAMPLE');
    expect(await blocklist(alice)).toEqual(['romeo@montague.example']);
  });

  story(
    'is pushed to the sessions that have asked for the list, and to no other',
    { alice: 3, bob: 1 },
    async ({ alice, alice2, alice3, bob }) => {
      await blocklist(alice);
      await blocklist(alice2);
      await blocks(alice, bob.bare);
      const push = `<iq type='set' id='*' from='${alice.bare}'><block xmlns='${BLOCKING}'><item jid='${bob.bare}'/></block></iq>`;
      await alice.receives(push);
      await alice2.receives(push);
      const others = (await alice3.hasReceived()).filter((one) => one.getChildByAttr('xmlns', BLOCKING));
      expect(others).toEqual([]);
    },
  );

  story(
    'a message from a blocked address gets service-unavailable, whatever it is addressed to',
    { alice: 2, bob: 2 },
    async ({ alice, alice2, bob, bob2 }) => {
      await alice.available();
      await blocks(alice, bob.bare);
      for (const sender of [bob, bob2])
        for (const to of [alice.bare, alice.jid, alice2.jid]) await isShutOut(sender, to);
      for (const session of [alice, alice2]) expect(named('message', await session.hasReceived(), session)).toEqual([]);
    },
  );

  story(
    'what is answered is what is answered for an account that does not exist',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await blocks(alice, bob.bare);
      const [toAlice, toNobody] = [await bounced(bob, alice.bare), await bounced(bob, 'nobody@localhost')];
      expect(toAlice.getChild('error')?.toString()).toBe(toNobody.getChild('error')?.toString());
    },
  );

  story('requests from a blocked address get service-unavailable', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await friends(alice, bob);
    await blocks(alice, bob.bare);
    const payloads = [
      "<query xmlns='jabber:iq:last'/>",
      "<vCard xmlns='vcard-temp'/>",
      "<ping xmlns='urn:xmpp:ping'/>",
    ];
    for (const payload of payloads)
      for (const to of [alice.bare, alice.jid])
        fails(await bob.asks(`<iq type='get' to='${to}'>${payload}</iq>`), 'service-unavailable', 'cancel');
    expect(named('iq', await alice.hasReceived(), alice)).toEqual([]);
  });

  story(
    'results, errors and groupchat messages from a blocked address are dropped without an answer',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await alice.available();
      await blocks(alice, bob.bare);
      bob.send(`<iq type='result' id='r' to='${alice.jid}'/>`);
      bob.send(`<iq type='error' id='e' to='${alice.jid}'/>`);
      bob.send(`<message type='error' id='m' to='${alice.jid}'><body>buy</body></message>`);
      bob.send(`<message type='groupchat' id='g' to='${alice.bare}'><body>buy</body></message>`);
      await isShutOut(bob, alice.jid);
      expect(await bob.hasReceived()).toEqual([]);
      expect(named('message', await alice.hasReceived(), alice)).toEqual([]);
    },
  );

  story(
    'presence of a blocked address is dropped: notifications, requests and probes',
    { alice: 1, bob: 1, carol: 1 },
    async ({ alice, bob, carol }) => {
      await friends(alice, bob);
      await carol.available();
      await blocks(alice, bob.bare, carol.bare);
      await bob.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
      await alice.hasReceived();
      bob.send('<presence><show>dnd</show></presence>');
      bob.send(`<presence to='${alice.jid}'/>`);
      carol.send(`<presence type='subscribe' to='${alice.bare}'/>`);
      await isShutOut(bob, alice.jid);
      await isShutOut(carol, alice.jid);
      expect(named('presence', await alice.hasReceived(), alice)).toEqual([]);
      expect(named('presence', await carol.hasReceived(), carol)).toEqual([]);
    },
  );

  story(
    'a blocked contact that comes back learns nothing of us, and we nothing of it',
    { alice: 1, bob: 2 },
    async ({ alice, bob, bob2 }) => {
      await friends(alice, bob);
      await blocks(alice, bob.bare);
      await bob.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
      await alice.hasReceived();
      await bob2.available();
      alice.send('<presence><show>chat</show></presence>');
      await alice.receives(`<presence from='${alice.jid}'><show>chat</show></presence>`);
      await isShutOut(bob2, alice.jid);
      expect(named('presence', await alice.hasReceived(), alice)).toEqual([]);
      const seen = named('presence', await bob2.hasReceived(), bob2).map(({ attrs }) => attrs['from']);
      expect(seen.filter((from) => from.startsWith(alice.bare))).toEqual([]);
    },
  );

  story(
    'subscribers hear that each session is unavailable; others hear nothing',
    { alice: 2, bob: 1, carol: 1 },
    async ({ alice, alice2, bob, carol }) => {
      await friends(alice, bob);
      await alice2.available();
      await carol.available();
      await bob.receives(`<presence from='${alice2.jid}'/>`);
      await blocks(alice, bob.bare, carol.bare);
      await bob.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
      await bob.receives(`<presence type='unavailable' from='${alice2.jid}'/>`);
      await isShutOut(carol, alice.bare);
      expect(named('presence', await carol.hasReceived(), carol)).toEqual([]);
    },
  );

  story(
    'directed presence is withdrawn, too, and not a second time at the end',
    { alice: 1, bob: 1, carol: 1 },
    async ({ alice, bob, carol }) => {
      await bob.available();
      await alice.available();
      alice.send(`<presence to='${bob.bare}'/>`);
      await bob.receives(`<presence from='${alice.jid}'/>`);
      await blocks(alice, bob.bare);
      await bob.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
      await alice.leave();
      await bounced(carol, bob.bare, 'groupchat');
      await bounced(bob, alice.bare);
      expect(named('presence', await bob.hasReceived(carol), bob)).toEqual([]);
    },
  );

  story(
    'what we send to a blocked address comes back as not-acceptable with blocked',
    { alice: 2, bob: 1 },
    async ({ alice, alice2, bob }) => {
      await bob.available();
      await blocks(alice, bob.bare);
      for (const sender of [alice, alice2]) {
        const error = (await bounced(sender, bob.jid)).getChild('error');
        expect(error?.attrs['type']).toBe('cancel');
        expect(error?.getChild('not-acceptable', 'urn:ietf:params:xml:ns:xmpp-stanzas')).toBeDefined();
        expect(error?.getChild('blocked', 'urn:xmpp:blocking:errors')).toBeDefined();
      }
      const asked = await alice.asks(`<iq type='get' to='${bob.jid}'><ping xmlns='urn:xmpp:ping'/></iq>`);
      fails(asked, 'not-acceptable', 'cancel');
      alice.send(`<presence to='${bob.jid}' id='p'/>`);
      await alice.receives(
        "<presence type='error' id='p'><error><blocked xmlns='urn:xmpp:blocking:errors'/></error></presence>",
      );
      alice.send(`<presence type='subscribe' to='${bob.bare}' id='s'/>`);
      await alice.receives("<presence type='error' id='s'/>");
      expect(named('presence', await bob.hasReceived(), bob)).toEqual([]);
    },
  );

  story('neither keeps one from oneself nor from the own server', { alice: 2 }, async ({ alice, alice2 }) => {
    await blocks(alice, alice.bare, 'localhost');
    await reaches(alice, alice2);
    succeeds(await alice.asks("<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"));
    succeeds(await alice.asks(`<iq type='get' to='${alice.bare}'><query xmlns='jabber:iq:roster'/></iq>`));
  });

  story(
    'a blocked sender leaves no message behind while we are away',
    { alice: 1, bob: 1, carol: 1 },
    async ({ alice, bob, carol }, server) => {
      await blocks(alice, bob.bare);
      await alice.leave();
      await isShutOut(bob, alice.bare);
      carol.send(`<message to='${alice.bare}' type='chat'><body>from carol</body></message>`);
      await bounced(carol, alice.bare, 'groupchat');
      await isShutOut(bob, alice.bare);
      fails(
        await bob.asks(`<iq type='get' to='${alice.bare}'><vCard xmlns='vcard-temp'/></iq>`),
        'service-unavailable',
      );
      const back = await alice.another(server.port);
      await back.available();
      await back.receives(`<message from='${carol.jid}'><body>from carol</body></message>`);
      expect(named('message', await back.hasReceived(), back)).toEqual([]);
      back.vanish();
    },
  );

  story(
    'a request for a subscription by somebody blocked is forgotten while we are away',
    { alice: 1, bob: 1, carol: 1 },
    async ({ alice, bob, carol }, server) => {
      await blocks(alice, bob.bare);
      await alice.leave();
      bob.send(`<presence type='subscribe' to='${alice.bare}'/>`);
      carol.send(`<presence type='subscribe' to='${alice.bare}'/>`);
      await isShutOut(bob, alice.bare);
      await bounced(carol, alice.bare, 'groupchat');
      const back = await alice.another(server.port);
      await back.available();
      await back.receives(`<presence type='subscribe' from='${carol.bare}'/>`);
      expect(named('presence', await back.hasReceived(), back)).toEqual([]);
      back.vanish();
    },
  );
});
