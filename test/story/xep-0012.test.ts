/** XEP-0012: when somebody was last there. */
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { stored } from '../support/story/fence.js';
import { befriend, stories } from '../support/story/story.js';

function ask(actor: Actor, to: string): Promise<Element> {
  return actor.asks(`<iq type='get' to='${to}'><query xmlns='jabber:iq:last'/></iq>`);
}

stories('XEP-0012', (story) => {
  story(
    'section 3: of one who is away, a subscriber learns since when, and its last words',
    { alice: 1, bob: 2 },
    async ({ alice, bob, bob2 }) => {
      await alice.available();
      await bob.available();
      await befriend(alice, bob);
      bob.send("<presence type='unavailable'><status>gone &amp; fishing</status></presence>");
      await alice.receives(`<presence type='unavailable' from='${bob.jid}'/>`);
      await stored(bob2);
      for (const asker of [alice, bob2]) {
        const query = (await ask(asker, bob.bare)).getChild('query', 'jabber:iq:last');
        expect(Number(query?.attrs['seconds'])).toBeLessThan(30);
        expect(query?.getText()).toBe('gone & fishing');
      }
    },
  );

  story('section 3: of one who is there, nothing has passed', { alice: 2 }, async ({ alice, alice2 }) => {
    await alice.available();
    await alice2.available();
    alice2.send("<presence type='unavailable'/>");
    await alice.receives(`<presence type='unavailable' from='${alice2.jid}'/>`);
    const query = (await ask(alice, alice.bare)).getChild('query');
    expect(query?.attrs['seconds']).toBe('0');
    expect(query?.getText()).toBe('');
  });

  story(
    'section 3: who may not see presence may not learn this; nor who exists',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await bob.available();
      for (const account of [bob.bare, 'nobody@localhost']) {
        const answer = await ask(alice, account);
        expect(answer.getChildElements()).toHaveLength(1);
        expect(answer.getChild('error')?.attrs['type']).toBe('auth');
        expect(answer.getChild('error')?.getChild('forbidden')).toBeDefined();
      }
    },
  );

  story(
    'section 3: being subscribed to is not enough: the other way counts',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await alice.available();
      await bob.available();
      alice.send(`<presence type='subscribe' to='${bob.bare}'/>`);
      await bob.receives("<presence type='subscribe'/>");
      bob.send(`<presence type='subscribed' to='${alice.bare}'/>`);
      await alice.receives("<presence type='subscribed'/>");
      expect((await ask(alice, bob.bare)).attrs['type']).toBe('result');
      expect((await ask(bob, alice.bare)).getChild('error')?.getChild('forbidden')).toBeDefined();
    },
  );

  story('section 4: of the server, how long it has been running', { alice: 1 }, async ({ alice }) => {
    const seconds = (await ask(alice, 'localhost')).getChild('query')?.attrs['seconds'];
    expect(seconds).toMatch(/^\d+$/);
    expect(Number(seconds)).toBeLessThan(3_600);
  });

  story('section 4: a session is asked itself, by a subscriber', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await alice.available();
    await bob.available();
    await befriend(alice, bob);
    alice.send(`<iq type='get' id='l' to='${bob.jid}'><query xmlns='jabber:iq:last'/></iq>`);
    await bob.receives(`<iq type='get' id='l' from='${alice.jid}'><query xmlns='jabber:iq:last'/></iq>`);
  });

  story(
    'section 4: by nobody else, and there is no telling whether it is there',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.available();
      const away = `${bob.bare}/${bob.resource}-not`;
      for (const address of [bob.jid, away, 'nobody@localhost/x']) {
        const answer = await ask(alice, address);
        expect(answer.getChild('error')?.getChild('forbidden'), address).toBeDefined();
        expect(answer.getChildElements()).toHaveLength(1);
      }
      expect((await bob.hasReceived(alice)).filter((element) => element.is('iq'))).toEqual([]);
      await bob.leave();
      expect((await ask(alice, bob.jid)).getChild('error')?.getChild('forbidden')).toBeDefined();

      // Its own sessions may ask, and learn that it has gone.
      const back = await bob.another(port);
      const gone = await ask(back, bob.jid);
      expect(gone.getChild('error')?.getChild('service-unavailable')).toBeDefined();
      back.vanish();
    },
  );

  story(
    'a subscriber of one who is away hears that the session is not there',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await alice.available();
      await bob.available();
      await befriend(alice, bob);
      await bob.leave();
      await alice.receives(`<presence type='unavailable' from='${bob.jid}'/>`);
      expect((await ask(alice, bob.jid)).getChild('error')?.getChild('service-unavailable')).toBeDefined();
    },
  );

  story('a last word is kept as far as it is one', { alice: 2 }, async ({ alice, alice2 }) => {
    await alice.available();
    alice.send(`<presence type='unavailable'><status>${'x'.repeat(20_000)}</status></presence>`);
    await stored(alice);
    expect((await ask(alice2, alice.bare)).getChild('query')?.getText()).toHaveLength(1023);
  });
});
